//! Servers that end, or stand still, while a call is under way.
use super::{KV, Place, SUCCESSOR, TIME_MAX, freeze, start, stop};
use examples::kv::Kv;
use examples::successor::Alphabet;
use rpc_core::{Client, Connection, Error, Outcome};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Calls have 30 s by default, and handlers of `successor` one: what ends well before has not waited for either.
const AT_ONCE: Duration = Duration::from_secs(10);

#[test]
fn sigterm_answers_the_call_in_flight_and_leaves_nothing_behind() {
    let place = Place::new();
    let server = start(SUCCESSOR, &place.socket());
    let connection = Connection::connect(&place.address()).unwrap();
    let pending = Alphabet::client(connection.pipelined()).successor('a');
    // A pong tells that the server has read what was sent before the ping.
    connection.ping(TIME_MAX).unwrap();

    stop(server).expect("it exits with 0");
    assert_eq!(place.files(), [""; 0], "neither the socket nor its lock is left");
    assert_eq!(pending.wait().unwrap(), Some('b'));
    // The server said goodbye, so its clients know that it did not just vanish.
    let late = Alphabet::client(connection).successor('b').unwrap_err();
    assert!(matches!(late, Error::ShuttingDown { .. }), "{late:?}");
    assert_eq!(late.outcome(), Outcome::Refused);
}

#[test]
fn a_killed_server_ends_the_pending_call_at_once_and_its_successor_takes_the_path() {
    let place = Place::new();
    let first = start(KV, &place.socket());
    let connection = Connection::connect(&place.address()).unwrap();
    let kv = Kv::client(connection.clone());
    kv.set("a", "1").unwrap().unwrap();
    // A server that stands still cannot answer before it is killed.
    freeze(&first);
    let pending = Kv::client(connection.pipelined()).get("a");

    let killed = Instant::now();
    drop(first);
    let error = pending.wait().unwrap_err();
    assert!(killed.elapsed() < AT_ONCE, "{:?}", killed.elapsed());
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.to_string().ends_with("(whether the call ran is unknown)"), "{error}");
    let next = kv.get("a").unwrap_err();
    assert_eq!(next.outcome(), Outcome::NotSent, "{next}");

    assert!(place.socket().exists(), "nobody was left to remove the socket");
    let nobody = Connection::connect(&place.address()).unwrap_err();
    assert!(nobody.to_string().contains("stale"), "{nobody}");
    let second = start(KV, &place.socket());
    let again = Connection::connect(&place.address()).unwrap();
    assert_ne!(again.instance(), connection.instance());
    assert_eq!(Kv::client(again).get("a").unwrap(), None, "a store in memory begins anew");
    stop(second).unwrap();
}

#[test]
fn a_server_killed_within_a_handler_ends_the_call_at_once() {
    let place = Place::new();
    let server = start(SUCCESSOR, &place.socket());
    let connection = Connection::connect(&place.address()).unwrap();
    let pending = Alphabet::client(connection.pipelined()).no_deadline().successor('a');
    connection.ping(TIME_MAX).unwrap();
    drop(server);
    let error = pending.wait().unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error:?}");
}

#[test]
fn a_call_to_a_frozen_server_ends_at_its_deadline_and_the_next_one_works() {
    let place = Place::new();
    let server = start(KV, &place.socket());
    let kv = Kv::connect(&place.address()).unwrap();
    kv.set("a", "1").unwrap().unwrap();
    freeze(&server);
    let (allowed, start) = (Duration::from_millis(100), Instant::now());
    let error = kv.timeout(allowed).set("a", "2").unwrap_err();
    assert!(start.elapsed() >= allowed && start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");

    server.signal(Signal::CONT).unwrap();
    // The call that timed out may have been made all the same: that is what "unknown" means.
    let value = kv.get("a").unwrap().unwrap();
    assert!(["1", "2"].contains(&value.as_str()), "{value}");
    stop(server).unwrap();
}
