//! A process that is told to end, on both drivers: what it finishes, what it cuts, and what a second signal does.
#![cfg(unix)]
mod common;
use common::raw::*;
use rpc_core::fixture::TestServer;
use rpc_core::{Connection, Context, Error, Limits, Outcome, Server, Service};
use std::env;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

const TERM: i32 = 15;
const INT: i32 = 2;

/// Tell the server process where to serve, on which driver, and how long it may drain.
const ADDRESS: &str = "RPC_STOPPING_TEST";
const DRIVER: &str = "RPC_STOPPING_DRIVER";
const DRAIN_MS: &str = "RPC_STOPPING_DRAIN_MS";

/// Both ways to be served.
const DRIVERS: [&str; 2] = ["set", "threads"];

/// So long that only a test that fails notices.
const LONG: Duration = Duration::from_secs(10);

#[derive(Service)]
enum Work {
    /// Returns when the server is told to stop.
    #[rpc(returns = u32)]
    UntilStopped { number: u32 },
    /// Never returns.
    #[rpc(returns = ())]
    Stuck,
    /// The same on a thread of its own, from the start.
    #[rpc(returns = (), blocking)]
    StuckApart,
    /// One more.
    #[rpc(returns = u32)]
    Add { number: u32 },
    /// So many bytes.
    #[rpc(returns = Vec<u8>)]
    Make { size: u64 },
    /// Returns when its caller does not wait any more.
    #[rpc(returns = ())]
    UntilGivenUp,
}

/// Methods, by their place.
const ADD: u32 = 3;
const MAKE: u32 = 4;

struct Worker;

impl WorkHandler for Worker {
    fn until_stopped(&self, cx: &Context, number: u32) -> u32 {
        println!("until_stopped runs");
        while !cx.is_stopping() {
            std::thread::yield_now();
        }
        number
    }
    fn stuck(&self, _cx: &Context) {
        println!("stuck runs");
        loop {
            std::thread::park();
        }
    }
    fn stuck_apart(&self, cx: &Context) {
        self.stuck(cx);
    }
    fn add(&self, _cx: &Context, number: u32) -> u32 {
        number + 1
    }
    fn make(&self, _cx: &Context, size: u64) -> Vec<u8> {
        println!("make runs");
        vec![7; size as usize]
    }
    fn until_given_up(&self, cx: &Context) {
        println!("until_given_up runs");
        while !cx.is_cancelled() {
            std::thread::yield_now();
        }
    }
}

#[test]
#[ignore = "a server process"]
fn serves() {
    let Ok(address) = env::var(ADDRESS) else { return };
    let mut limits = Limits::default();
    limits.drain_time_max = Duration::from_millis(env::var(DRAIN_MS).unwrap().parse().unwrap());
    let server = Server::new(Work::serve(Worker)).limits(limits);
    let server = if env::var(DRIVER).unwrap() == "threads" { server.thread_per_connection() } else { server };
    let server = server.listen(&address).unwrap().catch_signals().unwrap();
    println!("listening on {}", server.addresses()[0]);
    let drained = server.run().unwrap();
    println!("drained: {drained}");
}

fn start(driver: &'static str, drain: Duration) -> TestServer {
    let options = ["--exact", "serves", "--ignored", "--nocapture", "--quiet"];
    TestServer::start(env::current_exe().unwrap(), move |command, address| {
        let command = command.args(options).env(ADDRESS, address).env(DRIVER, driver);
        command.env(DRAIN_MS, drain.as_millis().to_string())
    })
    .unwrap()
}

/// A raw connection on which the service is open.
fn opened(server: &TestServer) -> Raw {
    let mut raw = Raw::to(server.address());
    raw.open(Some(("Work", Work::INFO.fingerprint().0)));
    raw
}

/// By either signal: what runs is finished, nothing new is taken, and the report says so.
#[test]
fn the_first_signal_finishes_what_runs() {
    for driver in DRIVERS {
        for signal in [TERM, INT] {
            let server = start(driver, LONG);
            let connection = Connection::connect(server.address()).unwrap();
            let pending = Work::client(connection.pipelined()).until_stopped(7);
            connection.pipelined().flush();
            server.wait_for("until_stopped runs").unwrap();
            server.signal(signal).unwrap();
            assert_eq!(pending.wait().unwrap(), 7, "{driver}");
            let late = Work::client(connection).add(1).unwrap_err();
            assert!(matches!(late.outcome(), Outcome::Refused | Outcome::NotSent), "{driver}: {late:?}");
            assert!(server.wait().unwrap().success());
            let told = server.wait_for("drained: ").unwrap();
            assert_eq!(told, "calls: 1 finished, 0 refused, 0 cut; connections: 0 cut", "{driver}");
        }
    }
}

/// Handlers that never end: the process ends in time all the same, and says which they were. Calls behind the goodbye have
/// not run, and their callers know.
#[test]
fn a_stuck_handler_does_not_keep_the_process() {
    for driver in DRIVERS {
        let server = start(driver, Duration::from_millis(300));
        let connections = [(); 2].map(|()| Connection::connect(server.address()).unwrap());
        let [first, second] = connections.each_ref().map(|connection| Work::client(connection.pipelined()));
        let here = first.stuck();
        server.wait_for("stuck runs").unwrap();
        let apart = second.stuck_apart();
        server.wait_for("stuck runs").unwrap();
        let start = Instant::now();
        server.signal(TERM).unwrap();
        let refused = loop {
            match Work::client(connections[0].clone()).add(1) {
                Ok(_) => assert!(start.elapsed() < LONG, "{driver}: it goes on"),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, Error::ShuttingDown { .. }), "{driver}: {refused:?}");
        assert_eq!(refused.outcome(), Outcome::Refused);
        for pending in [here, apart] {
            let cut = pending.wait().unwrap_err();
            assert!(matches!(cut, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{driver}: {cut:?}");
        }
        assert!(server.wait().unwrap().success(), "{driver}");
        assert!(start.elapsed() < LONG, "{driver}: {:?}", start.elapsed());
        let told = server.wait_for("drained: ").unwrap();
        assert!(told.contains(" 2 cut; connections: 2 cut; cut: Work.stuck after "), "{driver}: {told}");
        let caller = format!(" of process {}", std::process::id());
        assert!(told.contains(", Work.stuck_apart after ") && told.ends_with(&caller), "{driver}: {told}");
    }
}

/// Whoever does not want to wait for the drain sends another signal.
#[test]
fn the_second_signal_forces() {
    for driver in DRIVERS {
        for (first, second) in [(TERM, TERM), (INT, INT), (TERM, INT)] {
            let server = start(driver, Duration::from_secs(600));
            let connection = Connection::connect(server.address()).unwrap();
            let stuck = Work::client(connection.pipelined()).stuck();
            connection.pipelined().flush();
            server.wait_for("stuck runs").unwrap();
            server.signal(first).unwrap();
            // It has been heard when calls are refused.
            let start = Instant::now();
            while Work::client(connection.clone()).add(1).is_ok() {
                assert!(start.elapsed() < LONG, "{driver}: it goes on");
            }
            server.signal(second).unwrap();
            assert_eq!(server.wait().unwrap().signal(), Some(second), "{driver}");
            assert_eq!(stuck.wait().unwrap_err().outcome(), Outcome::Unknown);
        }
    }
}

/// They are not run and not answered: the goodbye has said it. The report counts them, whatever was wrong with them.
#[test]
fn calls_behind_the_goodbye() {
    for driver in DRIVERS {
        let server = start(driver, LONG);
        let connection = Connection::connect(server.address()).unwrap();
        let waits = Work::client(connection.pipelined()).until_given_up();
        connection.pipelined().flush();
        server.wait_for("until_given_up runs").unwrap();
        let mut raw = opened(&server);
        raw.send(&call(7, ADD, &(1u32,)));
        assert_eq!(raw.frame().kind, REPLY);
        server.signal(TERM).unwrap();
        let goodbye = raw.frame();
        assert_eq!((goodbye.kind, goodbye.call), (GOODBYE, 7), "{driver}: it names the last call");
        raw.send(&[call(8, ADD, &(1u32,)), call(9, 99, &()), frame(CALL, 10, &[]), frame(PING, 11, &[])].concat());
        assert_eq!(
            raw.frame(),
            Frame { kind: PONG, call: 11, body: Vec::new() },
            "{driver}: the calls are not answered"
        );
        drop((waits, connection));
        assert!(server.wait().unwrap().success());
        let told = server.wait_for("drained: ").unwrap();
        assert_eq!(told, "calls: 1 finished, 3 refused, 0 cut; connections: 0 cut", "{driver}");
    }
}

/// A peer that does not read what it asked for, not even the goodbye.
#[test]
fn a_client_that_does_not_read_does_not_keep_the_process() {
    for driver in DRIVERS {
        let server = start(driver, Duration::from_millis(300));
        let mut raw = opened(&server);
        raw.send(&(1..=8).flat_map(|id| call(id, MAKE, &(1u64 << 20,))).collect::<Vec<_>>());
        server.wait_for("make runs").unwrap();
        let start = Instant::now();
        server.stop().unwrap();
        assert!(start.elapsed() < LONG, "{driver}: {:?}", start.elapsed());
        // How many of its calls came before the goodbye is chance.
        let told = server.wait_for("drained: ").unwrap();
        assert!(told.ends_with(", 0 cut; connections: 1 cut"), "{driver}: {told}");
    }
}
