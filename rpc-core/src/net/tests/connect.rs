//! Connecting: by the deadline, with the problem named.

use super::{super::*, accept, assert_connected, at, directory, listen, soon, until};
use std::{
    fs,
    os::unix::net::UnixDatagram,
    thread,
    time::{Duration, Instant},
};

fn problem_of(address: &Address) -> ConnectProblem {
    connect(address, soon()).unwrap_err().problem
}

#[test]
fn connects_and_tells_both_peers() {
    let directory = directory();
    let listener = listen(&at(directory.path().join("x"))).unwrap();
    let client = connect(listener.address(), soon()).unwrap();
    let server = accept(&listener);
    assert_connected(&client, &server);
    for stream in [client, server] {
        assert!(stream.is_local());
        assert_eq!(stream.peer().uid, Some(rustix::process::geteuid().as_raw()));
        assert_eq!(stream.peer().pid, Some(std::process::id()));
    }
}

/// A plain connect would wait for ever.
#[test]
fn a_full_backlog_ends_at_the_deadline() {
    let directory = directory();
    let options = ListenOptions { backlog: 0, ..ListenOptions::default() };
    let listener = Listener::bind(&at(directory.path().join("x")), &options).unwrap();
    let first = connect(listener.address(), soon()).unwrap();
    let limit = Duration::from_millis(100);
    let start = Instant::now();
    let error = connect(listener.address(), start + limit).unwrap_err();
    assert_eq!(error.problem, ConnectProblem::TimedOut);
    assert!(start.elapsed() >= limit, "gave up early, after {:?}", start.elapsed());
    assert!(start.elapsed() < limit * 20, "took {:?}", start.elapsed());
    assert_connected(&first, &accept(&listener));
}

#[test]
fn a_full_backlog_is_waited_for() {
    let directory = directory();
    let options = ListenOptions { backlog: 0, ..ListenOptions::default() };
    let listener = Listener::bind(&at(directory.path().join("x")), &options).unwrap();
    let _first = connect(listener.address(), soon()).unwrap();
    thread::scope(|scope| {
        let second = scope.spawn(|| connect(listener.address(), soon()).unwrap());
        drop(accept(&listener));
        let server = accept(&listener);
        let client = second.join().unwrap();
        assert_connected(&client, &server);
    });
}

#[test]
fn a_missing_socket_is_missing() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let error = connect(&address, soon()).unwrap_err();
    assert_eq!(error.problem, ConnectProblem::Missing);
    assert_eq!(error.to_string(), format!("cannot connect to {address}: no such socket (not started yet?)"));
    // A deadline that has passed does not hide what is wrong.
    assert_eq!(connect(&address, Instant::now()).unwrap_err().problem, ConnectProblem::Missing);
}

#[test]
fn a_stale_socket_refuses() {
    let directory = directory();
    let path = directory.path().join("x");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let error = connect(&at(&path), soon()).unwrap_err();
    assert_eq!(error.problem, ConnectProblem::Refused);
    assert!(error.to_string().contains("stale"), "{error}");
}

#[test]
fn what_is_no_stream_socket_is_named_so() {
    let directory = directory();
    let path = directory.path().join("file");
    fs::write(&path, "precious").unwrap();
    assert_eq!(problem_of(&at(&path)), ConnectProblem::NotASocket);
    assert_eq!(problem_of(&at(directory.path())), ConnectProblem::NotASocket);
    let path = directory.path().join("datagrams");
    let _bound = UnixDatagram::bind(&path).unwrap();
    assert_eq!(problem_of(&at(&path)), ConnectProblem::NotASocket);
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_without_permission_is_denied() {
    let directory = directory();
    let options = ListenOptions { mode: 0, ..ListenOptions::default() };
    let listener = Listener::bind(&at(directory.path().join("x")), &options).unwrap();
    // Capabilities are a thread's own: the other tests keep theirs.
    let problem = thread::scope(|scope| {
        let unprivileged = scope.spawn(|| {
            drop_file_capabilities();
            problem_of(listener.address())
        });
        unprivileged.join().unwrap()
    });
    assert_eq!(problem, ConnectProblem::Denied);
}

/// Makes file modes hold for this thread even if it is root's.
#[cfg(target_os = "linux")]
fn drop_file_capabilities() {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

    let mut sets = capabilities(None).unwrap();
    sets.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
    set_capabilities(None, sets).unwrap();
}

#[test]
fn wait_finds_a_server_that_starts_later() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    thread::scope(|scope| {
        let client = scope.spawn(|| wait(&address, soon()).unwrap());
        let listener = listen(&address).unwrap();
        let server = accept(&listener);
        assert_connected(&client.join().unwrap(), &server);
    });
}

#[test]
fn wait_outlives_a_stale_socket() {
    let directory = directory();
    let path = directory.path().join("x");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let address = at(&path);
    thread::scope(|scope| {
        let client = scope.spawn(|| wait(&address, soon()).unwrap());
        let listener = listen(&address).unwrap();
        let server = accept(&listener);
        assert_connected(&client.join().unwrap(), &server);
    });
}

#[test]
fn wait_ends_at_the_deadline_and_says_why() {
    let directory = directory();
    let start = Instant::now();
    let limit = Duration::from_millis(50);
    let error = wait(&at(directory.path().join("x")), start + limit).unwrap_err();
    assert_eq!(error.problem, ConnectProblem::Missing);
    assert!(start.elapsed() >= limit);
}

#[test]
fn wait_does_not_repeat_what_will_not_pass() {
    let directory = directory();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    let start = Instant::now();
    assert_eq!(wait(&at(&path), soon()).unwrap_err().problem, ConnectProblem::NotASocket);
    assert!(start.elapsed() < super::SOON / 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_path_works_and_an_impossible_one_says_the_limit() {
    let directory = directory();
    let deep = directory.path().join("d".repeat(100)).join("e".repeat(100));
    fs::create_dir_all(&deep).unwrap();
    let listener = listen(&at(deep.join("x.sock"))).unwrap();
    let client = connect(listener.address(), soon()).unwrap();
    assert_connected(&client, &accept(&listener));
    drop(listener);
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);

    let address = at(deep.join("f".repeat(120)));
    let length = address.to_string().len();
    let expected = AddressProblem::PathTooLong { length, limit: 108 };
    assert_eq!(problem_of(&address), ConnectProblem::Address(expected.clone()));
    assert_eq!(listen(&address).unwrap_err().problem, ListenProblem::Address(expected));
}

/// While it is made a socket has a longer name, for which there may be no room.
#[cfg(target_os = "linux")]
#[test]
fn a_path_of_any_length_up_to_the_limit_works() {
    let directory = directory();
    for length in 80..108 {
        let name = "n".repeat(length - directory.path().as_os_str().len() - 1);
        let address = at(directory.path().join(name));
        let listener = listen(&address).unwrap_or_else(|error| panic!("{length} bytes: {error}"));
        assert_connected(&connect(&address, soon()).unwrap(), &accept(&listener));
        drop(listener);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_socket_works_and_has_one_server() {
    let address: Address = format!("@rpc-net-{}", std::process::id()).parse().unwrap();
    assert_eq!(problem_of(&address), ConnectProblem::Refused);
    let listener = listen(&address).unwrap();
    assert_connected(&connect(&address, soon()).unwrap(), &accept(&listener));
    assert_eq!(listen(&address).unwrap_err().problem, ListenProblem::AlreadyRunning);
    drop(listener);
    until(|| listen(&address).is_ok());
}

#[test]
fn tcp_works_over_loopback() {
    for host in ["127.0.0.1", "localhost"] {
        let address: Address = format!("tcp:{host}:0").parse().unwrap();
        assert_eq!(problem_of(&address), ConnectProblem::Address(AddressProblem::PortZero));
        let listener = listen(&address).unwrap();
        assert_ne!(listener.address(), &address);
        let client = connect(listener.address(), soon()).unwrap();
        let server = accept(&listener);
        assert_connected(&client, &server);
        assert!(!server.is_local());
        assert_eq!(server.peer(), Peer::default());
        assert!(rustix::net::sockopt::tcp_nodelay(&server).unwrap());
        assert!(rustix::net::sockopt::socket_keepalive(&client).unwrap());
        assert_eq!(listen(listener.address()).unwrap_err().problem, ListenProblem::AlreadyRunning);
        let address = listener.address().clone();
        drop(listener);
        until(|| connect(&address, soon()).is_err_and(|error| error.problem == ConnectProblem::Refused));
    }
}
