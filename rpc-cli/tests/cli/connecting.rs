//! Servers that are not there, or are none.
use crate::fake;
use crate::listing::Registry;
use crate::run::{Place, Seen, Served, program};
use crate::zoo::{self, Keeper};
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
    time::{Duration, Instant},
};
use tempfile::TempDir;

const CALL: [&str; 3] = ["call", "./s", "owner"];

#[test]
fn nobody_is_there() {
    let place = Place::new();
    let told = "error: cannot connect to ./s: no such socket (not started yet? `rpc-cli wait` blocks until it is)\n";
    for args in [&CALL[..], &["describe", "./s"], &["ls", "./s"], &["ping", "./s"]] {
        place.run(args).fails(3, told);
    }
    let seen = place.run(&["ping", "tcp:127.0.0.1:1"]);
    seen.fails(
        3,
        "error: cannot connect to tcp:127.0.0.1:1: nobody listens on that port \
         (not started yet? `rpc-cli wait` blocks until it is)\n",
    );
}

#[test]
fn a_name_that_nobody_has() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let missing = |name: &str| format!("cannot connect to {name}: there is no {}", registry.path(name).display());
    let told = |name: &str, hint: &str| format!("error: {} (not started yet? {hint})\n", missing(name));
    let wait = "`rpc-cli wait` blocks until it is";
    registry.run(&["describe", "store"]).fails(3, &told("store", wait));
    let _server = registry.listen("store");
    registry.run(&["describe", "stroe"]).fails(3, &told("stroe", "or did you mean `store`?"));
    registry.run(&["describe", "colour"]).fails(3, &told("colour", wait));
    // A path is no name that could be mistyped.
    let seen = registry.run(&["describe", "./store"]);
    seen.fails(3, &format!("error: cannot connect to ./store: no such socket (not started yet? {wait})\n"));
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
fn a_socket_that_others_may_not_reach() {
    let place = Place::new();
    let directory = place.path("private");
    fs::create_dir(&directory).unwrap();
    let socket = directory.join("s");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may enter every directory, so a test that root runs has another user make the call.
    let open = open_to_all();
    let mut command = match fs::metadata(&directory).unwrap().uid() {
        0 => of_nobody(&open),
        _ => program(env!("CARGO_BIN_EXE_rpc-cli")),
    };
    let socket = socket.to_str().unwrap();
    let seen = Seen::of(command.args(["call", socket, "owner"]).stdin(Stdio::null()).output().unwrap());
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    seen.fails(3, &format!("error: cannot connect to {socket}: permission denied (another user's server?)\n"));
}

/// The user who has nothing.
pub(crate) const NOBODY: u32 = 65534;

/// A directory that every user may enter.
pub(crate) fn open_to_all() -> TempDir {
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
    open
}

/// A copy of the program in a directory that is open to all, run by that user.
pub(crate) fn of_nobody(open: &TempDir) -> Command {
    let path = open.path().join("rpc-cli");
    // By another process: while this one writes a program, a child that another test forks would hold it open, and what is
    // open for writing cannot be run.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_rpc-cli")).arg(&path).status().unwrap().success());
    let mut command = program(&path);
    command.uid(NOBODY).gid(NOBODY).stdin(Stdio::null()).current_dir(open);
    command
}

/// Connecting works, and the server says no. Only root can be two users.
#[test]
fn a_server_that_serves_its_own_user_alone() {
    let open = open_to_all();
    if fs::metadata(open.path()).unwrap().uid() != 0 {
        return;
    }
    let socket = open.path().join("s");
    let _server = zoo::server(&Keeper::default()).listen(socket.to_str().unwrap()).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    for command in ["call", "ls", "ping", "wait"] {
        let method: &[&str] = if command == "call" { &["owner"] } else { &[] };
        let seen = Seen::of(of_nobody(&open).args([command, "./s"]).args(method).output().unwrap());
        seen.fails(7, "error: ./s refuses this connection: it does not serve this user (its program decides: `Server::allow_user`)\n");
    }
}

#[test]
fn what_is_no_address() {
    let place = Place::new();
    let seen = place.run(&["call", "fd:1", "owner"]);
    let told = "`1` is no descriptor that is passed down: write fd:0 (stdin), or fd:3 and up";
    seen.fails(2, &format!("error: `fd:1` is not an address: {told}\n"));
    place
        .run(&["call", "exec:", "owner"])
        .fails(2, "error: `exec:` is not an address: a command to start is missing after `exec:`\n");
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
fn a_server_of_another_version() {
    let seen = foreign(|stream| fake::of_version(stream, 7), &CALL);
    seen.fails(6, "error: ./s refuses this connection: it speaks protocol version 7, this program 1\n");
}

/// The way to a call is no call: none was sent.
#[test]
fn a_server_that_does_not_tell_what_it_serves() {
    let freeze = |mut stream: std::os::unix::net::UnixStream| {
        fake::greet(&mut stream);
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let args = [&CALL[..], &["--timeout", "300ms"]].concat();
    let seen = foreign(freeze, &args);
    assert_eq!(seen.code, 4);
    assert!(seen.err.starts_with("error: asking ./s what it serves: no answer within 300ms\n"), "{}", seen.err);
    assert!(!seen.err.contains("the call"), "{}", seen.err);
    let seen = foreign(freeze, &[&args[..], &["--errors=json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&seen.err).unwrap();
    let told = |key: &str| report["error"][key].as_str();
    assert_eq!((told("kind"), told("outcome"), told("method")), (Some("deadline"), Some("not_sent"), None));
}

/// Both steps have one time.
#[test]
fn a_server_that_greets_late() {
    let late = |mut stream: std::os::unix::net::UnixStream| {
        stream.read_exact(&mut [0; 8]).unwrap();
        // The one thing waited for here is time itself.
        std::thread::sleep(Duration::from_millis(1200));
        fake::greet_on(&mut stream);
        let _ = stream.read_to_end(&mut Vec::new());
    };
    for args in [&["call", "./s", "owner", "--timeout", "2s"][..], &["ls", "./s", "--timeout", "2s"]] {
        let start = Instant::now();
        let seen = foreign(late, args);
        assert_eq!(seen.code, 4, "{}", seen.err);
        assert!(start.elapsed() < Duration::from_millis(2900), "{:?}", start.elapsed());
    }
}

#[test]
fn why_a_server_refuses_in_one_word() {
    let problem = |seen: Seen| {
        let report: serde_json::Value = serde_json::from_str(&seen.err).unwrap();
        (seen.code, report["error"]["problem"].as_str().map(str::to_owned))
    };
    let args = ["call", "./s", "owner", "--errors=json"];
    let seen = foreign(|stream| fake::of_version(stream, 7), &args);
    assert_eq!(problem(seen), (6, Some("version".to_owned())));
    let mut limits = Limits::default();
    limits.connections_max = 1;
    let served = Served::with(limits);
    let _client = served.client();
    assert_eq!(problem(served.place.run(&args)), (7, Some("overloaded".to_owned())));
}

#[test]
fn a_server_that_hangs_up() {
    let hang_up = |mut stream: std::os::unix::net::UnixStream| {
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    };
    let seen = foreign(hang_up, &CALL);
    seen.fails(
        5,
        "error: the connection to ./s ended: the server closed it during the handshake \
         (no rpc server, or one that is stopping?)\n",
    );
}

#[test]
fn a_server_that_is_silent() {
    let silent = |mut stream: std::os::unix::net::UnixStream| {
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let seen = foreign(silent, &["call", "./s", "owner", "--timeout", "300ms"]);
    seen.fails(4, "error: the handshake with ./s: no answer within 300ms (frozen, overloaded, or no rpc server?)\n");
}

#[test]
fn a_server_that_takes_no_more() {
    let mut limits = Limits::default();
    limits.connections_max = 1;
    let served = Served::with(limits);
    let _client = served.client();
    served.call(&["owner"]).fails(7, "error: ./s refuses this connection: it has as many connections as it takes\n");
}
