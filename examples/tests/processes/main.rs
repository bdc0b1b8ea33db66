//! Real server processes: how they start, are called, end well, and end badly.
//!
//! Nothing here sleeps. What has to be true before the next step is waited for: the line by which a server tells that it
//! listens, a pong (the server has read what was sent before), waitpid(2) (the process has stopped, or is gone).
#![cfg(unix)]
mod demonstrations;
mod ends;
mod follows;
mod starts;
mod uploads;

use examples::ServerProcess;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

/// What takes longer than this hangs. The machine may be busy, and a server may take ten seconds to end.
const TIME_MAX: Duration = Duration::from_secs(20);

const KV: &str = env!("CARGO_BIN_EXE_kv");
const SUCCESSOR: &str = env!("CARGO_BIN_EXE_successor");

/// A private directory with room for one socket.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    fn address(&self) -> String {
        self.socket().to_str().unwrap().to_owned()
    }

    /// The names of all files, so that a test sees what is left behind.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn start(program: &str, socket: &Path) -> ServerProcess {
    ServerProcess::start(Command::new(program).arg("serve").arg(socket)).unwrap()
}

/// Stops a server; one that does not end is killed, and the test fails.
fn stop(server: ServerProcess) -> std::io::Result<()> {
    let pid = pid_of(&server);
    let (send, recv) = mpsc::channel();
    std::thread::spawn(move || send.send(server.stop()));
    recv.recv_timeout(TIME_MAX).unwrap_or_else(|_| {
        let _ = kill_process(pid, Signal::KILL);
        panic!("the server does not end");
    })
}

/// Stops every thread of a server where it is.
fn freeze(server: &ServerProcess) {
    server.signal(Signal::STOP).unwrap();
    // Until then one of its threads may still answer.
    let (_, status) = waitpid(Some(pid_of(server)), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped(), "{status:?}");
}

fn pid_of(server: &ServerProcess) -> Pid {
    Pid::from_raw(server.id() as i32).unwrap()
}
