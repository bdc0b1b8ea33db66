//! Servers that end, or stand still, while a call is under way.
use super::{KV, SUCCESSOR, TIME_MAX, files, start};
use examples::kv::Kv;
use examples::successor::Alphabet;
use rpc_core::{Client, Connection, Error, Outcome};
use std::path::Path;
use std::time::{Duration, Instant};

/// Calls have 30 s by default, and handlers of `successor` one: what ends well before has not waited for either.
const AT_ONCE: Duration = Duration::from_secs(10);

#[test]
fn sigterm_answers_the_call_in_flight_and_leaves_nothing_behind() {
    let server = start(SUCCESSOR);
    let connection = Connection::connect(server.address()).unwrap();
    let pending = Alphabet::client(connection.pipelined()).successor('a');
    // A pong tells that the server has read what was sent before the ping.
    connection.ping(TIME_MAX).unwrap();

    server.stop().unwrap();
    assert_eq!(files(&server), [""; 0], "neither the socket nor its lock is left");
    assert_eq!(pending.wait().unwrap(), Some('b'));
    // The server said goodbye, so its clients know that it did not just vanish.
    let late = Alphabet::client(connection).successor('b').unwrap_err();
    assert!(matches!(late, Error::ShuttingDown { .. }), "{late:?}");
    assert_eq!(late.outcome(), Outcome::Refused);
}

#[test]
fn a_killed_server_ends_the_pending_call_at_once_and_its_successor_takes_the_path() {
    let mut server = start(KV);
    let connection = Connection::connect(server.address()).unwrap();
    let kv = Kv::client(connection.clone());
    kv.set("a", "1").unwrap().unwrap();
    let other = Kv::connect(server.address()).unwrap();
    // A server that stands still cannot answer before it is killed.
    server.pause().unwrap();
    let pending = Kv::client(connection.pipelined()).get("a");

    let killed = Instant::now();
    server.kill().unwrap();
    let error = pending.wait().unwrap_err();
    assert!(killed.elapsed() < AT_ONCE, "{:?}", killed.elapsed());
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    let ended = "the connection ended: the server closed it";
    assert_eq!(error.to_string(), format!("{ended} (whether the call ran is unknown)"));
    let next = kv.get("a").unwrap_err();
    assert_eq!(next.to_string(), format!("{ended} (the request was not sent)"));
    assert_eq!(next.outcome(), Outcome::NotSent, "{next}");
    // Whoever finds it out by writing, not by reading, has the same words.
    let written = other.get("a").unwrap_err();
    assert_eq!(written.to_string(), format!("{ended} (the request was not sent)"));

    assert!(Path::new(server.address()).exists(), "nobody was left to remove the socket");
    let nobody = Connection::connect(server.address()).unwrap_err();
    assert!(nobody.to_string().contains("stale"), "{nobody}");
    server.restart().unwrap();
    let again = Connection::connect(server.address()).unwrap();
    assert_ne!(again.instance(), connection.instance());
    assert_eq!(Kv::client(again).get("a").unwrap(), None, "a store in memory begins anew");
    server.stop().unwrap();
}

#[test]
fn a_server_killed_within_a_handler_ends_the_call_at_once() {
    let server = start(SUCCESSOR);
    let connection = Connection::connect(server.address()).unwrap();
    let pending = Alphabet::client(connection.pipelined()).no_deadline().successor('a');
    connection.ping(TIME_MAX).unwrap();
    server.kill().unwrap();
    let error = pending.wait().unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error:?}");
}

#[test]
fn a_call_to_a_frozen_server_ends_at_its_deadline_and_the_next_one_works() {
    let server = start(KV);
    let kv = Kv::connect(server.address()).unwrap();
    kv.set("a", "1").unwrap().unwrap();
    server.pause().unwrap();
    let (allowed, start) = (Duration::from_millis(100), Instant::now());
    let error = kv.timeout(allowed).set("a", "2").unwrap_err();
    assert!(start.elapsed() >= allowed && start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");

    server.resume().unwrap();
    // The call that timed out may have been made all the same: that is what "unknown" means.
    let value = kv.get("a").unwrap().unwrap();
    assert!(["1", "2"].contains(&value.as_str()), "{value}");
    server.stop().unwrap();
}
