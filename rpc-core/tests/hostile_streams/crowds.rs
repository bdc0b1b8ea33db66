//! Much at once from clients that take nothing: bounded, and nobody else waits.
use crate::common::raw::*;
use crate::common::{SOCKETS, Way};
use crate::lure::*;
use rpc_core::Limits;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Calls, and a stream of much, beside as many stalled streams as there may be on one connection.
#[test]
fn calls_beside_stalled_streams() {
    on_targets(|target| {
        let lure = Lure::connect(&target.address()).unwrap();
        let mut stalled: Vec<_> = (2..Limits::default().streams_max).map(|_| lure.forever("stalled")).collect();
        stalled.iter_mut().for_each(|stream| assert_eq!(stream.recv().unwrap().unwrap(), 0));
        std::thread::scope(|scope| {
            let bulk = scope.spawn(|| lure.chunks(300, 100_000).finish().unwrap());
            for number in 0..500 {
                assert_eq!(lure.add(number).unwrap(), number + 1);
            }
            assert_eq!(lure.weigh().send_all(&vec![vec![0; 100_000]; 30]).unwrap(), 3_000_000);
            assert_eq!(bulk.join().unwrap(), 300);
        });
        for stream in stalled {
            assert!(stream.take(40_000).map(Result::unwrap).eq(1..=40_000));
        }
        target.is_quiet();
    });
}

/// A client may be busy with something else while all its streams fill their windows. What it has granted is no reason to
/// cut it off, though handlers end meanwhile, and others answer.
#[test]
fn a_client_that_is_busy_for_a_while() {
    on_targets(|target| {
        let lure = Lure::connect(&target.address()).unwrap();
        let streams: Vec<_> = (0..Limits::default().streams_max).map(|_| lure.chunks(10, 20_000)).collect();
        // A slow reader is given a second before it is cut off.
        std::thread::sleep(Duration::from_millis(2500));
        for mut stream in streams {
            assert!(stream.items().map(Result::unwrap).eq(vec![vec![7; 20_000]; 10]));
            assert_eq!(stream.finish().unwrap(), 10);
        }
    });
}

/// Who reads nothing is still heard: its calls begin, until it has as many streams as it may, and its cancels are taken.
#[test]
fn streams_that_nobody_reads() {
    on_targets(|target| {
        let streams_max = Limits::default().streams_max;
        let mut raw = target.opened(256 << 10);
        let calls: Vec<_> = (1..=streams_max).map(|id| call(id, method::FOREVER, &(format!("stream {id}"),))).collect();
        raw.send(&calls.concat());
        target.gates().wait_for(&format!("at stream {streams_max}"));
        target.has_settled();
        for id in 1..=streams_max {
            raw.send(&frame(CANCEL, id, &[]));
            target.gates().wait_for(&format!("cancelled stream {id}"));
        }
        target.is_quiet();
    });
}

/// However much a client says that it takes, what waits for it is bounded.
#[test]
fn a_window_of_4_gib_that_nobody_reads() {
    on_targets(|target| {
        let mut raw = target.opened(u32::MAX);
        let calls: Vec<_> = (1..=3).map(|id| call(id, method::CHUNKS, &(100u64, 1u64 << 20))).collect();
        raw.send(&calls.concat());
        let sent = target.has_settled();
        assert!(sent <= 20 << 20, "{} MiB were sent to nobody", sent >> 20);
        drop(raw);
        target.is_quiet();
    });
}

/// A stream that nobody has read keeps its place, though its handler has ended: else what they left would add up.
#[test]
fn ended_streams_that_nobody_reads() {
    on_targets(|target| {
        let streams_max = Limits::default().streams_max;
        let mut raw = target.opened(256 << 10);
        for id in 1..=4 * streams_max {
            raw.send(&call(id, method::CHUNKS, &(2u64, 100_000u64)));
            if id % 16 == 0 {
                target.is_quiet();
            }
        }
        let sent = target.has_settled();
        // Some of it is in the sockets.
        assert!(sent <= (streams_max + 32) as usize * 200_000, "{} MiB were sent to nobody", sent >> 20);
        // As its streams are read, their places are free again.
        let mut ended = 0;
        while ended < 4 * streams_max {
            let frame = raw.frame();
            ended += u32::from(frame.kind != ITEMS);
            assert!(matches!(frame.kind, ITEMS | REPLY | FAULT), "{frame:?}");
        }
        let id = 4 * streams_max + 1;
        raw.send(&call(id, method::COUNT, &(0u64,)));
        assert_eq!(raw.frame(), Frame { kind: REPLY, call: id, body: vec![method::COUNT as u8] });
    });
}

/// Items that wait for those behind them are sent for others, though one client takes nothing.
#[test]
fn small_items_beside_a_client_that_never_reads() {
    on_targets(|target| {
        let mut raw = target.opened(u32::MAX);
        // Enough to fill the sockets, and then small items that somebody else than their handlers must send.
        let calls: Vec<_> = (2..=20).map(|id| call(id, method::PAIR, &("never",))).collect();
        raw.send(&[call(1, method::CHUNKS, &(10u64, 1u64 << 20)), calls.concat()].concat());
        target.gates().wait_for("at never");
        let lure = Lure::connect(&target.address()).unwrap();
        let start = Instant::now();
        for round in 0..20 {
            let gate = format!("round {round}");
            let mut pair = lure.pair(&gate);
            assert_eq!(pair.recv().unwrap().unwrap(), 1);
            assert_eq!(pair.recv().unwrap().unwrap(), 2);
            target.gates().open(&gate);
            assert!(pair.recv().is_none());
        }
        assert!(start.elapsed() < Duration::from_secs(5), "others waited {:?}", start.elapsed());
        target.gates().open("never");
    });
}

/// Floods of the smallest frames that there are.
#[test]
fn floods_of_small_frames() {
    for way in SOCKETS {
        for small in [frame(INPUT, 1, &[]), frame(INPUT, 1, &[0]), credit(2, 1), credit(2, 0), frame(CANCEL, 99, &[])] {
            let target = Target::with(way, Limits::default());
            let (flooding, mut raw) = (AtomicBool::new(true), target.opened(0));
            raw.send(&[call(1, method::READ_LATER, &("never",)), call(2, method::FOREVER, &("flooded",))].concat());
            target.gates().wait_for("at flooded");
            let flood = small.repeat(10_000);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    // Until it is cut off, or stopped: nothing that it is sent is read.
                    raw.limit(Duration::from_millis(500));
                    let mut goes = true;
                    while goes && flooding.load(SeqCst) {
                        goes = raw.try_send(&flood);
                    }
                });
                for _ in 0..10 {
                    target.serves_others();
                }
                flooding.store(false, SeqCst);
            });
            drop(raw);
            target.gates().open("never");
            target.is_quiet();
        }
        assert!(way != Way::Local);
    }
}
