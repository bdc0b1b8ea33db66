//! `notify`: an acknowledgement, or in time the knowledge of what became of the event.
use super::{Place, TIME_MAX, start, start_at};
use rpc_core::fixture::{TestServer, TestServerOptions};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, connect, listen, socket};
use std::process::Command;
use std::time::{Duration, Instant};

const NOTIFY: &str = env!("CARGO_BIN_EXE_notify");

/// Long enough that nothing else ends by then, and `TIME_MAX` is far beyond.
const WITHIN: Duration = Duration::from_millis(500);

/// The status, what was printed and said, and how long it took.
fn tell(address: &str, event: &str, within: Duration) -> (Option<i32>, String, Duration) {
    let start = Instant::now();
    let mut command = Command::new(NOTIFY);
    command.arg("--at").arg(address).args(["tell", event, "--within", &within.as_millis().to_string()]);
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), text, start.elapsed())
}

/// Told after the time that it may take, and not long after.
#[track_caller]
fn assert_late(told: (Option<i32>, String, Duration), status: i32, words: &str) {
    let (code, text, took) = told;
    assert_eq!(code, Some(status), "{text}");
    assert!(text.contains(words), "{text}");
    assert!(took >= WITHIN && took < TIME_MAX, "{took:?}");
}

#[test]
fn events_are_acknowledged() {
    let server = start(NOTIFY);
    for (event, status, text) in [
        ("reload", 0, "acknowledged as event 1\n"),
        ("rotate", 0, "acknowledged as event 2\n"),
        ("explode", 1, "notify: the daemon knows `reload` and `rotate`, and no other event\n"),
    ] {
        let (code, told, _) = tell(server.address(), event, TIME_MAX);
        assert_eq!((code, told.as_str()), (Some(status), text));
    }
    server.stop().unwrap();
}

#[test]
fn nobody_knows_whether_a_daemon_that_is_late_deals_with_it() {
    let slow = TestServer::start_with(TestServerOptions::default(), NOTIFY, |server, address| {
        server.args(["serve", address, "--work", "1000000"])
    });
    assert_late(tell(slow.unwrap().address(), "reload", WITHIN), 2, "(whether the call ran is unknown)");
}

#[test]
fn a_frozen_daemon_has_not_dealt_with_it() {
    let server = start(NOTIFY);
    server.pause().unwrap();
    assert_late(tell(server.address(), "reload", WITHIN), 1, "(the request was not sent)");
    server.resume().unwrap();
    assert_eq!(tell(server.address(), "reload", TIME_MAX).1, "acknowledged as event 1\n");
    server.stop().unwrap();
}

/// The kernel connects the first one, and lets the next one wait for room.
#[test]
fn a_daemon_that_never_accepts_costs_no_more_than_the_time() {
    let place = Place::new();
    let address = SocketAddrUnix::new(place.socket()).unwrap();
    let deaf = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&deaf, &address).unwrap();
    listen(&deaf, 0).unwrap();
    let silent = tell(&place.address(), "reload", WITHIN);
    assert_late(silent, 1, "no answer within 500ms (the request was not sent)");

    // The place that it had is taken for ever now: a connection waits there until it is accepted, though it is closed.
    let in_the_way = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    rustix::io::ioctl_fionbio(&in_the_way, true).unwrap();
    assert!(connect(&in_the_way, &address).is_err(), "there is room");
    assert_late(tell(&place.address(), "reload", WITHIN), 1, "did not take the connection in time");
}

#[test]
fn a_daemon_that_is_not_there_is_told_at_once() {
    let place = Place::new();
    let (status, text, _) = tell(&place.address(), "reload", 10 * TIME_MAX);
    assert_eq!(status, Some(1));
    assert!(text.contains("(not started yet?)"), "{text}");
    drop(start_at(&place.address(), NOTIFY));
    let (status, text, _) = tell(&place.address(), "reload", 10 * TIME_MAX);
    assert_eq!(status, Some(1));
    assert!(text.contains("stale"), "{text}");
}
