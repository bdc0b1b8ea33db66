//! What streams that nobody takes, and calls that wait, cost in memory: so much for each, and given back with the connection.
//!
//! Its peers are bare sockets, so all that grows is ours. One test in a program of its own: what others do would be counted.
#![cfg(target_os = "linux")]
mod common;
#[path = "hostile_streams/lure.rs"]
#[expect(dead_code, reason = "it is another test program's, too")]
mod lure;
use common::fake::*;
use common::raw::*;
use common::{Gates, SOCKETS};
use lure::*;
use rpc_core::{Client, Connect, Limits, Service};
use std::process::Command;
use std::time::{Duration, Instant};

const WINDOW: usize = 512 << 10;

/// Items of this size, so that their heads do not count.
const ITEM: usize = 16 << 10;

/// Beside each window there are a thread, and an item on its way.
const BESIDE: usize = 4 * ITEM;

/// What is there once, whatever the number of streams: buffers of the socket's writers, what the allocator keeps.
const ONCE: usize = 8 << 20;

/// What the allocator may keep of all that was closed. A window of each of 64 streams, lost once, would be twice that.
const LEFT: usize = 64 * WINDOW / 2;

fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.window_bytes, limits.streams_max) = (WINDOW as u32, 200);
    limits
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

/// Waits until it no longer grows: until everybody has got as far as he may.
fn settled() -> usize {
    let (mut most, mut since) = (resident(), Instant::now());
    while since.elapsed() < Duration::from_millis(400) {
        std::thread::sleep(Duration::from_millis(20));
        let now = resident();
        if now > most + (1 << 20) {
            (most, since) = (now, Instant::now());
        }
    }
    most
}

/// What it holds is between the windows that must be full, and the formula.
fn holds(what: &str, streams: usize, full: usize, windows: usize, base: usize) {
    let grown = settled().saturating_sub(base);
    eprintln!("{what}: {streams} streams hold {} KiB", grown >> 10);
    let most = streams * (windows * (WINDOW + BESIDE)) + ONCE;
    assert!(grown <= most, "{what}: {streams} streams hold {} KiB, more than {}", grown >> 10, most >> 10);
    let least = (streams * full * WINDOW / 2).saturating_sub(ONCE);
    assert!(grown >= least, "{what}: {streams} streams hold {} KiB: they are not stalled", grown >> 10);
}

fn bytes_of_items() -> Vec<u8> {
    let one = item(&vec![7u8; ITEM]);
    one.repeat(WINDOW / one.len())
}

/// With this the system's allocator gives back at once what is large, and what is resident is what is used.
const EXACT: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "32768");

#[test]
fn stalled_streams_hold_their_windows_and_no_more() {
    if std::env::var_os(EXACT.0).is_some() {
        return measure();
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    let name = "stalled_streams_hold_their_windows_and_no_more";
    again.args(["--exact", name, "--nocapture"]).env(EXACT.0, EXACT.1).env("MALLOC_ARENA_MAX", "1");
    assert!(again.status().unwrap().success());
}

fn measure() {
    let base = settled();
    // The last again, for what is not given back adds up.
    for streams in [1, 16, 64, 64] {
        a_server(streams, base);
        streams_to_a_client(streams, base);
        uploads_of_a_client(streams, base);
    }
    calls_that_wait();
    let left = settled().saturating_sub(base);
    assert!(left <= LEFT, "{} KiB are left of what was closed", left >> 10);
}

/// So many streams each way: one window of each has come, or is on its way out. Its client claims that it takes everything.
fn a_server(streams: usize, base: usize) {
    for way in SOCKETS {
        let target = Target::with(way, limits());
        let mut raw = target.opened(u32::MAX);
        let ids = 1..=streams as u32;
        for id in ids.clone() {
            raw.send(&[call(id, method::READ_LATER, &("open",)), frame(INPUT, id, &bytes_of_items())].concat());
        }
        for id in ids.map(|id| id + streams as u32) {
            raw.send(&call(id, method::CHUNKS, &(10_000u64, ITEM as u64)));
        }
        // The sockets take a little of what goes out.
        target.has_settled();
        holds(&format!("a server, {way:?}"), streams, 2, 2, base);
        drop(raw);
        target.gates().open("open");
        target.is_quiet();
    }
}

/// Of each stream the caller has taken one window, and another one has come.
fn streams_to_a_client(streams: usize, base: usize) {
    let fake = Fake::new(move |mut raw, _| {
        greet(&mut raw, &Welcome { window_bytes: u32::MAX, ..welcome() });
        // All that is granted, at once; a place for each stream, where it goes on.
        let (once, mut places) = (bytes_of_items(), vec![0; streams + 1]);
        let endless = once.repeat(3);
        loop {
            let Frame { kind, call, body } = raw.frame();
            let granted = match kind {
                CALL if call as usize > streams => break raw.send(&frame(REPLY, call, &[method::ADD as u8, 2])),
                CALL => WINDOW,
                CREDIT => postcard::from_bytes::<u64>(&body).unwrap() as usize,
                _ => panic!("a frame of kind {kind}"),
            };
            let place: &mut usize = &mut places[call as usize];
            raw.send(&frame(ITEMS, call, &endless[*place..*place + granted]));
            *place = (*place + granted) % once.len();
        }
        raw.rest();
    });
    let lure = Connect::new(&fake.address).service(<Lure<'_> as Service>::INFO).limits(limits()).connect();
    let lure = Lure::client(lure.unwrap()).no_deadline();
    let mut stalled: Vec<_> = (0..streams).map(|_| lure.chunks(1, 1)).collect();
    stalled.iter_mut().for_each(|stream| assert_eq!(stream.recv().unwrap().unwrap().len(), ITEM));
    // Whoever waits for this answer reads what has come for the others.
    assert_eq!(lure.add(1).unwrap(), 2);
    holds("streams to a client", streams, 1, 2, base);
}

/// Of each upload a window is on its way, and an item as large in its caller's hands. The server claims to take everything,
/// and reads nothing.
fn uploads_of_a_client(streams: usize, base: usize) {
    let gates = Gates::default();
    let end = gates.clone();
    let fake = Fake::new(move |mut raw, _| {
        greet(&mut raw, &Welcome { window_bytes: u32::MAX, ..welcome() });
        end.pass("end");
    });
    let lure = Connect::new(&fake.address).service(<Lure<'_> as Service>::INFO).limits(limits()).connect();
    let lure = Lure::client(lure.unwrap()).no_deadline();
    let item = vec![0; WINDOW - 16];
    std::thread::scope(|scope| {
        for _ in 0..streams {
            scope.spawn(|| {
                let mut upload = lure.weigh();
                while upload.send(&item).is_ok() {}
                assert!(upload.finish().is_err());
            });
        }
        let measured = std::panic::catch_unwind(|| holds("uploads of a client", streams, 1, 2, base));
        // Nobody waits for them, whatever was found.
        gates.open("end");
        measured.unwrap();
    });
}

/// A call that waits holds its own arguments, and not the buffer that a large message before it needed.
fn calls_that_wait() {
    const CALLS: u32 = 16;
    let large = vec![0; 2 << 20];
    let gate = |at: u32| format!("{at}{}", "x".repeat(ITEM + 1000));
    for way in SOCKETS {
        let target = Target::with(way, limits());
        let (mut raw, base) = (target.opened(u32::MAX), settled());
        for at in 0..CALLS {
            // These are no arguments of any method, but they are read.
            raw.send(&call_bytes(2 * at + 1, method::ADD, &large));
            assert_eq!(raw.fault().0, 2 * at + 1);
            raw.send(&call(2 * at + 2, method::WAIT_APART, &(gate(at),)));
            target.gates().wait_for(&format!("at {}", gate(at)));
        }
        let grown = settled().saturating_sub(base);
        eprintln!("{way:?}: {CALLS} calls that wait hold {} KiB", grown >> 10);
        let most = CALLS as usize * 2 * BESIDE + ONCE;
        assert!(grown <= most, "{way:?}: {CALLS} calls that wait hold {} KiB, more than {}", grown >> 10, most >> 10);
        (0..CALLS).for_each(|at| target.gates().open(&gate(at)));
    }
}
