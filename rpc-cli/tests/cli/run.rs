//! The program, in a directory of its own with a server at `./s`, and what came of it.
use crate::zoo::{self, Keeper, ZooClient};
use rpc_core::{Limits, Listening};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

/// How a run of the program ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Seen {
    #[track_caller]
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It printed this, and nothing else.
    #[track_caller]
    pub(crate) fn answers(&self, out: &str) {
        assert_eq!((self.code, &*self.out, &*self.err), (0, out, ""));
    }

    /// It printed no result.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, err: &str) {
        assert_eq!((self.code, &*self.out, &*self.err), (code, "", err));
    }
}

/// The program, wherever it is, without what has a say in colours where the tests run.
pub(crate) fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"].into_iter().for_each(|name| _ = command.env_remove(name));
    command
}

/// What the program does with this on stdin.
pub(crate) fn reading(mut command: Command, input: &[u8]) -> Seen {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that ends without reading it all closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    Seen::of(child.wait_with_output().unwrap())
}

/// The program with a pipe at each side, while it runs.
pub(crate) struct Talk {
    pub(crate) child: Child,
    stdin: Option<ChildStdin>,
    heard: Receiver<String>,
}

impl Talk {
    pub(crate) fn with(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (lines, heard) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().try_for_each(|line| lines.send(line.unwrap())));
        Self { stdin: child.stdin.take(), child, heard }
    }

    /// Writes a line to its stdin, which stays open.
    pub(crate) fn say(&mut self, line: &str) {
        self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line of its stdout, which is waited for; so long that only a test that fails notices.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> String {
        self.heard.recv_timeout(Duration::from_secs(20)).expect("a line")
    }

    /// Closes its stdin.
    pub(crate) fn finish(&mut self) {
        self.stdin = None;
    }

    /// What it printed since the last line that was heard, and how it ends. Its stdin stays as it is until then.
    pub(crate) fn end(self) -> Seen {
        let Self { child, stdin, heard } = self;
        let (ended, waits) = mpsc::channel::<()>();
        let pid = Pid::from_child(&child);
        let watch = thread::spawn(move || {
            // Only a test that fails gets here: the program waits for something that it should not.
            if waits.recv_timeout(Duration::from_secs(20)) == Err(RecvTimeoutError::Timeout) {
                kill_process(pid, Signal::KILL).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop((ended, stdin));
        watch.join().unwrap();
        let rest = heard.iter().map(|line| line + "\n").collect();
        Seen { out: rest, ..Seen::of(output) }
    }
}

/// A working directory.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_rpc-cli"));
        command.args(args).current_dir(&self.directory).env_remove("RPC_ADDR").stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        Seen::of(self.command(args).output().unwrap())
    }
}

/// A server at `./s` of a working directory.
pub(crate) struct Served {
    pub(crate) place: Place,
    pub(crate) keeper: Keeper,
    pub(crate) server: Listening,
}

impl Served {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let (place, keeper) = (Place::new(), Keeper::default());
        let server = zoo::server(&keeper).limits(limits).listen(place.path("s").to_str().unwrap()).unwrap();
        Self { place, keeper, server }
    }

    /// A client of this process.
    pub(crate) fn client(&self) -> ZooClient {
        zoo::Zoo::connect(self.place.path("s").to_str().unwrap()).unwrap()
    }

    pub(crate) fn describe(&self, items: &[&str]) -> Seen {
        self.place.run(&[&["describe", "./s"], items].concat())
    }

    pub(crate) fn call(&self, args: &[&str]) -> Seen {
        self.place.run(&[&["call", "./s"], args].concat())
    }

    /// With this on stdin.
    pub(crate) fn call_reading(&self, args: &[&str], input: &[u8]) -> Seen {
        reading(self.place.command(&[&["call", "./s"], args].concat()), input)
    }
}
