//! Descriptors of requests that handlers hold: one user has so many at a time, over all his connections.
use crate::common::Way;
use crate::drawer::*;
use rpc_core::{Client, Error, Limits, Outcome};
use std::time::{Duration, Instant};

/// Descriptors that one user's calls may hold.
const MOST: usize = 4;

fn served(way: Way) -> Served {
    let mut limits = Limits::default();
    limits.user_fds_max = MOST;
    Served::new(way, limits)
}

/// As many as the user may have are held by handlers that wait at gates, from two connections; gives one more connection.
fn full(served: &Served, file: &Marked, scenario: impl FnOnce(DrawerClient)) {
    let pipelines = [(); 2].map(|()| served.connection().unwrap().pipelined());
    let drawers = pipelines.clone().map(Drawer::client);
    let gates = || (0..MOST).map(|at| format!("gate {at}"));
    let calls: Vec<_> =
        gates().zip(drawers.iter().cycle()).map(|(gate, drawer)| drawer.hold(file.fd(), &gate)).collect();
    pipelines.iter().for_each(|pipeline| pipeline.flush());
    gates().for_each(|gate| served.cabinet.0.wait_for(&format!("at {gate}")));
    scenario(served.connect());
    gates().for_each(|gate| served.cabinet.0.open(&gate));
    calls.into_iter().for_each(|call| drop(call.wait().unwrap()));
    gates().for_each(|gate| [gate.clone(), format!("at {gate}")].iter().for_each(|gate| served.cabinet.0.shut(gate)));
}

fn is_refused<T: std::fmt::Debug>(answer: Result<T, Error>) {
    let error = answer.unwrap_err();
    assert!(matches!(error, Error::Overloaded { .. }) && error.outcome() == Outcome::Refused, "{error}");
}

/// Waits until as many as the user may have can be held at a time: of calls that nobody waits for, the ends come by themselves.
fn all_are_free(served: &Served, file: &Marked) {
    let (drawer, start) = (Drawer::client(served.connection().unwrap().pipelined()), Instant::now());
    let all_run = || {
        let calls: Vec<_> = (0..MOST).map(|_| drawer.hold(file.fd(), "open")).collect();
        calls.into_iter().map(|call| call.wait()).filter(Result::is_ok).count() == MOST
    };
    while !all_run() {
        assert!(start.elapsed() < Duration::from_secs(20), "some are still counted");
    }
}

#[test]
fn one_user_holds_no_more_than_he_may() {
    for way in [Way::Set, Way::Threads] {
        let (served, file) = (served(way), Marked::new());
        served.cabinet.0.open("open");
        // Each way in which such a call can end gives back what it took: a later round finds all of it.
        for _ in 0..3 {
            full(&served, &file, |drawer| {
                is_refused(drawer.hold(file.fd(), "open"));
                is_refused(drawer.count(3, file.fd()).finish());
                assert_eq!(drawer.add(1).unwrap(), 2, "the connection goes on");
                assert_eq!(drawer.read(file.fd()).unwrap(), file.text(), "what a reading thread runs is one at a time");
            });
            let drawer = served.connect();
            for _ in 0..2 * MOST {
                drop(drawer.hold(file.fd(), "open").unwrap());
                assert!(matches!(drawer.break_apart(file.fd()), Err(Error::Panicked { .. })));
            }
            let hurried = drawer.timeout(Duration::from_millis(20));
            assert!(matches!(hurried.hold(file.fd(), "late"), Err(Error::Deadline { .. })));
            served.cabinet.0.open("late");
            file.is_closed("all have ended");
            all_are_free(&served, &file);
            ["late", "at late"].into_iter().for_each(|gate| served.cabinet.0.shut(gate));
        }
    }
}

/// A handler that nobody knew to be slow holds what it came with, too.
#[test]
fn a_handler_that_lingers_counts() {
    for way in [Way::Set, Way::Threads] {
        let (served, file) = (served(way), Marked::new());
        served.cabinet.0.open("open");
        let pipeline = served.connection().unwrap().pipelined();
        let drawer = Drawer::client(pipeline.clone());
        let lingers = drawer.linger(file.fd(), "gate");
        pipeline.flush();
        served.cabinet.0.wait_for("at gate");
        // It has been taken over when what comes behind it on its connection is answered.
        assert_eq!(drawer.add(1).wait().unwrap(), 2);
        let held: Vec<_> = (1..MOST).map(|_| drawer.hold(file.fd(), "gate")).collect();
        is_refused(drawer.hold(file.fd(), "open").wait());
        served.cabinet.0.open("gate");
        drop(lingers.wait().unwrap());
        held.into_iter().for_each(|call| drop(call.wait().unwrap()));
        all_are_free(&served, &file);
    }
}
