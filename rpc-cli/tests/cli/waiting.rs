//! `wait`.
use crate::fake;
use crate::listing::Registry;
use crate::run::{Place, Seen};
use crate::zoo::{self, Keeper};
use rpc_core::Listening;
use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixListener,
    process::{Child, Stdio},
};

fn spawn(place: &Place, args: &[&str]) -> Child {
    let mut command = place.command(&[&["wait", "./s"], args].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn serve(place: &Place) -> Listening {
    zoo::server(&Keeper::default()).listen(place.path("s").to_str().unwrap()).unwrap()
}

#[track_caller]
fn succeeds(child: Child) {
    Seen::of(child.wait_with_output().unwrap()).answers("");
}

#[test]
fn a_server_that_is_there_or_comes() {
    for timeout in ["20s", "none"] {
        let place = Place::new();
        let child = spawn(&place, &["--timeout", timeout]);
        let _server = serve(&place);
        succeeds(child);
        succeeds(spawn(&place, &["--timeout", timeout]));
    }
}

/// What a server left that was killed.
#[test]
fn a_stale_socket_that_is_replaced() {
    let place = Place::new();
    drop(UnixListener::bind(place.path("s")).unwrap());
    let child = spawn(&place, &[]);
    let _server = serve(&place);
    succeeds(child);
}

#[test]
fn a_server_that_never_comes() {
    let place = Place::new();
    let run = || place.run(&["wait", "./s", "--timeout", "100ms"]);
    run().fails(4, "error: no server at ./s within 100ms: no such socket\n");
    let listener = UnixListener::bind(place.path("s")).unwrap();
    run().fails(4, "error: no server at ./s within 100ms: it takes connections, and does not answer\n");
    drop(listener);
    run().fails(4, "error: no server at ./s within 100ms: nobody listens there\n");
}

#[test]
fn a_name_that_is_mistyped() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let _server = registry.listen("store");
    let seen = registry.run(&["wait", "stroe", "--timeout", "100ms"]);
    let missing = registry.path("stroe");
    seen.fails(
        4,
        &format!("error: no server at stroe within 100ms: there is no {} (did you mean `store`?)\n", missing.display()),
    );
}

/// It takes the connection and hangs up, as one does that is stopping; then another is there.
#[test]
fn a_server_that_is_just_restarting() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let child = spawn(&place, &[]);
    drop(listener.accept().unwrap());
    fs::remove_file(place.path("s")).unwrap();
    drop(listener);
    let _server = serve(&place);
    succeeds(child);
}

/// It says that it takes nobody now, and is asked again.
#[test]
fn a_server_that_is_full_for_a_while() {
    let place = Place::new();
    let mut limits = rpc_core::Limits::default();
    limits.connections_max = 1;
    let server = zoo::server(&Keeper::default()).limits(limits).listen(place.path("s").to_str().unwrap()).unwrap();
    let guest = rpc_core::Connection::connect(&server.addresses()[0].to_string()).unwrap();
    let seen = place.run(&["wait", "./s", "--timeout", "500ms"]);
    seen.fails(4, "error: no server at ./s within 500ms: it has as many connections as it takes\n");
    let child = spawn(&place, &[]);
    drop(guest);
    succeeds(child);
}

/// The connection has been made long before anybody reads from it.
#[test]
fn a_server_that_is_frozen_and_then_answers() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let mut child = spawn(&place, &["--timeout", "none"]);
    let mut stream = listener.accept().unwrap().0;
    // The program is connected, and has no answer.
    assert!(child.try_wait().unwrap().is_none());
    fake::greet(&mut stream);
    succeeds(child);
}

#[test]
fn what_does_not_pass_ends_at_once() {
    let place = Place::new();
    let run = || place.run(&["wait", "./s", "--timeout", "none"]);
    fs::write(place.path("s"), "text").unwrap();
    run().fails(3, "error: cannot connect to ./s: what is there is not a stream socket\n");
    fs::remove_file(place.path("s")).unwrap();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(b"220 mail\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    run().fails(5, "error: ./s is no rpc server: it answered \"220 mail\"\n");
    server.join().unwrap();
    place.run(&["wait", "a b"]).fails(
        2,
        "error: `a b` is not an address: a name has no ' ', only letters, digits, `.`, `_` and `-`, \
         and starts with a letter or digit (a socket file is written /path, ./path or ../path)\n",
    );
    let seen = place.run(&["wait", ":"]);
    seen.fails(2, "error: `:` means the address in $RPC_ADDR, which is not set\n");
    let seen = Seen::of(place.command(&["wait", ":"]).env("RPC_ADDR", ":").output().unwrap());
    seen.fails(2, "error: `:` means the address in $RPC_ADDR, which is `:` itself\n");
}
