//! What the parts do together, on real sockets. One file per part; every trap that is written down has its test.

mod connect;
mod directory;
mod handover;
mod listen;
mod passed;
mod path_war;
mod path_war_of_processes;
mod process;
mod stream;

use super::{Address, ListenError, ListenOptions, ListenProblem, Listener, Stream};
use std::{
    os::fd::{IntoRawFd, OwnedFd},
    path::Path,
    sync::atomic::{AtomicI32, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longer than anything here takes: whoever waits so long has failed.
const SOON: Duration = Duration::from_secs(20);

fn soon() -> Instant {
    Instant::now() + SOON
}

/// A directory with a short path, as sockets need.
fn directory() -> TempDir {
    tempfile::Builder::new().prefix("n").tempdir_in("/tmp").unwrap()
}

fn at(path: impl AsRef<Path>) -> Address {
    Address::file(path).unwrap()
}

fn listen(address: &Address) -> Result<Listener, ListenError> {
    Listener::bind(address, &ListenOptions::default())
}

fn problem(result: Result<Listener, ListenError>) -> ListenProblem {
    result.unwrap_err().problem
}

/// The address of a descriptor as one that came through exec: under a number that no other test uses, and open without the
/// close-on-exec flag.
fn passed_down(descriptor: impl Into<OwnedFd>) -> Address {
    static NEXT: AtomicI32 = AtomicI32::new(300);

    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let passed = rustix::io::fcntl_dupfd_cloexec(descriptor.into(), next).unwrap();
    rustix::io::fcntl_setfd(&passed, rustix::io::FdFlags::empty()).unwrap();
    format!("fd:{}", passed.into_raw_fd()).parse().unwrap()
}

/// The connection that is on its way to a listener.
fn accept(listener: &Listener) -> Stream {
    let asked = rustix::event::PollFlags::IN;
    rustix::event::poll(&mut [rustix::event::PollFd::new(&*listener.socket(), asked)], None).unwrap();
    listener.accept().unwrap().expect("poll says that a connection waits")
}

/// Repeats until it is so. A process that another test is just starting holds copies of our descriptors until its `exec`,
/// and so keeps a socket alive for a moment after we closed it.
fn until(mut it_is_so: impl FnMut() -> bool) {
    let end = soon();
    while !it_is_so() {
        assert!(Instant::now() < end, "it never came to be so");
        std::thread::yield_now();
    }
}

/// Bytes go both ways.
fn assert_connected(left: &Stream, right: &Stream) {
    for (from, to) in [(left, right), (right, left)] {
        assert_eq!(from.send(b"hello").unwrap(), 5);
        assert_eq!(stream::read(to), b"hello");
    }
}
