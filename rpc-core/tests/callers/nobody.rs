//! Another user: this test program again, run as user 65534. Only root can do that; others skip, and say so.
use rpc_core::{Connect, Context, Server, Service};
use std::env;
use std::io::{BufRead, BufReader, Lines, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

pub(crate) const NOBODY: u32 = 65534;

/// Tells the process what to do, and that it is one.
const ADDRESS: &str = "RPC_TEST_ADDRESS";

/// What a process has to say stands behind this.
const SAYS: &str = "nobody says: ";

/// Who calls.
#[derive(Service)]
pub(crate) enum Who {
    /// The caller's user.
    #[rpc(returns = Option<u32>)]
    Calls,
    /// The caller's process.
    #[rpc(returns = Option<u32>)]
    Process,
}

pub(crate) struct Told;

impl WhoHandler for Told {
    fn calls(&self, cx: &Context) -> Option<u32> {
        cx.peer().uid
    }
    fn process(&self, cx: &Context) -> Option<u32> {
        cx.peer().pid
    }
}

/// A directory that everybody can use, with a copy of this program in it.
pub(crate) struct Stage(TempDir);

impl Stage {
    /// None for all but root.
    pub(crate) fn new() -> Option<Self> {
        if !is_root() {
            eprintln!("SKIPPED: only root can be two users");
            return None;
        }
        let directory = tempfile::Builder::new().prefix("w").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o1777)).unwrap();
        // By another process: while this one writes a program, a child that another test forks would hold it open, and what
        // is open for writing cannot be run.
        let copied = Command::new("cp").arg(env::current_exe().unwrap()).arg(directory.path().join("program")).status();
        assert!(copied.unwrap().success());
        Some(Self(directory))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("s")
    }

    pub(crate) fn address(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    /// What the other user says of one of the ignored tests below.
    pub(crate) fn nobody(&self, test: &str, address: &str) -> String {
        let output = self.command(test, address).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        said(told.lines()).unwrap_or_else(|| panic!("it says nothing: {told}"))
    }

    /// The other user's server.
    pub(crate) fn server(&self, address: &str) -> Running {
        self.start("serves", address)
    }

    /// The other user's socket, where one connection is taken, and nothing said.
    pub(crate) fn squatter(&self, address: &str) -> Running {
        self.start("squats", address)
    }

    fn start(&self, test: &str, address: &str) -> Running {
        Running::start(self.command(test, address))
    }

    fn command(&self, test: &str, address: &str) -> Command {
        let mut command = Command::new(self.0.path().join("program"));
        command.args(["--exact", &format!("nobody::{test}"), "--ignored", "--nocapture"]).env(ADDRESS, address);
        command.uid(NOBODY).gid(NOBODY).current_dir(self.0.path());
        command
    }
}

fn said(mut lines: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    lines.find_map(|line| line.as_ref().split_once(SAYS).map(|(_, said)| said.to_owned()))
}

fn is_root() -> bool {
    let own = tempfile::tempfile().unwrap();
    std::os::unix::fs::MetadataExt::uid(&own.metadata().unwrap()) == 0
}

/// A process that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Self { child, lines };
        assert_eq!(running.says(), "ready");
        running
    }

    /// A server of this user, in a PID namespace of its own. None where the system lets this user have none.
    #[cfg(target_os = "linux")]
    pub(crate) fn apart(address: &str) -> Option<Self> {
        let works = |way: &&str| Command::new("sh").args(["-c", &format!("{way} true")]).status().unwrap().success();
        // Root's way, and that of anybody who may make a user namespace.
        let ways = ["unshare --pid --fork", "unshare --user --map-root-user --pid --fork"];
        let way = ways.into_iter().find(works)?;
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec {way} \"$0\" --exact nobody::serves_its_own --ignored --nocapture")]);
        shell.arg(env::current_exe().unwrap()).env(ADDRESS, address);
        Some(Self::start(shell))
    }

    /// What it says next.
    pub(crate) fn says(&mut self) -> String {
        said(self.lines.by_ref().map_while(Result::ok)).expect("it says something")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn address() -> Option<String> {
    env::var(ADDRESS).ok()
}

#[test]
#[ignore = "the other user's part of the tests in `users`"]
fn calls() {
    let Some(address) = address() else { return };
    let came =
        Connect::new(address).service(Who::INFO).connect().and_then(|connection| Who::client(connection).calls());
    println!("{SAYS}{came:?}");
}

/// It sends nothing at all: what it is told was decided before anything could be decoded.
#[test]
#[ignore = "the other user's part of the tests in `users`"]
fn only_listens() {
    let Some(address) = address() else { return };
    let mut told = Vec::new();
    UnixStream::connect(Path::new(&address)).unwrap().read_to_end(&mut told).unwrap();
    println!("{SAYS}{:?}", crate::common::raw::frames(&told));
}

#[test]
#[ignore = "the other user's part of the tests in `users`"]
fn serves() {
    let Some(address) = address() else { return };
    let _server = Server::new(Who::serve(Told)).allow_anyone().listen(&address).unwrap();
    println!("{SAYS}ready");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
#[ignore = "the other process of the tests in `users`"]
fn serves_its_own() {
    let Some(address) = address() else { return };
    let _server = Server::new(Who::serve(Told)).listen(&address).unwrap();
    println!("{SAYS}ready");
    let _ = std::io::stdin().read(&mut [0]);
}

/// Listens as a squatter does, takes what comes, and says how much that was.
#[test]
#[ignore = "the other user's part of the tests in `users`"]
fn squats() {
    let Some(address) = address() else { return };
    let listener = std::os::unix::net::UnixListener::bind(&address).unwrap();
    std::fs::set_permissions(&address, PermissionsExt::from_mode(0o666)).unwrap();
    println!("{SAYS}ready");
    let mut came = Vec::new();
    listener.accept().unwrap().0.read_to_end(&mut came).unwrap();
    println!("{SAYS}{} bytes came", came.len());
}
