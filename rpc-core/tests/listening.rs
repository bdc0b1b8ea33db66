//! A server that is left running: what it does about its socket file, its backlog, and a connection that it was passed.
#![cfg(unix)]
mod common;
use common::{Handler, Probe, Way};
use rpc_core::{Connect, Connection, Error, Limits, ListenProblem, Listening, Outcome, Server};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use std::fs;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn server(way: Way) -> Server {
    let server = Server::new(Probe::serve(Handler::default()));
    if way == Way::Threads { server.thread_per_connection() } else { server }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a server in a thread, and tells how it ended.
fn run(server: Listening) -> mpsc::Receiver<Result<usize, Error>> {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(server.run().map(|drained| drained.cut)));
    end
}

fn files(directory: &tempfile::TempDir) -> usize {
    fs::read_dir(directory.path()).unwrap().count()
}

#[test]
fn the_mode_is_what_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    for mode in [0o660, 0o600, 0o666] {
        let _server = server(Way::Set).mode(mode).listen(text(&path)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn stopping_may_keep_the_sockets_and_whoever_comes_waits_there() {
    for (backlog, room) in [(0, 1), (2, 3)] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listening = server(Way::Set).backlog(backlog).listen(text(&path)).unwrap();
        let (_, sockets) = listening.stop_keeping_sockets();
        assert_eq!(sockets.addresses()[0].to_string(), text(&path));
        // Nobody accepts any more, so as many wait as the backlog allows: one more than its number, listen(2).
        let waiting: Vec<_> = (0..room).map(|_| UnixStream::connect(&path).unwrap()).collect();
        let error = Connect::new(text(&path)).timeout(Duration::from_millis(50)).connect().unwrap_err();
        assert!(error.to_string().contains("in time"), "{error}");
        let error = server(Way::Set).listen(text(&path)).unwrap_err();
        assert!(matches!(&error, Error::Listen(error) if error.problem == ListenProblem::AlreadyRunning), "{error}");
        drop((waiting, sockets));
        assert_eq!(files(&directory), 0);
    }
}

/// As a tidy-up of /tmp does it.
#[test]
fn a_deleted_socket_file_comes_back() {
    for way in [Way::Set, Way::Threads] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listening = server(way).listen(text(&path)).unwrap();
        let stopper = listening.stopper();
        let end = run(listening);
        let early = Probe::connect(text(&path)).unwrap();
        fs::remove_file(&path).unwrap();
        let late = Connect::new(text(&path)).wait().timeout(PATIENCE).connect().unwrap();
        assert_eq!(Probe::client(late).add(1).unwrap(), 2);
        assert_eq!(early.add(2).unwrap(), 3, "who was connected notices nothing");
        stopper.stop();
        assert_eq!(end.recv_timeout(PATIENCE).unwrap().unwrap(), 0);
        assert_eq!(files(&directory), 0, "the new file is removed as well");
    }
}

#[test]
fn a_server_whose_file_was_replaced_ends_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let end = run(server(Way::Set).listen(text(&path)).unwrap());
    let connection = Connection::connect(text(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    let error = end.recv_timeout(PATIENCE).unwrap().unwrap_err();
    assert!(error.to_string().contains("has been replaced by something else"), "{error}");
    assert!(path.exists(), "what is there now is another's");
    // It was a stop like any other.
    let error = Probe::client(connection).add(1).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused, "{error:?}");
}

/// The address of a descriptor that looks as if it came through exec, under a number that no other test uses.
fn passed_down(descriptor: impl Into<OwnedFd>) -> String {
    static NEXT: AtomicI32 = AtomicI32::new(300);
    let passed = fcntl_dupfd_cloexec(descriptor.into(), NEXT.fetch_add(1, Ordering::Relaxed)).unwrap();
    fcntl_setfd(&passed, FdFlags::empty()).unwrap();
    format!("fd:{}", passed.into_raw_fd())
}

#[test]
fn a_server_of_one_connection_ends_with_it() {
    for way in [Way::Set, Way::Threads] {
        let (theirs, ours) = UnixStream::pair().unwrap();
        let listening = server(way).listen(&passed_down(theirs)).unwrap();
        assert!(listening.addresses()[0].to_string().starts_with("fd:"));
        let end = run(listening);
        let probe = Probe::connect(&passed_down(ours)).unwrap();
        assert_eq!(probe.add(1).unwrap(), 2);
        drop(probe);
        assert_eq!(end.recv_timeout(PATIENCE).unwrap().unwrap(), 0);
    }
}

/// Before `run`, and even before the peer has said hello.
#[test]
fn a_connection_that_is_over_before_it_began_is_a_good_end() {
    for way in [Way::Set, Way::Threads] {
        let (theirs, ours) = UnixStream::pair().unwrap();
        let theirs = passed_down(theirs);
        drop(ours);
        let listening = server(way).listen(&theirs).unwrap();
        assert_eq!(run(listening).recv_timeout(PATIENCE).unwrap().unwrap(), 0);
    }
}

#[test]
fn a_peer_that_says_no_hello_is_not_waited_for() {
    for way in [Way::Set, Way::Threads] {
        let (theirs, _silent) = UnixStream::pair().unwrap();
        let mut limits = Limits::default();
        limits.handshake_time_max = Duration::from_millis(50);
        let listening = server(way).limits(limits).listen(&passed_down(theirs)).unwrap();
        assert_eq!(run(listening).recv_timeout(PATIENCE).unwrap().unwrap(), 0);
    }
}

#[test]
fn a_server_that_listens_too_stays_when_that_connection_ends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let (theirs, ours) = UnixStream::pair().unwrap();
    let listening = server(Way::Set).listen(text(&path)).unwrap().and_listen(&passed_down(theirs)).unwrap();
    let stopper = listening.stopper();
    let end = run(listening);
    let probe = Probe::connect(&passed_down(ours)).unwrap();
    assert_eq!(probe.add(1).unwrap(), 2);
    drop(probe);
    assert_eq!(Probe::connect(text(&path)).unwrap().add(1).unwrap(), 2);
    assert!(matches!(end.try_recv(), Err(mpsc::TryRecvError::Empty)));
    stopper.stop();
    end.recv_timeout(PATIENCE).unwrap().unwrap();
}
