//! Floods beside a client that must not notice much: it is timed, and what the flood took is given back.
//!
//! Figures are printed. What is asserted is generous: it tells a broken server from a slow machine.
use crate::common::{SOCKETS, Way, bait::*, raw::*};
use crate::{ALONE, descriptors, resident_kib};
use rpc_core::{Connection, Limits};
use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// How long each flood lasts.
const LASTS: Duration = Duration::from_millis(400);

/// What a flood may take while it lasts: buffers of its connections, and what the allocator keeps.
const TAKEN_KIB_MAX: usize = 64 << 10;

type Flood = fn(&mut Raw, &AtomicBool);

const FLOODS: [(&str, Flood); 7] = [
    ("calls and cancels", |raw, on| calls_in_steps(raw, on, |id| [apart(id), frame(CANCEL, id, &[])].concat())),
    ("garbage, nothing read", |raw, on| calls_in_steps(raw, on, |id| frame(CALL, id, &[]))),
    ("pings, nothing read", |raw, on| calls_in_steps(raw, on, |id| frame(PING, id, &[]))),
    ("pings, all read", |raw, on| {
        answered(raw, on, |id| frame(PING, id, &[]));
    }),
    ("pipelined calls, all read", |raw, on| {
        let count = answered(raw, on, |id| call(id, method::ADD, &(1u64,)));
        assert!(count > 0, "none was answered");
    }),
    ("large answers, nothing read", |raw, on| calls_in_steps(raw, on, |id| call(id, method::MAKE, &(1u64 << 20,)))),
    ("items of no call", |raw, on| {
        raw.send(&frame(CALL, 1, &[]));
        flood(raw, on, |_| [frame(INPUT, 1, &[]), frame(VOID, 0, &[])].concat().repeat(500));
    }),
];

/// A call that runs on a thread of its own.
fn apart(id: u32) -> Vec<u8> {
    call(id, method::MAKE_APART, &(10u64,))
}

/// Sends one piece after the other until it is over, or the server has had enough.
fn flood(raw: &mut Raw, on: &AtomicBool, piece: impl Fn(u32) -> Vec<u8>) {
    raw.limit(Duration::from_millis(50));
    let mut first = 2;
    while on.load(SeqCst) && raw.try_send(&piece(first)) {
        first += STEP;
    }
    raw.limit(PATIENCE);
}

/// Calls in one piece.
const STEP: u32 = 500;

fn calls_in_steps(raw: &mut Raw, on: &AtomicBool, one: impl Fn(u32) -> Vec<u8>) {
    flood(raw, on, |first| (first..first + STEP).flat_map(&one).collect());
}

/// As many at once as fit, and reads all that is answered. Says how many.
fn answered(raw: &mut Raw, on: &AtomicBool, one: impl Fn(u32) -> Vec<u8>) -> u32 {
    let mut first = 1;
    while on.load(SeqCst) {
        raw.send(&(first..first + STEP).flat_map(&one).collect::<Vec<_>>());
        (0..STEP).for_each(|_| drop(raw.frame()));
        first += STEP;
    }
    first - 1
}

/// How long pings of one client take, sorted.
fn pings(client: &Connection, lasts: Duration) -> Vec<Duration> {
    let (mut times, start) = (Vec::new(), Instant::now());
    while start.elapsed() < lasts {
        let sent = Instant::now();
        client.ping(Duration::from_secs(5)).expect("the victim's ping");
        times.push(sent.elapsed());
    }
    times.sort();
    times
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() * 99 / 100]
}

#[test]
fn floods_beside_a_client() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    for way in SOCKETS {
        let target = Target::with(way, Limits::default());
        let idle = p99(&pings(&target.witness, LASTS));
        for (name, flood) in FLOODS {
            let (before, open, on) = (resident_kib(), descriptors(), AtomicBool::new(true));
            let times = std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while on.load(SeqCst) {
                            flood(&mut target.opened(), &on);
                        }
                    });
                }
                let times = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pings(&target.witness, LASTS)));
                on.store(false, SeqCst);
                times.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            let taken = resident_kib().saturating_sub(before);
            let start = Instant::now();
            while descriptors() > open {
                assert!(
                    start.elapsed() < Duration::from_secs(5),
                    "{way:?}, {name}: {} more descriptors",
                    descriptors() - open
                );
                target.witness.ping(Duration::from_secs(5)).unwrap();
            }
            let (now, most) = (p99(&times), times[times.len() - 1]);
            eprintln!("{way:?}, {name}: p99 {idle:?} idle, {now:?} beside it, {most:?} at most; {taken} KiB taken");
            assert!(now < Duration::from_secs(3), "{way:?}, {name}: p99 of {now:?}");
            assert!(taken < TAKEN_KIB_MAX, "{way:?}, {name}: {taken} KiB");
            target.serves_others();
        }
        eprintln!("{way:?}: {:?}", target.server.as_ref().unwrap().incidents());
    }
}

/// 100,000 calls, by a client that keeps to what there may be, and at once by one that does not: each is answered once.
#[test]
fn a_hundred_thousand_calls_in_a_row() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    for way in SOCKETS {
        let (target, before) = (Target::with(way, Limits::default()), resident_kib());
        let connection = Connection::connect(&target.address()).unwrap();
        let bait = Bait::client(connection.pipelined());
        let mut pending = std::collections::VecDeque::new();
        for number in 0..100_000u64 {
            pending.push_back((number, bait.add(number)));
            if pending.len() == 256 {
                let (number, answer) = pending.pop_front().unwrap();
                assert_eq!(answer.wait().unwrap(), number + 1);
            }
        }
        pending.into_iter().for_each(|(number, answer)| assert_eq!(answer.wait().unwrap(), number + 1));
        let mut raw = target.opened();
        let mut writer = raw.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                writer.send(&(1..=100_000).flat_map(|id| call(id, method::ADD, &(1u64,))).collect::<Vec<_>>())
            });
            // One that was slow by chance is overtaken.
            let mut left: HashSet<u32> = (1..=100_000).collect();
            (1..=100_000).for_each(|_| assert!(left.remove(&raw.frame().call), "{way:?}: answered twice"));
        });
        assert_eq!(target.ran(), 200_000);
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < TAKEN_KIB_MAX, "{way:?}: {grown} KiB more than before");
    }
}

/// Both sides write much, through sockets that hold next to nothing: neither waits for the other for ever.
#[test]
fn both_sides_write_through_small_sockets() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    for way in SOCKETS {
        let mut limits = Limits::default();
        // TCP itself crawls if less fits than one of its segments.
        limits.socket_bytes = Some(if way == Way::Tcp { 256 << 10 } else { 1 });
        let target = Target::with(way, limits.clone());
        let connection = rpc_core::Connect::new(target.address()).limits(limits).connect().unwrap();
        let bait = Bait::client(connection.pipelined());
        let bytes = vec![5; 200_000];
        let start = Instant::now();
        let pending: Vec<_> = (0..50).map(|_| bait.echo(&bytes)).collect();
        for answer in pending {
            assert_eq!(answer.wait().unwrap(), bytes, "{way:?}");
        }
        eprintln!("{way:?}: {:?}", start.elapsed());
        target.serves_others();
    }
}
