//! Peers that keep a connection waiting: in the midst of a frame, or by reading nothing.
use crate::common::raw::*;
use crate::common::{SOCKETS, Way, bait::*};
use rpc_core::{Connection, Limits};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_millis(400);

fn target(way: Way) -> Target {
    let mut limits = Limits::default();
    limits.stall_time_max = PATIENCE;
    Target::with(way, limits)
}

/// Whatever else the peer has under way: half a frame, and nothing more, ends it. It is told why.
#[test]
fn half_a_frame_and_then_nothing() {
    for way in SOCKETS {
        for length in [1, 11, 12, 13] {
            let target = target(way);
            let mut raw = target.opened();
            let slow = call(1, method::WAIT_APART, &("gate",));
            raw.send(&[&slow, &call(2, method::ADD, &(1u64,))[..length]].concat());
            target.handler.gates.wait_for("at gate");
            let start = Instant::now();
            match raw.refusal() {
                Refusal::Cut(why) => assert!(why.contains("half a frame"), "{why}"),
                other => panic!("{way:?}, {length} bytes: {other:?}"),
            }
            assert!(start.elapsed() >= PATIENCE / 2, "{way:?}: after {:?} only", start.elapsed());
            assert_eq!((target.incidents().stalled, target.ran()), (1, 1));
            target.handler.gates.open("gate");
            target.serves_others();
        }
    }
}

/// A peer that is slow, and goes on, lives; so does one that has nothing to say.
#[test]
fn slow_peers_live() {
    for way in SOCKETS {
        let target = target(way);
        let (mut raw, mut idle) = (target.opened(), target.opened());
        for byte in call(1, method::ADD, &(1u64,)) {
            thread::sleep(PATIENCE / 8);
            raw.send(&[byte]);
        }
        assert_eq!(raw.frame(), Frame { kind: REPLY, call: 1, body: vec![0, 2] }, "{way:?}");
        idle.send(&call(1, method::ADD, &(1u64,)));
        assert_eq!(idle.frame().kind, REPLY, "{way:?}");
        assert_eq!(target.incidents().stalled, 0);
    }
}

/// Half a frame that waits behind a one-way call is not read by us: that is no fault of its peer's.
#[test]
fn half_a_frame_behind_a_held_call() {
    for way in SOCKETS {
        let target = target(way);
        let mut raw = target.opened();
        let (one_way, later) = (call(1, method::HINT_AT, &("hint",)), call(2, method::ADD, &(1u64,)));
        raw.send(&[&one_way, &later[..5]].concat());
        target.handler.gates.wait_for("at hint");
        thread::sleep(2 * PATIENCE);
        target.handler.gates.open("hint");
        raw.send(&later[5..]);
        assert_eq!(raw.frame(), Frame { kind: REPLY, call: 2, body: vec![0, 2] }, "{way:?}");
    }
}

/// A client that asks for much and reads nothing is cut off; it is not enough that it is no longer read.
#[test]
fn a_client_that_never_reads() {
    for way in SOCKETS {
        let target = target(way);
        let mut raw = target.opened();
        raw.limit(Duration::from_millis(50));
        raw.send(&(1..=200).flat_map(|id| call(id, method::MAKE, &(1u64 << 20,))).collect::<Vec<_>>());
        target.comes_to("it is cut off", |incidents| incidents.stalled == 1);
        target.serves_others();
    }
}

/// One that reads slowly gets all of it, though it takes many times as long as it may be silent.
#[test]
fn a_client_that_reads_slowly() {
    let target = target(Way::Set);
    let mut raw = target.opened();
    raw.send(&(1..=4).flat_map(|id| call(id, method::MAKE, &(1u64 << 20,))).collect::<Vec<_>>());
    let (mut read, start) = (0, Instant::now());
    // So slow that the socket is never reported as nearly empty.
    while read < 4 << 20 && start.elapsed() < 6 * PATIENCE {
        read += raw.exact(16 << 10).len();
        thread::sleep(PATIENCE / 20);
    }
    assert_eq!(target.incidents().stalled, 0, "after {read} bytes");
    let all = 4 * (1 << 20) + read;
    assert!(all > read && !raw.exact((4 << 20) - read).is_empty());
}

/// What a client has granted may wait for it: it may be busy with something else.
#[test]
fn a_client_that_is_busy() {
    for way in SOCKETS {
        let target = target(way);
        let connection = Connection::connect(&target.address()).unwrap();
        let bait = Bait::client(connection.pipelined());
        let few: Vec<_> = (0..100).map(|_| bait.make(2000)).collect();
        connection.pipelined().flush();
        thread::sleep(3 * PATIENCE);
        for answer in few {
            assert_eq!(answer.wait().unwrap().len(), 2000, "{way:?}");
        }
    }
}
