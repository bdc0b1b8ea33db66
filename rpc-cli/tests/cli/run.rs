//! The program, in a directory of its own with a server at `./s`, and what came of it.
use crate::zoo::{self, Keeper, ZooClient};
use rpc_core::{Limits, Listening};
use std::{
    ffi::OsStr,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
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
        let mut command = self.place.command(&[&["call", "./s"], args].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that ends without reading it all closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        Seen::of(child.wait_with_output().unwrap())
    }
}
