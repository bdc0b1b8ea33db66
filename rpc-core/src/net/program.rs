//! A program that is started to be talked to: `exec:kv serve fd:0`. Its stdin is one end of a pair of connected sockets.
//!
//! ```text
//! start ── spawns ── a thread of ours sleeps until it has ended, and reaps it at once: never a zombie
//! drop  ── our end is closed, so it reads the end ── some time for it to end by itself ── SIGKILL
//! ```
//! Its stderr is ours, and its stdout goes there, too: what a program prints must not get between our own results.

use super::{AddressProblem, ConnectProblem, Stream};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::{
    fmt, io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long a program may take to end after its connection has: what it has to tidy up is none of its caller's calls.
const END_TIME_MAX: Duration = Duration::from_secs(2);

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    name: String,
    arguments: Vec<String>,
}

impl Program {
    /// What stands behind `exec:`: words as a shell divides them, with its quotes and backslashes and nothing else of it.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressProblem> {
        let words = shell_words::split(text).map_err(|_| AddressProblem::CommandQuote)?;
        let mut words = words.into_iter();
        let name = words.next().filter(|name| !name.is_empty()).ok_or(AddressProblem::CommandEmpty)?;
        Ok(Self { name, arguments: words.collect() })
    }

    /// Starts it, and gives the connection to it.
    pub(crate) fn start(&self) -> Result<Stream, ConnectProblem> {
        let problem = |error: io::Error| ConnectProblem::Command(error.into());
        let (ours, theirs) = UnixStream::pair().map_err(problem)?;
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).stdin(OwnedFd::from(theirs)).stdout(Stdio::from(io::stderr()));
        let child = command.spawn().map_err(problem)?;
        let running = Running::watch(child).map_err(problem)?;
        Ok(Stream::new(ours.into(), true, Some(running)))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = std::iter::once(&self.name).chain(&self.arguments);
        write!(f, "exec:{}", shell_words::join(words))
    }
}

/// A program that runs, or has been reaped. Dropping it waits for its end, and forces that after [`END_TIME_MAX`].
#[derive(Debug)]
pub(crate) struct Running(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    /// `None` once it has been reaped. Only while it is here may it be killed: its number could be another's afterwards.
    child: Mutex<Option<Child>>,
    reaped: Condvar,
}

impl Running {
    fn watch(child: Child) -> io::Result<Self> {
        let pid = Pid::from_child(&child);
        let watched = Arc::new(Watched { child: Mutex::new(Some(child)), reaped: Condvar::new() });
        // Made first: if there is no thread to be had, dropping it ends the program.
        let running = Self(watched.clone());
        thread::Builder::new().name("rpc-program".to_owned()).spawn(move || {
            // It is left a zombie here, so that its number stays its own until the lock is held.
            let until = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), until));
            watched.reap();
        })?;
        Ok(running)
    }
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reap(&self) {
        let mut child = self.lock();
        child.take().into_iter().for_each(|mut child| drop(child.wait()));
        self.reaped.notify_all();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let child = self.0.lock();
        let waited = self.0.reaped.wait_timeout_while(child, END_TIME_MAX, |child| child.is_some());
        let (mut child, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(mut child) = child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
