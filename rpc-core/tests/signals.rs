//! The time between "it listens" and "it waits for signals". Alone in its program: a signal is sent to all of it.
#![cfg(unix)]
mod common;
use common::*;
use rpc_core::{Error, Server};
use rustix::process::{Resource, Signal, getpid, getrlimit, kill_process, setrlimit};
use std::fs::File;
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// Signals and descriptors are the whole process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The first two servers of a process, at the same moment: what they share is made only once.
#[test]
fn a_signal_before_run_stops_every_server_cleanly() {
    let _alone = ALONE.lock();
    let directory = tempfile::tempdir().unwrap();
    let together = Barrier::new(2);
    let listen = |name: &str| {
        let socket = directory.path().join(name);
        let server = Server::new(Probe::serve(Handler::default())).listen(socket.to_str().unwrap()).unwrap();
        together.wait();
        server.catch_signals().unwrap()
    };
    let servers =
        thread::scope(|scope| ["a", "b"].map(|name| scope.spawn(|| listen(name))).map(|thread| thread.join().unwrap()));
    // If a server had not caught it, this would end the whole program.
    kill_process(getpid(), Signal::TERM).unwrap();
    for server in servers {
        assert_eq!(server.run().unwrap().cut, 0);
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "no socket is left");
}

/// Signals that cannot be caught are an error, and later ones can be.
#[test]
fn without_descriptors() {
    let _alone = ALONE.lock();
    let directory = tempfile::tempdir().unwrap();
    let listen = |name: &str| {
        let socket = directory.path().join(name);
        Server::new(Probe::serve(Handler::default())).listen(socket.to_str().unwrap()).unwrap()
    };
    let server = listen("a");
    let (done, caught) = mpsc::channel();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: Some(100), ..limit }).unwrap();
    let all: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    thread::spawn(move || done.send(server.catch_signals().map(drop)));
    let caught = caught.recv_timeout(Duration::from_secs(5));
    drop(all);
    setrlimit(Resource::Nofile, limit).unwrap();
    assert!(matches!(caught.expect("it ends"), Err(Error::System { .. })));
    drop(listen("b").catch_signals().unwrap());
}
