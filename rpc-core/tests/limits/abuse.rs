//! Clients that give up more than they wait for, or earn error replies and read none.
use crate::common::raw::*;
use crate::common::{SOCKETS, bait::*};
use rpc_core::Limits;
use std::time::Duration;

fn cancel(id: u32) -> Vec<u8> {
    frame(CANCEL, id, &[])
}

/// A call with so many microseconds to run.
fn timed(id: u32, micros: u64, gate: &str) -> Vec<u8> {
    frame(CALL, id, &bytes_of(&(0u32, micros, method::WAIT_APART, gate)))
}

/// As many calls as may be given up early; one more is too many.
#[test]
fn calls_given_up_early() {
    for way in SOCKETS {
        let mut limits = Limits::default();
        limits.cancelled_max = 8;
        let target = Target::with(way, limits);
        let mut raw = target.opened();
        for id in 1..=8 {
            raw.send(&[timed(id, 60_000_000, "gate"), cancel(id), cancel(id)].concat());
        }
        raw.send(&frame(PING, 9, &[]));
        assert_eq!(raw.frame().kind, PONG, "{way:?}: eight may be");
        // Those that have ended do not count.
        target.handler.gates.open("gate");
        (1..=8).for_each(|_| assert_eq!(raw.frame().kind, REPLY));
        target.handler.gates.shut("gate");
        for id in 10..=18 {
            raw.send(&[timed(id, 0, "gate"), cancel(id)].concat());
        }
        match raw.refusal() {
            Refusal::Cut(why) => assert!(why.contains("9 calls that it cancelled"), "{why}"),
            other => panic!("{way:?}: {other:?}"),
        }
        target.comes_to("it is counted", |incidents| incidents.abusive == 1);
        target.handler.gates.open("gate");
        target.serves_others();
    }
}

/// Calls that are given up because their time is over are no offence, however many.
#[test]
fn calls_given_up_at_their_deadlines() {
    for way in SOCKETS {
        let mut limits = Limits::default();
        limits.cancelled_max = 8;
        let target = Target::with(way, limits);
        let mut raw = target.opened();
        for id in 1..=50 {
            raw.send(&[timed(id, 300_000, "gate"), cancel(id)].concat());
        }
        raw.send(&frame(PING, 51, &[]));
        assert_eq!(raw.frame().kind, PONG, "{way:?}");
        target.handler.gates.open("gate");
        (1..=50).for_each(|_| assert!(matches!(raw.frame().kind, REPLY | FAULT)));
        assert_eq!(target.incidents().abusive, 0);
    }
}

/// Calls that are none, from somebody who reads nothing.
#[test]
fn error_replies_that_nobody_reads() {
    for way in SOCKETS {
        let target = Target::with(way, Limits::default());
        let mut raw = target.opened();
        raw.limit(Duration::from_millis(100));
        let garbage: Vec<u8> = (1..=200_000).flat_map(|id| frame(CALL, id, &[])).collect();
        raw.send(&garbage);
        target.comes_to("it is cut off", |incidents| incidents.abusive == 1);
        target.serves_others();
    }
}

/// From somebody who reads them they are only mistakes.
#[test]
fn error_replies_that_are_read() {
    for way in SOCKETS {
        let target = Target::with(way, Limits::default());
        let mut raw = target.opened();
        for round in 0..20 {
            let ids = || 1 + round * 500..=(round + 1) * 500;
            raw.send(&ids().flat_map(|id| frame(CALL, id, &[])).collect::<Vec<_>>());
            ids().for_each(|id| assert_eq!(raw.fault().0, id));
        }
        assert_eq!(target.incidents().abusive, 0, "{way:?}");
    }
}
