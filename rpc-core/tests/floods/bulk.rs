//! Much at once, by clients that behave and by one that does not: nothing is lost, and nobody waits for ever.
use crate::common::{SOCKETS, Way, bait::*, raw::*};
use crate::{ALONE, resident_kib};
use rpc_core::{Connection, Limits};
use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Instant;

/// What may be taken meanwhile: buffers of the connections, and what the allocator keeps.
const TAKEN_KIB_MAX: usize = 64 << 10;

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
