//! Which calls are repeated, and for how long.
#![cfg(unix)]
mod common;
use common::Probe;
use common::scripted::numbers::{Numbers, numbers};
use common::scripted::*;
use rpc_core::{Client, Connection, Error, Outcome, Retry};
use std::time::{Duration, Instant};

#[test]
fn a_call_that_did_not_run_is_repeated_until_it_does() {
    for error in [overloaded(), lost(Outcome::NotSent)] {
        let channel = Scripted::new().fails_with(3, error);
        assert_eq!(Probe::client(channel.clone()).retry(3).add(1).unwrap(), 2);
        assert_eq!(channel.calls(), 4);
    }
}

#[test]
fn not_more_often_than_asked_for() {
    let channel = Scripted::new().fails_with(2, overloaded()).fails_with(9, lost(Outcome::NotSent));
    let error = Probe::client(channel.clone()).retry(2).add(1).unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::NotSent, .. }), "{error}");
    assert_eq!(channel.calls(), 3);
}

#[test]
fn what_may_have_run_is_repeated_if_it_is_idempotent_and_answers() {
    let failing = || Scripted::new().fails_with(1, lost(Outcome::Unknown));
    let channel = failing();
    assert_eq!(Probe::client(channel.clone()).retry(3).add(1).unwrap(), 2);
    assert_eq!(channel.calls(), 2);
    let channel = failing();
    assert_eq!(Probe::client(channel.clone()).retry(3).echo("a").unwrap_err().outcome(), Outcome::Unknown);
    assert_eq!(channel.calls(), 1);
    let channel = failing();
    assert_eq!(Probe::client(channel.clone()).retry(3).note("a", "").unwrap_err().outcome(), Outcome::Unknown);
    assert_eq!(channel.calls(), 1);
}

#[test]
fn a_one_way_call_that_was_not_sent_is_repeated() {
    let channel = Scripted::new().fails_with(1, lost(Outcome::NotSent));
    Probe::client(channel.clone()).retry(1).note("a", "").unwrap();
    assert_eq!(channel.calls(), 2);
}

#[test]
fn what_ran_or_will_fail_again_is_not() {
    let method = || "Probe.add".to_owned();
    for error in [Error::Panicked { method: method() }, Error::UnknownMethod { method: method() }] {
        let channel = Scripted::new().fails_with(1, error);
        Probe::client(channel.clone()).retry(3).add(1).unwrap_err();
        assert_eq!(channel.calls(), 1);
    }
}

/// With a deadline of its own, with the method's, and with the channel's.
#[test]
fn attempts_share_the_time_of_the_call() {
    let channel = Scripted::new().fails_with(6, overloaded());
    let probe = Probe::client(channel.clone()).retry(2);
    probe.timeout(Duration::from_secs(3)).add(1).unwrap_err();
    probe.facts().unwrap_err();
    assert_eq!(channel.calls(), 6);
    for (attempts, limit) in channel.allowed().chunks(3).zip([3, 7]) {
        let attempts: Vec<_> = attempts.iter().map(|allowed| allowed.unwrap()).collect();
        assert!(attempts[0] <= Duration::from_secs(limit), "{attempts:?}");
        // The waits before the second and the third are at least so long.
        assert!(attempts[0] - attempts[1] >= Duration::from_millis(4), "{attempts:?}");
        assert!(attempts[1] - attempts[2] >= Duration::from_micros(6400), "{attempts:?}");
        assert!(attempts[2] > Duration::from_secs(limit - 1), "{attempts:?}");
    }
}

#[test]
fn a_layer_behind_limits_each_attempt() {
    let limit = Duration::from_secs(50);
    let channel = Scripted::new().fails_with(4, overloaded());
    Probe::client(channel.clone()).timeout(limit).retry(1).add(1).unwrap_err();
    Probe::client(channel.clone()).no_deadline().retry(1).add(1).unwrap_err();
    assert_eq!(channel.allowed(), [Some(limit), Some(limit), None, None]);
}

#[test]
fn without_a_deadline_there_is_none() {
    let channel = Scripted::new().fails_with(1, overloaded());
    Probe::client(channel.clone()).retry(1).no_deadline().add(1).unwrap();
    assert_eq!(channel.allowed(), [None, None]);
}

#[test]
fn nothing_is_tried_past_the_deadline() {
    let channel = Scripted::new().fails_with(100, overloaded());
    let (start, limit) = (Instant::now(), Duration::from_millis(100));
    let error = Probe::client(channel.clone()).retry(100).timeout(limit).add(1).unwrap_err();
    assert!(matches!(error, Error::Overloaded { .. }), "{error}");
    assert!(start.elapsed() < limit, "it waited for {:?}", start.elapsed());
    assert!(channel.calls() > 2, "it tried {} times", channel.calls());
}

#[test]
fn a_late_call_says_how_long_it_might_have_taken_in_all() {
    let late = |call: rpc_core::Outgoing<'_>| {
        let allowed = call.time_allowed().unwrap();
        std::thread::sleep(allowed);
        Error::Deadline { method: call.name(), allowed, outcome: Outcome::Unknown }
    };
    let channel = Scripted::new().fails_with(1, overloaded()).fails(late);
    let limit = Duration::from_millis(50);
    let error = Probe::client(channel.clone()).retry(5).timeout(limit).add(1).unwrap_err();
    assert!(matches!(error, Error::Deadline { allowed, .. } if allowed == limit), "{error}");
    assert_eq!(channel.calls(), 2);
}

#[test]
fn calls_with_items_pass_through_once() {
    let fails = Connection::local(Numbers(|_: &_, mut out: rpc_core::Sink<u64>| {
        out.send(&7)?;
        Err(rpc_core::Stopped)
    }));
    let channel = Scripted::over(fails);
    let mut stream = numbers(&Retry::new(channel.clone(), 5));
    assert_eq!(stream.recv().unwrap().unwrap(), 7);
    assert!(stream.recv().unwrap().is_err());
    assert_eq!(channel.calls(), 1);
}
