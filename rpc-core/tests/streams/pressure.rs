//! Much at once: stalled streams, large values both ways, the smallest sockets, bounded memory.
use crate::talk::*;
use rpc_core::{Client, Connect, Error, Limits};
use std::time::{Duration, Instant};

/// As small as the system makes them. TCP with a window below its largest segment moves by its timers alone: there a
/// tenth of the default is small enough.
fn smallest_sockets(way: Way) -> Limits {
    let mut limits = Limits::default();
    limits.socket_bytes = Some(if way == Way::Tcp { 128 << 10 } else { 1 });
    limits
}

/// A stream that nobody takes holds up nobody: not calls, nor other streams of its connection.
#[test]
fn a_stalled_stream_holds_up_nobody() {
    on_sockets(|served, talk| {
        // Each has sent all that it may, and waits; nobody reads what has come.
        let mut stalled: Vec<_> = (0..5).map(|_| talk.forever("stalled")).collect();
        stalled.iter_mut().for_each(|stream| assert_eq!(stream.recv().unwrap().unwrap(), 0));
        let mut upload = talk.read_later("later");
        // A window full, which its handler does not read.
        upload.send(&vec![0; 200_000]).unwrap();
        for number in 0..1000 {
            assert_eq!(talk.add(number).unwrap(), number + 1);
        }
        assert_eq!(talk.count(100_000).map(Result::unwrap).sum::<u64>(), 100_000 * 99_999 / 2);
        let large = vec![vec![1u8; 1_000_000]; 5];
        assert_eq!(talk.weigh().send_all(&large).unwrap(), 5_000_000);
        served.talker.gates.open("later");
        assert_eq!(upload.finish().unwrap(), 200_000);
        // And none of the stalled ones has lost anything.
        for stream in stalled {
            let numbers: Result<Vec<_>, _> = stream.take(100_000).collect();
            assert!(numbers.unwrap().into_iter().eq(1..=100_000));
        }
    });
}

/// While a one-way call runs no later call is entered; items, credit and cancels are read all the same.
#[test]
fn a_slow_one_way_call_holds_up_no_items() {
    on_sockets(|served, talk| {
        for (gate, held) in [("apart", TalkClient::hold as fn(&_, &_) -> _), ("here", TalkClient::hold_here)] {
            let gates = &served.talker.gates;
            let (ended, later) = (format!("cancelled {gate}"), format!("later {gate}"));
            let (mut numbers, upload) = (talk.forever(&ended), talk.read_later(&later));
            assert_eq!(numbers.recv().unwrap().unwrap(), 0);
            held(&talk, gate).unwrap();
            // Both need credit again and again: their windows are smaller.
            let count = numbers.items().take(200_000).filter(|item| item.is_ok()).count();
            assert_eq!(count, 200_000);
            gates.open(&later);
            assert_eq!(upload.send_all(&vec![vec![0; 100_000]; 20]).unwrap(), 2_000_000);
            drop(numbers);
            gates.wait_for(&ended);
            let error = talk.timeout(Duration::from_millis(30)).add(1).unwrap_err();
            assert!(matches!(error, Error::Deadline { .. }), "{error}");
            gates.open(gate);
            assert_eq!(talk.add(1).unwrap(), 2);
        }
    });
}

/// Everybody writes large things, both ways, and nobody reads before he has written.
#[test]
fn both_sides_write_with_the_smallest_sockets() {
    for way in [Way::Set, Way::Threads, Way::Tcp] {
        let served = Served::with(way, smallest_sockets(way));
        let talk = Talk::client(Connect::new(served.address()).limits(smallest_sockets(way)).connect().unwrap());
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let (uploads, streams, both) = (talk.clone(), talk.clone(), talk.clone());
                scope.spawn(move || {
                    let large = vec![vec![1u8; 1_000_000]; 2];
                    assert_eq!(uploads.weigh().send_all(&large).unwrap(), 2_000_000);
                });
                scope.spawn(move || assert_eq!(streams.chunks(2, 1_000_000).finish().unwrap(), 2));
                scope.spawn(move || {
                    let (mut numbers, doubles) = both.double();
                    std::thread::scope(|scope| {
                        scope.spawn(move || {
                            let numbers_sent: Vec<u64> = (0..50_000).collect();
                            numbers.send_all(&numbers_sent).unwrap();
                            numbers.finish();
                        });
                        assert_eq!(doubles.finish().unwrap(), 50_000);
                    });
                });
            }
        });
        eprintln!("{way:?}: {:?}", start.elapsed());
        assert_eq!(talk.add(1).unwrap(), 2);
    }
}

/// Many streams of one connection at once, each of them in order and whole.
#[test]
fn many_streams_at_once() {
    on_sockets(|_, talk| {
        std::thread::scope(|scope| {
            for number in 0..16u64 {
                let talk = talk.clone();
                scope.spawn(move || {
                    let to = 20_000 + number;
                    let numbers: Result<Vec<_>, _> = talk.count(to).collect();
                    assert!(numbers.unwrap().into_iter().eq(0..to));
                    let sent: Vec<u64> = (0..to).collect();
                    assert_eq!(talk.collect().send_all(&sent).unwrap(), sent);
                });
            }
        });
    });
}

/// Cancels at every point, beside streams that go on: nothing is left over, and nothing is lost.
#[test]
fn cancels_at_every_point() {
    on_sockets(|_, talk| {
        let mut beside = talk.count(200_000);
        let mut next = 0;
        for taken in 0..300 {
            let mut forever = talk.forever("cancelled");
            for number in 0..taken * 10 {
                assert_eq!(forever.recv().unwrap().unwrap(), number);
            }
            drop(forever);
            let (mut numbers, doubles) = talk.double();
            (0..taken).for_each(|number| numbers.send(&number).unwrap());
            if taken % 2 == 0 {
                drop(doubles)
            } else {
                drop(numbers)
            }
            for _ in 0..100 {
                assert_eq!(beside.recv().unwrap().unwrap(), next);
                next += 1;
            }
        }
        assert_eq!(beside.map(Result::unwrap).count() as u64, 200_000 - next);
        // Every place is free again, as soon as the cancelled handlers have ended.
        let start = Instant::now();
        while talk.count(1).any(|item| item.is_err()) {
            assert!(start.elapsed() < Duration::from_secs(20), "cancelled handlers never end");
        }
        let mut all: Vec<_> = (0..Limits::default().streams_max).map(|_| talk.silent("last")).collect();
        while !all.iter_mut().all(|stream| stream.recv().unwrap().is_ok()) {
            assert!(start.elapsed() < Duration::from_secs(20), "places are lost");
            all = (0..Limits::default().streams_max).map(|_| talk.silent("last")).collect();
        }
    });
}
