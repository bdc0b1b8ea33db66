//! Clients that ask for much, or end anywhere: others are served meanwhile, and nothing is left behind.
#![cfg(unix)]
mod bulk;
#[path = "../common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
mod flooders;
#[cfg(target_os = "linux")]
mod witness;
use common::bait::*;
use common::raw::*;
use rpc_core::{Connection, Limits};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// A call and its violation in one write. What the worker knew of that connection must not be taken for the next one's:
/// calls behind a slow one would be lost.
#[test]
fn a_violation_behind_a_call_hurts_no_later_connection() {
    on_targets(|target| {
        for round in 0..2 {
            let gate = format!("gate {round}");
            // It is open before the other misbehaves, so that its calls are the very next thing that is served.
            let (mut good, mut bad) = (target.opened(), target.opened());
            bad.send(&[call(1, method::ADD, &(1u64,)), vec![0xff; 12]].concat());
            assert_eq!(bad.rest().first(), Some(&2), "the call is answered");
            let slow = call(1, method::WAIT, &(&gate,));
            good.send(&[slow, call(2, method::ADD, &(1u64,)), call(3, method::ADD, &(2u64,))].concat());
            assert_eq!(good.frame(), Frame { kind: REPLY, call: 2, body: vec![0, 2] });
            assert_eq!(good.frame(), Frame { kind: REPLY, call: 3, body: vec![0, 3] });
            target.handler.gates.open(&gate);
            assert_eq!(good.frame().call, 1);
        }
    });
}

/// Replies of one read may be far larger than its calls. Somebody who reads them gets all of them.
#[test]
fn large_replies_to_many_calls_at_once() {
    on_targets(|target| {
        let connection = Connection::connect(&target.address()).unwrap();
        let bait = Bait::client(connection.pipelined());
        let pending: Vec<_> = (0..40).map(|_| bait.make(1 << 20)).collect();
        for answer in pending {
            assert_eq!(answer.wait().unwrap().len(), 1 << 20);
        }
    });
}

/// The same from threads of their own, all at once.
#[test]
fn large_replies_of_slow_calls() {
    on_targets(|target| {
        let connection = Connection::connect(&target.address()).unwrap();
        let bait = Bait::client(connection.pipelined());
        let pending: Vec<_> = (0..40).map(|_| bait.make_apart(1 << 20)).collect();
        for answer in pending {
            assert_eq!(answer.wait().unwrap().len(), 1 << 20);
        }
    });
}

/// Somebody who never reads what slow calls answer keeps their threads for a moment, and is cut off.
#[test]
fn a_client_that_never_reads_what_slow_calls_answer() {
    for way in common::SOCKETS {
        let mut limits = Limits::default();
        (limits.jobs_max, limits.unsent_bytes_max) = (8, 1 << 20);
        let target = Target::with(way, limits);
        let mut raw = target.opened();
        let calls: Vec<u8> = (1..=20).flat_map(|id| call(id, method::MAKE_APART, &(1u64 << 20,))).collect();
        raw.send(&calls);
        let bait = Bait::client(target.witness.clone());
        let start = Instant::now();
        while let Err(error) = bait.make_apart(1) {
            assert!(matches!(error, rpc_core::Error::Overloaded { .. }), "{error:?}");
            assert!(start.elapsed() < Duration::from_secs(8), "{way:?}: its calls still have all threads");
        }
        target.serves_others();
    }
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A client that asks for gigabytes, and reads nothing: it is not read any more, or cut off. Nobody else waits.
#[test]
fn a_client_that_never_reads() {
    on_targets_alone(|target| {
        let before = resident_kib();
        let mut raw = target.opened();
        raw.limit(Duration::from_millis(200));
        let calls: Vec<u8> = (1..=20_000).flat_map(|id| call(id, method::MAKE, &(1u64 << 20,))).collect();
        raw.send(&calls);
        target.serves_others();
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < 64 << 10, "{grown} KiB more than before");
        assert!(target.ran() < 1000, "{} calls ran, whose replies nobody reads", target.ran());
    });
}

/// Answers that are small, refusals and pongs, to somebody who never reads: bounded, and nobody else waits.
#[test]
fn small_answers_that_nobody_reads() {
    on_targets_alone(|target| {
        let before = resident_kib();
        for frames in [
            (1..=200_000).flat_map(|id| frame(PING, id, &[])).collect::<Vec<u8>>(),
            (1..=200_000).flat_map(|id| frame(CALL, id, &[])).collect(),
            (1..=200_000).flat_map(|id| call(id, method::ADD, &(1u64,))).collect(),
        ] {
            let mut raw = target.opened();
            raw.limit(Duration::from_millis(200));
            raw.send(&frames);
            target.serves_others();
        }
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < 64 << 10, "{grown} KiB more than before");
    });
}

/// A conversation of every kind of frame, cut at every byte, by a close and by a reset.
#[test]
fn a_conversation_cut_anywhere() {
    on_targets(|target| {
        let conversation = [
            hello(Some(wanted())),
            call(1, method::ADD, &(1u64,)),
            frame(PING, 2, &[]),
            frame(OPEN, 3, &bytes_of(&wanted())),
            call(4, method::TEXT, &("text", true)),
            frame(CANCEL, 4, &[]),
            call(5, method::MAKE, &(100u64,)),
        ]
        .concat();
        for cut in 0..conversation.len() {
            let mut closes = target.raw();
            closes.send(&conversation[..cut]);
            drop(closes);
            let mut resets = target.raw();
            resets.send(&conversation[..cut]);
            resets.reset();
            if cut % 32 == 0 {
                target.serves_others();
            }
        }
        // Whoever closes only its own half still gets what it asked for; but on a crowded machine any call may look slow,
        // and to leave while a slow one runs is to hang up.
        let all = [(WELCOME, 0), (REPLY, 1), (PONG, 2), (OPENED, 3), (REPLY, 4), (REPLY, 5)];
        let answered = |_| {
            let mut raw = target.raw();
            raw.send(&conversation);
            raw.half_close();
            let answers = frames(&raw.rest());
            answers.iter().map(|frame| (frame.kind, frame.call)).collect::<Vec<_>>() == all
        };
        assert!((0..20).any(answered), "never whole in twenty times");
    });
}

/// Thousands of calls in one read, none of them slow by itself. Others do not wait until all are done.
#[test]
fn a_long_batch_of_short_calls() {
    on_targets_alone(|target| {
        let mut raw = target.opened();
        let calls: Vec<u8> = (1..=1500).flat_map(|id| call(id, method::COMPUTE, &(500u64,))).collect();
        raw.send(&calls);
        while target.ran() < 5 {
            std::thread::yield_now();
        }
        let start = Instant::now();
        for _ in 0..5 {
            target.witness.ping(Duration::from_secs(5)).unwrap();
        }
        let (took, ran) = (start.elapsed(), target.ran());
        assert!(took < Duration::from_millis(400) && ran < 1200, "five pings took {took:?}, beside {ran} calls");
        // And none is lost.
        (1..=1500).for_each(|_| assert_eq!(raw.frame().kind, REPLY));
    });
}

/// C9: the time that a call waits behind others of its batch counts, however often the batch is laid aside.
#[test]
fn a_deadline_that_passes_behind_other_calls() {
    on_targets(|target| {
        let mut raw = target.opened();
        let mut batch: Vec<u8> = (1..=400).flat_map(|id| call(id, method::COMPUTE, &(500u64,))).collect();
        let late = bytes_of(&(0u32, 50_000u64, method::ADD, 1u64));
        batch.extend(frame(CALL, 401, &late));
        raw.send(&batch);
        for _ in 1..=401 {
            let answer = raw.frame();
            let expected = if answer.call == 401 { (FAULT, bytes_of(&Fault::Deadline)) } else { (REPLY, vec![10]) };
            assert_eq!((answer.kind, answer.body), expected, "call {}", answer.call);
        }
        assert_eq!(target.ran(), 400);
    });
}

/// What was kept behind a slow call is answered before anybody waits for more bytes, also when nothing of it is run.
#[test]
fn a_fault_behind_a_slow_call_in_one_write() {
    on_targets(|target| {
        let mut raw = target.opened();
        let late = bytes_of(&(0u32, 1u64, method::ADD, 1u64));
        raw.send(&[call(1, method::WAIT_APART, &"gate"), frame(CALL, 2, &late)].concat());
        let answer = raw.frame();
        assert_eq!((answer.kind, answer.call, answer.body), (FAULT, 2, bytes_of(&Fault::Deadline)));
        target.handler.gates.open("gate");
        assert_eq!(raw.frame().kind, REPLY);
    });
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits, by talking to the server, until it has dealt with what came before.
fn settles(target: &Target, what: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !what() {
        if start.elapsed() > Duration::from_secs(5) {
            return false;
        }
        target.witness.ping(Duration::from_secs(5)).unwrap();
    }
    true
}

/// RELIABILITY: 100,000 connect and close; descriptors and memory stay as they are.
#[test]
fn a_hundred_thousand_connections_that_come_and_go() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    // A thread each may have hundreds at once on a busy machine, and what they had is the allocator's for a while.
    let ways = [(common::Way::Set, 100_000, 16), (common::Way::Threads, 5_000, 64), (common::Way::Tcp, 2_000, 16)];
    for (way, count, grown_mib_max) in ways {
        let target = Target::new(way);
        target.serves_others();
        assert!(settles(&target, || descriptors() > 0));
        let (before, memory, start) = (descriptors(), resident_kib(), Instant::now());
        let greeting = hello(Some(wanted()));
        for number in 0..count {
            let mut raw = target.raw();
            if number % 3 > 0 {
                raw.send(&greeting[..number % greeting.len()]);
            }
            if number % 7 == 0 {
                raw.reset();
            }
        }
        assert!(settles(&target, || descriptors() <= before + 2), "{way:?}: {before} before, {} now", descriptors());
        let grown = resident_kib().saturating_sub(memory);
        eprintln!("{way:?}: {count} came and went in {:?}, {grown} KiB more than before", start.elapsed());
        assert!(grown < grown_mib_max << 10, "{way:?}: {grown} KiB more than before");
        target.serves_others();
    }
}

/// Tests of this file that count what the process has, descriptors or memory, run while no other test does.
static ALONE: RwLock<()> = RwLock::new(());

fn on_targets(attack: impl Fn(&Target)) {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    common::bait::on_targets(attack);
}

fn on_targets_alone(attack: impl Fn(&Target)) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    common::bait::on_targets(attack);
}
