//! Servers that are not there, or are none.
use crate::run::{Place, Seen, Served};
use rpc_core::Limits;
use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixListener,
        process::CommandExt,
    },
    process::{Command, Stdio},
};

const CALL: [&str; 3] = ["call", "./s", "owner"];

#[test]
fn nobody_is_there() {
    let place = Place::new();
    place.run(&CALL).fails(3, "error: cannot connect to ./s: no such socket (not started yet?)\n");
    let seen = place.run(&["describe", "./s"]);
    seen.fails(3, "error: cannot connect to ./s: no such socket (not started yet?)\n");
}

#[test]
fn a_stale_socket() {
    let place = Place::new();
    drop(UnixListener::bind(place.path("s")).unwrap());
    let seen = place.run(&CALL);
    seen.fails(3, "error: cannot connect to ./s: nobody listens on the socket (stale: its server has ended?)\n");
}

#[test]
fn a_file_that_is_no_socket() {
    let place = Place::new();
    fs::write(place.path("s"), "text").unwrap();
    place.run(&CALL).fails(3, "error: cannot connect to ./s: what is there is not a stream socket\n");
}

#[test]
fn a_server_of_another_user() {
    let place = Place::new();
    let directory = place.path("private");
    fs::create_dir(&directory).unwrap();
    let socket = directory.join("s");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may enter every directory, so a test that root runs has another user make the call, with a copy of the
    // program at a place that is open to all.
    let open = tempfile::tempdir().unwrap();
    let program = open.path().join("rpc-cli");
    let mut command = if fs::metadata(&directory).unwrap().uid() == 0 {
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_rpc-cli"), &program).unwrap();
        let mut command = Command::new(&program);
        command.uid(65534).gid(65534);
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_rpc-cli"))
    };
    let socket = socket.to_str().unwrap();
    let seen = Seen::of(command.args(["call", socket, "owner"]).stdin(Stdio::null()).output().unwrap());
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    seen.fails(3, &format!("error: cannot connect to {socket}: permission denied (another user's server?)\n"));
}

#[test]
fn what_is_no_address() {
    let place = Place::new();
    let seen = place.run(&["call", "fd:3", "owner"]);
    seen.fails(2, "error: `fd:3` is not an address: `fd:` comes in a later version\n");
    let seen = place.run(&["call", "tcp:localhost:0", "owner"]);
    seen.fails(
        2,
        "error: cannot connect to tcp:localhost:0: \
         port 0 asks the system for any free port, so one can listen on it but not connect to it\n",
    );
    let seen = place.run(&["call", "a\u{1b}b", "owner"]);
    seen.fails(
        2,
        "error: `a\\u{1b}b` is not an address: a name has no '\\u{1b}', only letters, digits, `.`, `_` and `-`, \
         and starts with a letter or digit (a socket file is written /path, ./path or ../path)\n",
    );
}

/// Serves one connection with `serve`.
fn foreign(serve: impl FnOnce(std::os::unix::net::UnixStream) + Send + 'static, args: &[&str]) -> Seen {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let server = std::thread::spawn(move || serve(listener.accept().unwrap().0));
    let seen = place.run(args);
    server.join().unwrap();
    seen
}

#[test]
fn a_server_of_another_kind() {
    let http = |mut stream: std::os::unix::net::UnixStream| {
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let seen = foreign(http, &CALL);
    seen.fails(5, "error: ./s is no rpc server: it answered \"HTTP/1.1 400 Bad Request\"\n");
}

#[test]
fn a_server_that_hangs_up() {
    let hang_up = |mut stream: std::os::unix::net::UnixStream| {
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    };
    let seen = foreign(hang_up, &CALL);
    seen.fails(
        5,
        "error: the connection ended: the server closed it during the handshake (the request was not sent)\n",
    );
}

#[test]
fn a_server_that_is_silent() {
    let silent = |mut stream: std::os::unix::net::UnixStream| {
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let seen = foreign(silent, &["call", "./s", "owner", "--timeout", "300ms"]);
    seen.fails(4, "error: the handshake with ./s: no answer within 300ms (the request was not sent)\n");
}

#[test]
fn a_server_that_takes_no_more() {
    let mut limits = Limits::default();
    limits.connections_max = 1;
    let served = Served::with(limits);
    let _client = served.client();
    served.call(&["owner"]).fails(7, "error: ./s refuses this connection: it has as many connections as it takes\n");
}
