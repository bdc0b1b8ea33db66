//! Servers that are replaced while they are called.
use super::{KV, Place, TIME_MAX};
use examples::relay::Runner;
use rpc_core::fixture::Process;
use rpc_core::{Client, Connection, Reconnect, Sockets};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const RELAY: &str = env!("CARGO_BIN_EXE_relay");

/// Some seconds.
const RESTARTS: usize = 500;
const CALLERS: usize = 4;

/// A process that need not be a child of ours. Dropping it kills it, if it still runs: no generation outlives its test.
struct Generation {
    pid: u32,
    process: OwnedFd,
}

impl Generation {
    /// The one that answers.
    fn at(address: &str) -> Self {
        let pid = Runner::connect(address).unwrap().process().unwrap();
        let process = pidfd_open(Pid::from_raw(pid as i32).unwrap(), PidfdFlags::empty()).unwrap();
        Self { pid, process }
    }

    fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.process, signal).unwrap();
    }

    /// A pidfd is readable when its process has ended, pidfd_open(2).
    fn wait(&self) {
        let limit = Timespec::try_from(TIME_MAX).unwrap();
        let ended = poll(&mut [PollFd::new(&self.process, PollFlags::IN)], Some(&limit)).unwrap();
        assert_eq!(ended, 1, "process {} does not end", self.pid);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }
}

/// A server, and where it listens.
fn serve(command: &mut Command) -> (Process, String) {
    let server = Process::start(command).unwrap();
    let address = server.wait_for("listening on ").unwrap();
    (server, address)
}

fn reconnecting(address: &str) -> Reconnect {
    let address = address.to_owned();
    Reconnect::new(move || Connection::connect(&address))
}

/// Callers, and what has come of their calls.
#[derive(Default)]
struct Load {
    done: AtomicBool,
    calls: AtomicU64,
    /// The process that answered last.
    answered: AtomicU32,
}

impl Load {
    /// Calls until it is told to stop.
    fn call(&self, address: &str) {
        // However this ends, the others end, too.
        let _done = Done(self);
        let runner = Runner::client(reconnecting(address)).retry(8);
        while !self.done.load(Relaxed) {
            let process = runner.process().unwrap_or_else(|error| panic!("a call failed: {error}"));
            self.answered.store(process, Relaxed);
            self.calls.fetch_add(1, Relaxed);
        }
    }

    /// Waits until a process has answered one of the calls.
    fn reaches(&self, pid: u32) {
        let start = Instant::now();
        while self.answered.load(Relaxed) != pid {
            assert!(!self.done.load(Relaxed), "a caller has ended");
            assert!(start.elapsed() < TIME_MAX, "process {pid} is not called");
            thread::yield_now();
        }
    }
}

struct Done<'a>(&'a Load);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done.store(true, Relaxed);
    }
}

/// RELIABILITY: restarts under load without one failed call.
fn replace(place: &Place, address: &str) {
    let (_first, address) = serve(Command::new(RELAY).arg("serve").arg(address));
    let address = address.as_str();
    let mut runs = Generation::at(address);
    let load = Load::default();
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    thread::scope(|scope| {
        let _done = Done(&load);
        (0..CALLERS).for_each(|_| drop(scope.spawn(|| load.call(address))));
        for _ in 0..RESTARTS {
            load.reaches(runs.pid);
            let start = Instant::now();
            runs.signal(Signal::HUP);
            runs.wait();
            longest = longest.max(start.elapsed());
            let next = Generation::at(address);
            assert_ne!(next.pid, runs.pid);
            runs = next;
        }
        load.reaches(runs.pid);
    });
    let (calls, took) = (load.calls.into_inner(), start.elapsed());
    eprintln!("{RESTARTS} restarts at {address} in {took:?}, {calls} calls, none failed; the longest took {longest:?}");
    runs.signal(Signal::TERM);
    runs.wait();
    assert_eq!(place.files(), [""; 0], "the last one removes the socket and its lock");
}

#[test]
fn no_call_fails_while_the_server_replaces_itself() {
    let place = Place::new();
    replace(&place, &place.address());
}

#[test]
fn no_call_fails_over_tcp_either() {
    replace(&Place::new(), "tcp:127.0.0.1:0");
}

#[test]
fn a_successor_that_does_not_start_changes_nothing() {
    let place = Place::new();
    // A copy that is gone by then: nobody can start it again.
    let program = place.socket().with_file_name("relay");
    assert!(Command::new("cp").arg(RELAY).arg(&program).status().unwrap().success());
    let (server, _) = serve(Command::new(&program).arg("serve").arg(place.socket()));
    std::fs::remove_file(&program).unwrap();
    server.signal(Signal::HUP.as_raw()).unwrap();
    let why = server.wait_for("relay: no successor, so this one stays: ").unwrap();
    assert!(why.starts_with("No such file"), "{why}");
    assert_eq!(Runner::connect(&place.address()).unwrap().process().unwrap(), server.id());
    server.stop().unwrap();
    assert_eq!(place.files(), [""; 0]);
}

/// The other way: the socket is a supervisor's, and its servers come and go.
#[test]
fn a_supervisors_socket_outlives_its_servers() {
    let place = Place::new();
    let sockets = Sockets::listen(&place.address()).unwrap();
    let start = || {
        let mut command = Command::new(RELAY);
        let address = sockets.pass_to(&mut command).unwrap()[0].to_string();
        serve(command.arg("serve").arg(address))
    };
    let runner = Runner::client(reconnecting(&place.address())).retry(8);
    for _ in 0..5 {
        let (server, address) = start();
        assert_eq!(address, place.address());
        assert_eq!(runner.process().unwrap(), server.id());
        server.stop().unwrap();
        assert!(place.socket().exists(), "it is the supervisor's to remove");
    }
    // With no server at all a call waits for the next one.
    thread::scope(|scope| {
        let call = scope.spawn(|| runner.process().unwrap());
        let (server, _) = start();
        assert_eq!(call.join().unwrap(), server.id());
        // Killed, it leaves the socket as well.
        drop(server);
    });
    drop(sockets);
    assert_eq!(place.files(), [""; 0]);
}

/// Nobody removes the file of a server that is killed in the middle of a restart, and its successor looks after it.
#[test]
fn the_file_of_a_killed_server_is_its_successors() {
    let place = Place::new();
    let sockets = Sockets::listen(&place.address()).unwrap();
    let mut command = Command::new(RELAY);
    let address = sockets.pass_to(&mut command).unwrap()[0].to_string();
    let (server, _) = serve(command.arg("serve").arg(address));
    drop(command);
    // As by a kill: the lock is free, and nothing is removed.
    sockets.leave();
    let refused = Command::new(KV).arg("serve").arg(place.socket()).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("already running"), "{refused:?}");
    assert_eq!(Runner::connect(&place.address()).unwrap().process().unwrap(), server.id());
    server.stop().unwrap();
    assert_eq!(place.files(), [""; 0]);
}
