//! Peers that connect and say nothing.
use crate::common::raw::*;
use crate::common::{SOCKETS, Way, bait::*};
use rpc_core::{Connection, Error, Limits};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Silent ones that there may be in these tests.
const MOST: usize = 16;

/// So many are too many, even if they have just come.
const CROWD: usize = 8 * MOST;

/// After that somebody is no longer new, and a little more.
const GRACE: Duration = Duration::from_millis(2100);

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.handshakes_max = MOST;
    limits
}

#[test]
fn the_oldest_silent_one_makes_room() {
    for way in SOCKETS {
        let target = Target::with(way, limits());
        let mut spoken: Vec<_> = (0..4).map(|_| target.opened()).collect();
        let mut silent: Vec<_> = (0..CROWD + 5).map(|_| target.raw()).collect();
        target.comes_to("five are too many", |incidents| incidents.handshakes == 5);
        for raw in silent.iter_mut().take(5) {
            assert_eq!(raw.refusal(), Refusal::Overloaded, "{way:?}");
        }
        // Those that remain can still speak, and those that had are no concern of this.
        for raw in silent.iter_mut().skip(5) {
            raw.open(Some(wanted()));
        }
        for raw in &mut spoken {
            raw.send(&frame(PING, 1, &[]));
            assert_eq!(raw.frame().kind, PONG);
        }
        assert_eq!(target.incidents().handshakes, 5);
    }
}

/// In a burst of honest clients many have not come to say hello. That is no siege until it takes long.
#[test]
fn whoever_has_just_come_is_left_alone() {
    let target = Target::with(SOCKETS[0], limits());
    let mut silent: Vec<_> = (0..2 * MOST).map(|_| target.raw()).collect();
    silent.iter_mut().for_each(|raw| drop(raw.open(Some(wanted()))));
    assert_eq!(target.incidents().handshakes, 0);
    let (_silent, start): (Vec<_>, _) = ((0..MOST).map(|_| target.raw()).collect(), Instant::now());
    while start.elapsed() < GRACE {
        target.witness.ping(Duration::from_secs(5)).unwrap();
    }
    assert_eq!(target.incidents().handshakes, 0);
    let _one_more = target.raw();
    target.comes_to("the oldest has been silent for long", |incidents| incidents.handshakes == 1);
}

/// Opens silent connections as fast as it can, and keeps the last of them, beside what is tried meanwhile. Says how many.
fn besiege(connect: impl Fn() -> Raw + Sync, meanwhile: impl FnOnce()) -> usize {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let besieger = scope.spawn(|| {
            let (mut kept, mut count) = (VecDeque::new(), 0);
            while !over.load(SeqCst) {
                kept.push_back(connect());
                count += 1;
                if kept.len() > 200 {
                    // By a reset: of thousands that are closed, the system keeps the ports for a while.
                    kept.pop_front().into_iter().for_each(Raw::reset);
                }
            }
            kept.into_iter().for_each(Raw::reset);
            count
        });
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(meanwhile));
        over.store(true, SeqCst);
        let count = besieger.join().unwrap();
        tried.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        count
    })
}

/// Clients get in all the while. Of the besieger's own user, somebody may be cut off before he can say his first word: he is
/// told to try again.
#[test]
fn a_client_gets_in_among_silent_ones() {
    for way in SOCKETS {
        let target = Target::with(way, limits());
        let (mut again, mut longest) = (0, Duration::ZERO);
        let _silent: Vec<_> = (0..200).map(|_| target.raw()).collect();
        target.comes_to("there are too many", |incidents| incidents.handshakes > 0);
        let count = besiege(
            || target.raw(),
            || {
                for _ in 0..30 {
                    let start = Instant::now();
                    while let Err(error) = Connection::connect(&target.address()) {
                        assert!(matches!(error, Error::RefusedConnection { .. }), "{way:?}: {error:?}");
                        assert!(start.elapsed() < Duration::from_secs(10), "{way:?}: not let in: {error}");
                        again += 1;
                    }
                    longest = longest.max(start.elapsed());
                }
            },
        );
        eprintln!("{way:?}: beside {count} silent ones all got in, {again} more tries, {longest:?} at most");
    }
}

/// Somebody else's clients are never cut off: the besieger has most of the silent ones.
#[test]
#[cfg(target_os = "linux")]
fn whoever_besieges_loses_his_own() {
    let target = Target::with(Way::Tcp, limits());
    let address = target.address();
    besiege(
        || Raw::from([127, 0, 0, 2], &address),
        || {
            target.comes_to("it is besieged", |incidents| incidents.handshakes > 10);
            // Slow ones, even: they say their first word when hundreds have come and gone.
            for _ in 0..5 {
                let mut slow: Vec<_> = (0..3).map(|_| target.raw()).collect();
                let before = target.incidents().handshakes;
                target.comes_to("hundreds have gone", |incidents| incidents.handshakes > before + 200);
                slow.iter_mut().for_each(|raw| drop(raw.open(Some(wanted()))));
            }
        },
    );
}
