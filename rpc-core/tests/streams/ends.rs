//! How calls with items end: cancelled, dropped, cut off, refused, drained. And that nothing is lost before.
use crate::common::Gates;
use crate::common::raw::*;
use crate::talk::*;
use rpc_core::{Client, Connection, Error, Limits, Outcome, Service, Stopped};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[test]
fn dropping_a_stream_cancels_its_call() {
    on_all(|served, talk| {
        let gates: &Gates = &served.talker.gates;
        drop(talk.forever("at once"));
        gates.wait_for("at once");
        let mut some = talk.forever("after some");
        assert_eq!(some.by_ref().take(3).collect::<Result<Vec<_>, _>>().unwrap(), [0, 1, 2]);
        drop(some);
        gates.wait_for("after some");
        // A handler that sends nothing sees it in its context.
        let mut silent = talk.silent("silent");
        assert_eq!(silent.recv().unwrap().unwrap(), 1);
        drop(silent);
        gates.wait_for("silent");
        assert_eq!(talk.add(1).unwrap(), 2);
    });
}

#[test]
fn a_handler_that_waits_for_input_learns_that_its_caller_has_gone() {
    on_all(|served, talk| {
        let gates: &Gates = &served.talker.gates;
        let mut read = talk.read("upload");
        read.send(&1).unwrap();
        gates.wait_for("at upload");
        drop(read);
        gates.wait_for("stopped upload");
        // Only `finish` is the end.
        let read = talk.read("finished");
        read.finish().unwrap();
        gates.wait_for("ended finished");
    });
}

/// An unfinished input is never taken for a whole one, though the other half still waits.
#[test]
fn a_dropped_sink_is_no_end() {
    on_all(|_, talk| {
        let (mut numbers, mut doubles) = talk.double();
        numbers.send(&21).unwrap();
        drop(numbers);
        assert_eq!(doubles.recv().unwrap().unwrap(), 42);
        let error = doubles.recv().unwrap().unwrap_err();
        assert!(matches!(&error, Error::NoReply { why, .. } if why.contains("stopped")), "{error}");
        assert_eq!(talk.add(1).unwrap(), 2);
    });
}

/// Nor is one whose time was over before all of it was sent, though its caller finishes it.
#[test]
fn a_part_is_no_whole_when_time_is_over() {
    on_all(|served, talk| {
        // With what stands before it an item takes 128 bytes: the window ends with an item, so nothing is cut short.
        let items = vec![vec![7; 123]; 4000];
        // Time enough to begin, on a busy machine.
        let late = Client::timeout(&talk, Duration::from_millis(700)).read_later("late").send_all(&items);
        assert!(matches!(late, Err(Error::Deadline { .. })), "{late:?}");
        served.talker.gates.open("late");
        served.talker.gates.wait_for("stopped late");
    });
}

/// A handler that does not look at what becomes of its items sends no part of one in front of another.
#[test]
fn nothing_follows_an_item_that_was_cut() {
    for way in [Way::Set, Way::Threads, Way::Tcp] {
        let served = Served::with(way, Limits::default());
        let gates = &served.talker.gates;
        let mut raw = Raw::to(&served.address());
        let service = Some((Talk::INFO.name().to_owned(), Talk::INFO.fingerprint().0));
        let hello = Hello { frame_bytes_max: 1 << 20, calls_max: 0, window_bytes: 1000, fds_max: 0, service };
        raw.send(&[&PREFACE[..], &frame(HELLO, 0, &bytes_of(&hello))].concat());
        assert_eq!((raw.exact(PREFACE.len()), raw.frame().kind), (PREFACE.to_vec(), WELCOME));
        let index = Talk::INFO.methods().iter().find(|method| method.name == "careless").unwrap().index;
        let allowed = bytes_of(&700_000_u64);
        let call = [bytes_of(&0_u32), allowed, bytes_of(&index), bytes_of(&(600_u64, "credit"))].concat();
        raw.send(&frame(CALL, 1, &call));
        gates.wait_for("late credit");
        let credit = [frame(CREDIT, 1, &bytes_of(&1000_u64)), frame(PING, 2, &[])].concat();
        raw.send(&credit);
        // When it is answered, the credit has been read.
        let mut items = Vec::new();
        loop {
            let frame = raw.frame();
            match frame.kind {
                ITEMS => items.extend(frame.body),
                PONG => break,
                other => panic!("a frame of kind {other}"),
            }
        }
        gates.open("credit");
        gates.wait_for("done credit");
        loop {
            let frame = raw.frame();
            match frame.kind {
                ITEMS => items.extend(frame.body),
                kind => break assert_eq!(kind, FAULT, "{way:?}"),
            }
        }
        assert_eq!(items.len(), 1000, "{way:?}");
    }
}

#[test]
fn the_sink_of_a_cancelled_call_stops() {
    on_all(|_, talk| {
        let (mut numbers, doubles) = talk.double();
        drop(doubles);
        assert_eq!(numbers.send(&1), Err(Stopped));
        numbers.finish();
        assert_eq!(talk.add(1).unwrap(), 2);
    });
}

/// A sender that waits for credit wakes up when its call is cancelled by the other half.
#[test]
fn a_sender_that_waits_is_woken() {
    on_all(|served, talk| {
        let mut upload = talk.read_later("later");
        // More than the window, so that it waits; the handler does not read.
        std::thread::scope(|scope| {
            let sender = scope.spawn(move || {
                let mut sent = 0;
                while upload.send(&vec![0; 100_000]).is_ok() && sent < 100 {
                    sent += 1;
                }
                (sent, upload.finish())
            });
            served.talker.gates.open("later");
            let (sent, total) = sender.join().unwrap();
            assert_eq!((sent, total.unwrap()), (100, 10_100_000));
        });
    });
}

/// The same when its handler does nothing about it: who waits for credit reads, and cannot be woken.
#[test]
fn a_sender_that_waits_hears_that_its_other_half_was_dropped() {
    on_all(|served, talk| {
        for round in 0..3 {
            let gate = format!("sulk {round}");
            let (mut items, answers) = talk.sulk(&gate);
            let sent = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while items.send(&vec![0; 100_000]).is_ok() {
                        sent.fetch_add(1, SeqCst);
                    }
                });
                // The third is more than the window.
                while sent.load(SeqCst) < 2 {
                    std::thread::yield_now();
                }
                drop(answers);
            });
            served.talker.gates.open(&gate);
        }
    });
}

/// And who waits for items hears that its other half could not send one.
#[test]
fn a_reader_that_waits_hears_that_its_other_half_failed() {
    on_all(|served, talk| {
        for round in 0..3 {
            let gate = format!("sulk on {round}");
            let (mut items, mut answers) = talk.sulk(&gate);
            std::thread::scope(|scope| {
                let reader = scope.spawn(move || answers.recv());
                assert_eq!(items.send(&vec![0; 5 << 20]), Err(Stopped));
                let error = reader.join().unwrap().unwrap().unwrap_err();
                assert!(matches!(error, Error::TooLarge { .. }), "{error}");
            });
            served.talker.gates.open(&gate);
        }
    });
}

/// A handler may leave its input to another thread, which must not wait for ever once the call is over.
#[test]
fn a_source_that_outlives_its_call_stops() {
    on_all(|served, talk| {
        for round in 0..30 {
            let gate = format!("passed on {round}");
            let call = talk.pass_on(&gate);
            // Its end would wake that thread, too: it is not sent before.
            served.talker.gates.wait_for(&gate);
            call.finish().unwrap();
        }
    });
}

/// The standby sends what waits, also after an item that broke.
#[test]
fn a_panic_in_an_item_keeps_nothing_back() {
    on_all(|served, talk| {
        let mut drops = talk.drops("go");
        for number in 1..=3 {
            assert_eq!(drops.recv().unwrap().unwrap(), Fragile(number));
        }
        served.talker.gates.open("go");
        assert!(drops.recv().is_none());
    });
}

/// The handler wants no more, and goes on: its caller learns it, and still gets what comes.
#[test]
fn a_source_that_is_dropped_stops_its_sender() {
    on_all(|served, talk| {
        let (mut numbers, mut answers) = talk.deaf("go");
        numbers.send(&7).unwrap();
        assert_eq!(answers.recv().unwrap().unwrap(), 7);
        let stopped = (0..10_000_000).map(|number| numbers.send(&number)).find(Result::is_err);
        assert_eq!(stopped, Some(Err(Stopped)));
        served.talker.gates.open("go");
        assert_eq!(answers.recv().unwrap().unwrap(), 7);
        assert!(answers.recv().is_none());
    });
}

/// A dead peer ends a stream with an error, behind everything that has come.
#[test]
fn a_server_that_goes_ends_streams_with_an_error() {
    for way in [Way::Set, Way::Threads, Way::Tcp] {
        let mut limits = Limits::default();
        limits.drain_time_max = Duration::ZERO;
        let mut served = Served::with(way, limits);
        let talk = served.connect().unwrap();
        let mut two = talk.two("never");
        let mut read = talk.read("never");
        assert_eq!(two.recv().unwrap().unwrap(), 1);
        served.talker.gates.wait_for("at never");
        let gates = served.talker.gates.clone();
        let stopped = served.server.take().unwrap().stop();
        assert_eq!(stopped.cut, 2);
        let error = two.recv().unwrap().unwrap_err();
        assert!(matches!(error, Error::Disconnected { outcome: Outcome::Executed, .. }), "{way:?}: {error}");
        assert!(two.recv().is_none());
        while read.send(&1).is_ok() {}
        assert!(matches!(read.finish(), Err(Error::Disconnected { outcome: Outcome::Unknown, .. })));
        gates.wait_for("stopped never");
        gates.open("never");
    }
}

/// The server stops while items are on their way: calls in flight are finished, to the last item.
#[test]
fn a_drain_loses_no_item() {
    for way in [Way::Set, Way::Threads, Way::Tcp] {
        let mut served = Served::with(way, Limits::default());
        let talk = served.connect().unwrap();
        let mut chunks = talk.chunks(2000, 1000);
        assert!(chunks.recv().unwrap().is_ok());
        // Both have begun: they have been heard of.
        let (mut numbers, mut doubles) = talk.double();
        numbers.send(&0).unwrap();
        assert_eq!(doubles.recv().unwrap().unwrap(), 0);
        let server = served.server.take().unwrap();
        std::thread::scope(|scope| {
            let stop = scope.spawn(|| server.stop());
            for number in 1..1000 {
                numbers.send(&number).unwrap();
                assert_eq!(doubles.recv().unwrap().unwrap(), 2 * number, "{way:?}");
            }
            numbers.finish();
            assert_eq!(doubles.finish().unwrap(), 1000, "{way:?}");
            assert_eq!(chunks.items().map(Result::unwrap).count(), 1999, "{way:?}");
            assert_eq!(chunks.finish().unwrap(), 2000, "{way:?}");
            assert_eq!(stop.join().unwrap().cut, 0, "{way:?}");
        });
        assert!(matches!(talk.count(1).recv(), Some(Err(error)) if error.outcome() != Outcome::Unknown));
    }
}

fn streams_max(count: u32) -> Limits {
    let mut limits = Limits::default();
    limits.streams_max = count;
    limits
}

#[test]
fn more_streams_than_are_allowed_are_refused_before_they_run() {
    for way in [Way::Set, Way::Threads] {
        let served = Served::with(way, streams_max(3));
        let talk = served.connect().unwrap();
        let mut open: Vec<_> = (0..3).map(|_| talk.silent("silent")).collect();
        open.iter_mut().for_each(|stream| assert_eq!(stream.recv().unwrap().unwrap(), 1));
        let error = talk.count(1).recv().unwrap().unwrap_err();
        assert!(matches!(&error, Error::Overloaded { .. }), "{error}");
        assert_eq!(talk.add(1).unwrap(), 2, "calls without items are another matter");
        open.pop();
        // Its place is free once its handler has ended.
        while talk.count(1).any(|item| item.is_err()) {
            std::thread::yield_now();
        }
    }
}

/// A cancelled handler that runs on keeps its place.
#[test]
fn a_cancelled_handler_keeps_its_slot() {
    for way in [Way::Set, Way::Threads] {
        let served = Served::with(way, streams_max(1));
        let talk = served.connect().unwrap();
        let mut two = talk.two("gate");
        assert_eq!(two.recv().unwrap().unwrap(), 1);
        drop(two);
        for _ in 0..20 {
            assert!(matches!(talk.count(1).recv(), Some(Err(Error::Overloaded { .. }))), "it still runs");
        }
        served.talker.gates.open("gate");
        while talk.count(1).any(|item| item.is_err()) {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_stream_outlives_its_client() {
    on_sockets(|served, talk| {
        drop(talk);
        let connection = Connection::connect(&served.address()).unwrap();
        let numbers = Talk::client(connection.clone()).count(1000);
        drop(connection);
        assert_eq!(numbers.map(Result::unwrap).count(), 1000);
    });
}

/// What a shell sees: it may ask again after an error, and is told the same.
#[test]
fn a_dynamic_stream_that_failed_does_not_wait_once_more() {
    on_sockets(|served, _| {
        let connection = served.connection().unwrap();
        let schema = Talk::INFO.schema();
        let dynamic = connection.dynamic(schema, None).unwrap();
        let method = schema.methods.iter().find(|method| method.name == "panic").unwrap();
        let (_sink, mut stream) = dynamic.converse(method, &bytes_of(&1_u64), None).unwrap();
        assert!(stream.recv().unwrap().is_some());
        assert!(matches!(stream.recv(), Err(Error::Panicked { .. })));
        assert!(matches!(stream.recv(), Err(Error::Panicked { .. })));
        assert!(matches!(stream.finish(), Err(Error::Panicked { .. })));
    });
}
