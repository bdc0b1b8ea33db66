//! What a server tells of how it is doing, on every driver.
mod common;
use common::raw::{self, Raw};
use common::*;
use rpc_core::{
    Client, Connection, Error, Handler as _, Incidents, Introspection, Limits, MethodStats, Server, ServerState,
    Service, Stats,
};
use std::thread;
use std::time::{Duration, Instant};

/// As somebody sees it who connects to ask.
fn told(served: &Served) -> Stats {
    Introspection::connect(&served.address()).unwrap().stats().unwrap()
}

fn method(stats: &Stats, name: &str) -> MethodStats {
    stats.methods.iter().find(|method| method.method == name).unwrap().clone()
}

/// Asks until this holds: what a server does when nobody waits for it any more takes its time.
#[track_caller]
fn until(served: &Served, holds: impl Fn(&Stats) -> bool) -> Stats {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let stats = told(served);
        if holds(&stats) {
            return stats;
        }
        assert!(Instant::now() < end, "{stats:#?}");
        thread::yield_now();
    }
}

#[test]
fn the_server_itself() {
    on_sockets(|served, probe| {
        let before = Instant::now();
        let stats = told(served);
        assert_eq!((stats.pid, stats.state), (std::process::id(), ServerState::Serving));
        let connection = Connection::connect(&served.address()).unwrap();
        assert_eq!(Some(stats.instance), connection.instance());
        assert!(stats.threads >= 2, "{}", stats.threads);
        let later = until(served, |later| later.uptime > stats.uptime);
        assert!(later.uptime - stats.uptime <= before.elapsed());
        // Whoever asks does not show.
        assert_eq!((later.running_total, &*later.running), (0, &[][..]));
        assert!(later.methods.iter().all(|method| method.service == "Probe" && method.calls == 0));
        assert_eq!(later.methods.len(), Probe::INFO.methods().len());
        probe.add(1).unwrap();
        let (inside, outside) = (served.server.as_ref().unwrap().stats(), told(served));
        assert_eq!(inside.methods, outside.methods, "the program sees the same");
    });
}

/// Whoever has an answer finds his call counted.
#[test]
fn calls_are_counted_by_method_and_by_how_they_ended() {
    on_sockets(|served, probe| {
        for number in 0..3 {
            probe.add(number).unwrap();
        }
        assert_eq!(method(&told(served), "add").calls, 3);
        probe.echo("four").unwrap();
        assert!(matches!(probe.panic(), Err(Error::Panicked { .. })));
        assert!(matches!(probe.make(5 << 20), Err(Error::TooLarge { .. })));
        probe.note("a", "").unwrap();
        probe.note("b", "panic").unwrap();
        // One-way calls have ended when a later one of the connection is entered.
        probe.fail(true).unwrap().unwrap_err();
        let stats = told(served);
        let count = |name| {
            let MethodStats { calls, refused, failed, cancelled, .. } = method(&stats, name);
            (calls, refused, failed, cancelled)
        };
        assert_eq!(count("add"), (3, 0, 0, 0));
        assert_eq!(count("panic"), (1, 0, 1, 0));
        assert_eq!(count("make"), (1, 0, 1, 0));
        assert_eq!(count("note"), (2, 0, 1, 0));
        assert_eq!(count("fail"), (1, 0, 0, 0), "a service's own error is an answer");
        assert_eq!(count("notes"), (0, 0, 0, 0));
        let echo = method(&stats, "echo");
        // A length and four letters; the answer has the method's number before it.
        assert_eq!((echo.bytes_in, echo.bytes_out), (5, 6));
    });
}

#[test]
fn calls_are_counted_that_come_together() {
    on_sockets(|served, probe| {
        let pipeline = Probe::client(Connection::connect(&served.address()).unwrap().pipelined());
        let calls: Vec<_> = (0..1000).map(|number| (pipeline.add(number), pipeline.echo("x"))).collect();
        for (add, echo) in calls {
            add.wait().unwrap();
            echo.wait().unwrap();
        }
        probe.add(1).unwrap();
        let stats = told(served);
        assert_eq!(["add", "echo"].map(|name| method(&stats, name).calls), [1001, 1000]);
    });
}

#[test]
fn time_in_handlers() {
    on_sockets(|served, probe| {
        let time = Duration::from_millis(20);
        // First on the thread that reads, and then, when it is known to be slow, on one of its own.
        (0..2).for_each(|_| probe.compute(time).unwrap());
        let compute = method(&told(served), "compute");
        assert!(compute.time_max >= time && compute.time_total >= 2 * time, "{compute:?}");
        assert!(compute.time_total >= compute.time_max);
        // Both below a second, unless the machine was very busy, and none below 10 ms.
        assert_eq!((compute.times.iter().sum::<u64>(), compute.times[..5].iter().sum::<u64>()), (2, 0), "{compute:?}");
    });
}

#[test]
fn calls_that_run_are_told_with_their_callers() {
    on_sockets(|served, probe| {
        let gates = &served.handler.gates;
        let start = Instant::now();
        thread::scope(|scope| {
            for gate in ["here", "apart"] {
                let probe = probe.clone();
                scope.spawn(move || if gate == "here" { probe.wait(gate) } else { probe.wait_apart(gate) }.unwrap());
                gates.wait_for(&format!("at {gate}"));
            }
            let stats = told(served);
            assert_eq!(stats.running_total, 2, "{stats:#?}");
            let names: Vec<_> = stats.running.iter().map(|call| (&*call.service, &*call.method)).collect();
            assert_eq!(names, [("Probe", "wait"), ("Probe", "wait_apart")], "the oldest first");
            assert!(stats.running[0].id < stats.running[1].id);
            assert!(stats.running.iter().all(|call| call.age <= start.elapsed()));
            let later = until(served, |later| later.running[0].age > stats.running[0].age);
            assert_eq!(later.running[0].id, stats.running[0].id);
            let caller = stats.running.iter().map(|call| (call.uid, call.pid));
            let us = (Some(rustix::process::geteuid().as_raw()), Some(std::process::id()));
            let known = if served.way == Way::Tcp { (None, None) } else { us };
            assert!(caller.into_iter().all(|caller| caller == known), "{stats:#?}");
            assert_eq!(method(&stats, "wait").calls, 0, "it has not ended");
            ["here", "apart"].into_iter().for_each(|gate| gates.open(gate));
        });
        let stats = told(served);
        assert_eq!(stats.running, []);
        assert_eq!(["wait", "wait_apart"].map(|name| method(&stats, name).calls), [1, 1]);
    });
}

#[test]
fn calls_that_nobody_waits_for_are_cancelled() {
    on_sockets(|served, probe| {
        let late = probe.timeout(Duration::from_millis(50)).until_cancelled("late");
        assert!(matches!(late, Err(Error::Deadline { .. })));
        let gone = Probe::connect(&served.address()).unwrap();
        thread::scope(|scope| {
            let pending = Probe::client(Connection::connect(&served.address()).unwrap().pipelined());
            let pending = pending.until_cancelled("gone");
            served.handler.gates.wait_for("at gone");
            scope.spawn(move || drop(pending));
        });
        gone.add(1).unwrap();
        let stats = until(served, |stats| method(stats, "until_cancelled").calls == 2);
        let ended = method(&stats, "until_cancelled");
        assert_eq!((ended.cancelled, ended.failed, ended.refused), (2, 0, 0));
        assert_eq!(stats.running, []);
    });
}

#[test]
fn calls_that_do_not_run_are_refused() {
    for way in SOCKETS {
        let (handler, directory) = (Handler::default(), tempfile::tempdir().unwrap());
        let guarded = Probe::serve(handler.clone()).guard(|cx| match cx.method().name {
            "notes" => Err(Error::not_allowed("they are private")),
            _ => Ok(()),
        });
        let mut limits = Limits::default();
        (limits.calls_max, limits.jobs_max) = (2, 2);
        let server = listen(way, Server::new(guarded).limits(limits), &directory).unwrap();
        let address = server.addresses()[0].to_string();
        let probe = Probe::connect(&address).unwrap();
        assert!(matches!(probe.notes(), Err(Error::NotAllowed { .. })));
        // No client of ours sends more calls than it may.
        let mut rude = Raw::to(&address);
        rude.open(Some(("Probe", Probe::INFO.fingerprint().0)));
        let [wait, add] = ["wait_apart", "add"].map(index);
        (1..=2).for_each(|id| rude.send(&raw::call(id, wait, &("gate",))));
        rude.send(&raw::call(3, add, &(1u64,)));
        assert_eq!(rude.fault(), (3, raw::Fault::Overloaded));
        // Its two calls are all that the server runs on threads of their own.
        assert!(matches!(probe.wait_apart("gate"), Err(Error::Overloaded { .. })));
        let stats = server.stats();
        let refused = |name| (method(&stats, name).refused, method(&stats, name).calls);
        assert_eq!(["notes", "wait_apart", "add"].map(refused), [(1, 0); 3], "{way:?}: {stats:#?}");
        handler.gates.open("gate");
    }
}

/// Where a method is known it is told of that; where none is, of the server.
#[test]
fn calls_of_no_method_are_refused() {
    let mut limits = Limits::default();
    limits.frame_bytes_max = 4 << 10;
    for way in SOCKETS {
        let served = Served::with(way, limits.clone());
        let mut rude = Raw::to(&served.address());
        rude.open(Some(("Probe", Probe::INFO.fingerprint().0)));
        let before = told(&served);
        let calls = [
            raw::call(1, 99, &()),
            raw::frame(raw::CALL, 2, &raw::bytes_of(&(7u32, 0u64, 0u32))),
            raw::frame(raw::CALL, 3, &[]),
            raw::call_bytes(4, index("add"), &[0; 8 << 10]),
            raw::call_bytes(5, index("add"), &[]),
        ];
        let faults: Vec<_> = calls.iter().map(|call| (rude.send(call), rude.fault().1).1).collect();
        let told_why = matches!(
            faults[..],
            [
                raw::Fault::UnknownMethod,
                raw::Fault::UnknownService,
                raw::Fault::Malformed(_),
                raw::Fault::RequestTooLarge { .. },
                raw::Fault::Malformed(_)
            ]
        );
        assert!(told_why, "{way:?}: {faults:?}");
        let stats = told(&served);
        assert_eq!((before.refused, stats.refused), (0, 4), "{way:?}");
        let refused = stats.methods.iter().filter(|method| method.refused > 0);
        let refused: Vec<_> = refused.map(|method| (&*method.method, method.refused, method.calls)).collect();
        assert_eq!(refused, [("add", 1, 0)], "{way:?}");
    }
}

fn index(name: &str) -> u32 {
    Probe::INFO.methods().iter().find(|method| method.name == name).unwrap().index
}

#[test]
fn connections_are_counted() {
    let mut limits = Limits::default();
    limits.connections_max = 3;
    for way in SOCKETS {
        let served = Served::with(way, limits.clone());
        let asks = Introspection::connect(&served.address()).unwrap();
        let stats = asks.stats().unwrap().connections;
        assert_eq!((stats.open, stats.opened, stats.refused), (1, 1, 0));
        let others = [(); 2].map(|()| served.connect().unwrap());
        assert_eq!(asks.stats().unwrap().incidents, Incidents::default());
        assert!(matches!(served.connect(), Err(Error::RefusedConnection { .. })));
        let Stats { connections: stats, incidents, .. } = asks.stats().unwrap();
        assert_eq!((incidents.refused, incidents), (1, served.server.as_ref().unwrap().incidents()), "a limit struck");
        assert_eq!((stats.open, stats.opened, stats.refused), (3, 3, 1));
        drop(others);
        let end = Instant::now() + Duration::from_secs(20);
        while asks.stats().unwrap().connections.open > 1 {
            assert!(Instant::now() < end);
        }
        assert_eq!(asks.stats().unwrap().connections.opened, 3);
    }
}

#[test]
fn a_server_may_tell_nothing() {
    for way in SOCKETS {
        let (handler, directory) = (Handler::default(), tempfile::tempdir().unwrap());
        let server = Server::new(Probe::serve(handler)).without_introspection();
        let server = listen(way, server, &directory).unwrap();
        let address = server.addresses()[0].to_string();
        match Introspection::connect(&address) {
            Err(Error::UnknownService { service, known }) => {
                assert_eq!((&*service, &*known), ("Introspection", &["Probe".to_owned()][..]));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(Probe::connect(&address).unwrap().add(1).unwrap(), 2);
        assert_eq!(method(&server.stats(), "add").calls, 1, "the program itself may look");
    }
}
