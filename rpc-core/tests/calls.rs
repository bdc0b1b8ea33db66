//! Calls, on every driver.
mod common;
use common::*;
use rpc_core::{Blame, Client, Error, Limits, Outcome};
use std::time::{Duration, Instant};

#[test]
fn every_kind_of_argument_and_answer() {
    on_all(|_, probe| {
        assert_eq!(probe.add(1).unwrap(), 2);
        assert_eq!(probe.echo("grüße").unwrap(), "grüße");
        assert_eq!(probe.bytes(&[0, 255, 7]).unwrap(), [0, 255, 7]);
        assert_eq!(probe.fail(false).unwrap(), Ok(3));
        assert_eq!(probe.fail(true).unwrap(), Err(Failure::Asked { why: "you asked".to_owned() }));
        probe.note("a", "").unwrap();
        probe.note("lost", "panic").expect("whoever calls one way is not told how it went");
        probe.note("b", "").unwrap();
        assert_eq!(probe.notes().unwrap(), ["a", "b"]);
    });
}

#[test]
fn large_messages_both_ways() {
    on_all(|_, probe| {
        for size in [0, 1, 10_000, 16 << 10, 65_536, 1 << 20, (4 << 20) - 100] {
            let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
            assert!(probe.bytes(&bytes).unwrap() == bytes, "{size} bytes");
        }
        assert_eq!(probe.add(1).unwrap(), 2);
    });
}

#[test]
fn one_connection_used_by_many_threads() {
    on_all(|_, probe| {
        std::thread::scope(|scope| {
            for thread in 0..32u64 {
                let probe = probe.clone();
                scope.spawn(move || {
                    for call in 0..200 {
                        let number = thread * 1_000_000 + call;
                        assert_eq!(probe.add(number).unwrap(), number + 1);
                    }
                    let text = "x".repeat(thread as usize * 1000);
                    assert_eq!(probe.echo(&text).unwrap(), text);
                });
            }
        });
    });
}

#[test]
fn a_slow_call_holds_up_nobody() {
    on_sockets(|served, probe| {
        let gates = served.handler.gates.clone();
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| probe.wait("gate"));
            gates.wait_for("at gate");
            let start = Instant::now();
            assert_eq!(probe.add(1).unwrap(), 2, "on the same connection");
            assert_eq!(served.connect().unwrap().add(1).unwrap(), 2, "and on another");
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
            gates.open("gate");
            slow.join().unwrap().unwrap();
        });
    });
}

#[test]
fn many_slow_calls_at_once() {
    on_sockets(|served, probe| {
        let gates = served.handler.gates.clone();
        std::thread::scope(|scope| {
            let slow: Vec<_> = (0..40)
                .map(|call| {
                    let probe = &probe;
                    scope.spawn(move || if call % 2 == 0 { probe.wait("gate") } else { probe.wait_apart("gate") })
                })
                .collect();
            gates.wait_for("at gate");
            for number in 0..50 {
                assert_eq!(probe.add(number).unwrap(), number + 1);
            }
            gates.open("gate");
            slow.into_iter().for_each(|call| call.join().unwrap().unwrap());
        });
    });
}

/// One-way calls finish before later calls of their connection are entered, slow ones too.
#[test]
fn one_way_calls_keep_their_order() {
    on_sockets(|served, probe| {
        for round in ["first", "learned"] {
            served.handler.notes.lock().unwrap().clear();
            probe.note("1", "").unwrap();
            probe.note("2", round).unwrap();
            served.handler.gates.wait_for(&format!("at {round}"));
            let notes = std::thread::scope(|scope| {
                let notes = scope.spawn(|| probe.notes());
                // It comes to rest behind the note that waits; a call on another connection is not held up.
                assert_eq!(served.connect().unwrap().add(1).unwrap(), 2);
                served.handler.gates.open(round);
                notes.join().unwrap().unwrap()
            });
            assert_eq!(notes, ["1", "2"]);
        }
    });
}

#[test]
fn a_panic_is_told_at_once_and_without_its_text() {
    on_all(|_, probe| {
        let start = Instant::now();
        let error = probe.panic().unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(matches!(&error, Error::Panicked { method } if method == "Probe.panic"), "{error}");
        assert_eq!((error.outcome(), error.blame()), (Outcome::Executed, Blame::Service));
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(probe.add(1).unwrap(), 2);
    });
}

#[test]
fn a_request_over_the_limit() {
    on_all(|_, probe| {
        let error = probe.bytes(&vec![0; 5 << 20]).unwrap_err();
        assert!(matches!(error, Error::TooLarge { size, limit: 4_194_304, .. } if size > 5 << 20), "{error:?}");
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert_eq!(probe.add(1).unwrap(), 2);
    });
}

#[test]
fn a_reply_over_the_limit() {
    on_all(|_, probe| {
        let error = probe.make(5 << 20).unwrap_err();
        assert!(matches!(error, Error::TooLarge { size, limit: 4_194_304, .. } if size > 5 << 20), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Executed);
        assert_eq!(probe.add(1).unwrap(), 2);
    });
}

#[test]
fn deadlines() {
    on_sockets(|served, probe| {
        for call in [
            Box::new(|probe: &ProbeClient| probe.timeout(Duration::from_millis(50)).wait("never"))
                as Box<dyn Fn(_) -> _>,
            Box::new(|probe: &ProbeClient| probe.timeout(Duration::from_millis(50)).wait_apart("never")),
        ] {
            let start = Instant::now();
            let error = call(&probe).unwrap_err();
            assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert!(start.elapsed() >= Duration::from_millis(50) && start.elapsed() < Duration::from_secs(5));
            assert_eq!(probe.add(1).unwrap(), 2, "the connection goes on");
        }
        served.handler.gates.open("never");
        // The late answers come now, and are nobody's.
        assert_eq!(probe.add(1).unwrap(), 2);
    });
}

#[test]
fn a_handler_sees_its_deadline_and_its_caller() {
    on_all(|served, probe| {
        let (left, user) = probe.facts().unwrap();
        assert!(left.is_some_and(|left| left > 5000 && left <= 7000), "the method's own default: {left:?}");
        assert_eq!(user, served.way != Way::Tcp);
        let (left, _) = probe.timeout(Duration::from_secs(60)).facts().unwrap();
        assert!(left.is_some_and(|left| left > 58_000));
        assert_eq!(probe.no_deadline().facts().unwrap().0, None);
        assert!(probe.timeout(Duration::MAX).facts().unwrap().0.is_some(), "no clock overflows");
    });
}

#[test]
fn the_layer_put_on_last_wins() {
    on_all(|_, probe| {
        let (left, _) = probe.timeout(Duration::from_secs(60)).timeout(Duration::from_secs(3)).facts().unwrap();
        assert!(left.unwrap() <= 3000);
        let seen = std::sync::Mutex::new(Vec::new());
        probe.layer(|call: &mut rpc_core::Outgoing<'_>| seen.lock().unwrap().push(call.name())).add(1).unwrap();
        assert_eq!(*seen.lock().unwrap(), ["Probe.add"]);
    });
}

#[test]
fn a_call_given_up_is_cancelled_at_the_handler() {
    on_sockets(|served, probe| {
        // Both sides see the deadline at the same moment, so either may be the first to say so.
        let _ = probe.timeout(Duration::from_millis(500)).until_cancelled("by deadline");
        served.handler.gates.wait_for("by deadline");
        let dropped = rpc_core::Connection::connect(&served.address()).unwrap().pipelined();
        let pending = Probe::client(dropped).until_cancelled("by drop");
        served.handler.gates.wait_for("at by drop");
        drop(pending);
        served.handler.gates.wait_for("by drop");
    });
}

#[test]
fn pipelined() {
    on_all(|served, _| {
        let connection = match served.way {
            Way::Local => rpc_core::Connection::local(Probe::serve(served.handler.clone())),
            _ => rpc_core::Connection::connect(&served.address()).unwrap(),
        };
        let probe = Probe::client(connection.pipelined());
        // More than may be in flight: room comes from answers that nobody waits for yet.
        let pending: Vec<_> = (0..700).map(|number| probe.add(number)).collect();
        for (number, answer) in pending.into_iter().enumerate() {
            assert_eq!(answer.wait().unwrap(), number as u64 + 1);
        }
        // What nobody waits for is sent all the same.
        probe.note("noted", "").wait().unwrap();
        let alone = probe.echo("alone");
        drop(probe);
        assert_eq!(alone.wait().unwrap(), "alone");
    });
}

/// More callers than the server takes calls: they wait for room, and none fails.
#[test]
fn more_callers_than_calls_in_flight() {
    for way in SOCKETS {
        let mut limits = Limits::default();
        limits.calls_max = 4;
        let served = Served::with(way, limits);
        let probe = served.connect().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| (0..50).for_each(|number| assert_eq!(probe.add(number).unwrap(), number + 1)));
            }
        });
        // And room that does not come in time is an error that says so.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| probe.wait_apart("room").unwrap());
            }
            served.handler.gates.wait_for("at room");
            while probe.timeout(Duration::from_millis(10)).add(1).is_ok() {}
            let error = probe.timeout(Duration::from_millis(10)).add(1).unwrap_err();
            assert!(matches!(error, Error::Deadline { outcome: Outcome::NotSent, .. }), "{error:?}");
            served.handler.gates.open("room");
        });
    }
}

#[test]
fn too_many_slow_calls_are_refused_before_they_run() {
    for way in SOCKETS {
        let mut limits = Limits::default();
        limits.jobs_max = 3;
        let served = Served::with(way, limits);
        let probe = served.connect().unwrap();
        std::thread::scope(|scope| {
            for call in 0..3 {
                let (probe, gates) = (&probe, &served.handler.gates);
                scope.spawn(move || probe.wait_apart(&format!("full {call}")).unwrap());
                gates.wait_for(&format!("at full {call}"));
            }
            let error = probe.wait_apart("over").unwrap_err();
            assert!(matches!(error, Error::Overloaded { .. }), "{error:?}");
            assert_eq!(error.outcome(), Outcome::Refused);
            assert_eq!(probe.add(1).unwrap(), 2, "short calls still run");
            (0..3).for_each(|call| served.handler.gates.open(&format!("full {call}")));
        });
    }
}

#[test]
fn a_connection_tells_its_opening_and_its_server() {
    for way in SOCKETS {
        let served = Served::new(way);
        let start = Instant::now();
        let connection = rpc_core::Connection::connect(&served.address()).unwrap();
        let opening = connection.opening().unwrap();
        assert!(opening.connect > Duration::ZERO && opening.handshake > Duration::ZERO, "{opening:?}");
        assert!(opening.connect + opening.handshake <= start.elapsed(), "{opening:?}");
        let peer = connection.peer().unwrap();
        // Over TCP nothing is known.
        let known = (way != Way::Tcp).then(std::process::id);
        assert_eq!((peer.pid, peer.uid.is_some()), (known, known.is_some()));
    }
    let local = rpc_core::Connection::local(Probe::serve(Handler::default()));
    assert_eq!((local.opening(), local.peer()), (None, None));
}

#[test]
fn ping_and_instance() {
    on_sockets(|served, _| {
        let connection = rpc_core::Connection::connect(&served.address()).unwrap();
        assert!(connection.ping(Duration::from_secs(5)).unwrap() > Duration::ZERO);
        let again = rpc_core::Connection::connect(&served.address()).unwrap();
        assert_eq!(connection.instance(), again.instance());
        let other = Served::new(served.way);
        let other = rpc_core::Connection::connect(&other.address()).unwrap();
        assert_ne!(connection.instance(), other.instance());
    });
}

#[test]
fn two_services_of_one_name_are_not_served() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let twice = rpc_core::Server::new(Probe::serve(Handler::default())).add(Probe::serve(Handler::default()));
    let error = twice.listen(path.to_str().unwrap()).unwrap_err();
    assert!(matches!(&error, Error::DuplicateService { service } if service == "Probe"), "{error}");
    assert!(!path.exists());
}
