//! Sockets that were passed down. This process passes them to itself: open without the close-on-exec flag is all that it takes.

use super::{super::passed::Passed, super::*, accept, assert_connected, at, directory, passed_down, soon, until};
use rustix::io::{FdFlags, fcntl_getfd};
use std::{
    fs::File,
    net::{TcpListener, UdpSocket},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::{UnixDatagram, UnixListener, UnixStream},
    },
};

fn open(address: &Address) -> Result<Entrance, PassedProblem> {
    Entrance::open(address, &ListenOptions::default()).map_err(|error| match error.problem {
        ListenProblem::Passed(problem) => problem,
        other => panic!("{other:?}"),
    })
}

fn listener(address: &Address) -> Listener {
    match open(address).unwrap() {
        Entrance::Listener(listener) => listener,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listening_socket_is_listened_at() {
    let directory = directory();
    let path = directory.path().join("x");
    let address = passed_down(UnixListener::bind(&path).unwrap());
    let listener = listener(&address);
    assert_eq!(listener.address(), &address);
    assert!(listener.accept().unwrap().is_none(), "accepting never blocks");
    assert_connected(&connect(&at(&path), soon()).unwrap(), &accept(&listener));
    assert_eq!(fcntl_getfd(listener.socket().as_fd()).unwrap(), FdFlags::CLOEXEC);
    drop(listener);
    // No copy of it is open any more, and its file is somebody else's.
    until(|| connect(&at(&path), soon()).is_err_and(|error| error.problem == ConnectProblem::Refused));
    assert!(path.exists());
}

#[test]
fn a_listening_socket_of_tcp_tells_its_port() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let listener = listener(&passed_down(socket));
    assert_eq!(listener.address().to_string(), format!("tcp:127.0.0.1:{port}"));
    assert_connected(&connect(listener.address(), soon()).unwrap(), &accept(&listener));

    let open_to_all = passed_down(TcpListener::bind("0.0.0.0:0").unwrap());
    let error = Entrance::open(&open_to_all, &ListenOptions::default()).unwrap_err();
    assert!(matches!(error.problem, ListenProblem::NotLoopback { .. }), "{error}");
}

#[test]
fn a_connected_socket_is_one_connection_for_either_side() {
    let (left, right) = UnixStream::pair().unwrap();
    right.set_nonblocking(true).unwrap();
    let Entrance::Connection(server, address) = open(&passed_down(left)).unwrap() else { panic!("it is connected") };
    assert!(address.to_string().starts_with("fd:"), "{address}");
    let client = connect(&passed_down(right), soon()).unwrap();
    assert!(client.is_local());
    assert_connected(&client, &server);
    let flags = rustix::fs::fcntl_getfl(&client).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "a stream of ours blocks");
    // Nothing keeps a copy.
    drop(server);
    until(|| client.recv(&mut Vec::new(), Wait::No).unwrap() == Received::End);
}

#[test]
fn each_is_taken_once() {
    let (left, _right) = UnixStream::pair().unwrap();
    let address = passed_down(left);
    let _stream = connect(&address, soon()).unwrap();
    let error = connect(&address, soon()).unwrap_err();
    assert_eq!(error.problem, ConnectProblem::Passed(PassedProblem::Taken));
    assert_eq!(
        error.to_string(),
        format!("cannot connect to {address}: this process has taken that descriptor already")
    );
}

#[test]
fn what_is_no_stream_socket_is_refused_and_stays_open() {
    let (pipe, _writer) = std::io::pipe().unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let idle = unix_socket::stream_socket().unwrap();
    let null = |what| PassedProblem::NotASocket { what };
    for (descriptor, expected) in [
        (OwnedFd::from(File::open("/dev/null").unwrap()), null("a terminal or another device")),
        (File::open("/").unwrap().into(), null("a directory")),
        (tempfile::tempfile().unwrap().into(), null("a file")),
        (pipe.into(), null("a pipe")),
        (UnixDatagram::unbound().unwrap().into(), PassedProblem::NotAStream),
        (udp.into(), PassedProblem::NotAStream),
        (idle, PassedProblem::Idle),
    ] {
        let address = passed_down(descriptor);
        assert_eq!(open(&address).unwrap_err(), expected);
        // It was not closed, and its number is not used up.
        assert_eq!(open(&address).unwrap_err(), expected);
    }
}

/// Who takes a socket for what it is not has not used its number up.
#[test]
fn what_does_not_fit_is_left_to_others() {
    let listening = passed_down(TcpListener::bind("127.0.0.1:0").unwrap());
    let problem = connect(&listening, soon()).unwrap_err().problem;
    assert_eq!(problem, ConnectProblem::Passed(PassedProblem::Listens));
    let listener = listener(&listening);
    assert_connected(&connect(listener.address(), soon()).unwrap(), &accept(&listener));

    let (left, right) = UnixStream::pair().unwrap();
    let connected = passed_down(left);
    let error = Entrance::listener(&connected, &ListenOptions::default()).unwrap_err();
    assert_eq!(error.problem, ListenProblem::Passed(PassedProblem::Connected));
    assert_connected(&connect(&connected, soon()).unwrap(), &Stream::from_local(right.into()));

    let open_to_all = passed_down(TcpListener::bind("0.0.0.0:0").unwrap());
    let refused = || Entrance::open(&open_to_all, &ListenOptions::default()).unwrap_err();
    assert!(matches!(refused().problem, ListenProblem::NotLoopback { .. }), "{}", refused());
    let options = ListenOptions { allow_remote: true, ..ListenOptions::default() };
    assert!(matches!(Entrance::open(&open_to_all, &options), Ok(Entrance::Listener(_))), "with a token it is taken");
}

/// A number that this process uses itself is nobody's to give away.
#[cfg(target_os = "linux")]
#[test]
fn what_this_process_opened_is_its_own() {
    let (own, other) = UnixStream::pair().unwrap();
    let own = Stream::from_local(own.into());
    let address: Address = format!("fd:{}", std::os::fd::AsRawFd::as_raw_fd(&own.as_fd())).parse().unwrap();
    assert_eq!(open(&address).unwrap_err(), PassedProblem::Own);
    assert_connected(&own, &Stream::from_local(other.into()));
    // Far beyond what a test opens.
    assert_eq!(open(&"fd:999999".parse().unwrap()).unwrap_err(), PassedProblem::Closed);
}

#[test]
fn what_is_announced_to_another_process_is_not_ours() {
    use super::super::passed::count_announced;

    let text = |text: &str| Some(text.to_owned());
    assert_eq!(count_announced(text("7"), text("2"), 7), 2);
    for (pid, count) in [(text("8"), text("2")), (None, text("2")), (text("7"), None)] {
        assert_eq!(count_announced(pid, count, 7), 0);
    }
    for count in ["", "-2", "0", "2x", "4097", "2147483647", "99999999999"] {
        assert_eq!(count_announced(text("7"), text(count), 7), 0, "{count}");
    }
    assert_eq!(Address::passed_down(), [], "nothing was passed to the tests");
}

#[test]
fn what_is_printed_reads_back() {
    for text in ["fd:0", "fd:3", "fd:17=/run/kv.sock", "fd:3=/with = and ,"] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    let passed = Passed { number: 3, file: Some("/x".into()) };
    assert_eq!(Passed::parse("3=/x").unwrap(), passed);
}
