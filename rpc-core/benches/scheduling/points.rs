//! What is measured.
use super::report::{Report, Times};
use super::server::{Driver, Process, Work, WorkClient};
use rpc_core::{Connection, Error, Pending};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A point's name, and how it is measured; the number says by how much less than thoroughly.
pub(crate) type Point = (&'static str, fn(u64, &mut Report));

pub(crate) const ALL: &[Point] = &[
    ("lone", lone),
    ("behind", behind),
    ("beside-200", beside_200),
    ("many-700", many_700),
    ("computing", computing),
    ("idle-10000", idle_10000),
    ("idle-cpu", idle_cpu),
];

/// A slow call: far above what a standby needs to notice it.
const SLOW: Duration = Duration::from_millis(8);

/// Quick runs after which a slow method is not slow any more, and some.
const UNLEARN: u64 = 20;

/// What a computing handler computes.
const COMPUTED: Duration = Duration::from_micros(200);

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).expect("a short time")
}

fn timed(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_secs_f64() * 1e6
}

fn client(connection: &Connection) -> WorkClient {
    Work::client(connection.clone())
}

fn pings(client: &WorkClient, count: u64) -> Times {
    Times::new(
        (0..count).map(|number| timed(|| assert_eq!(client.ping(number).expect("an answer"), number + 1))).collect(),
    )
}

/// Calls that nobody waits for yet.
fn sleeps(connection: &Connection, count: usize, time: Duration) -> Vec<Pending<()>> {
    let pipeline = connection.pipelined();
    let work = Work::client(pipeline.clone());
    let pending = (0..count).map(|_| work.sleep(micros(time))).collect();
    pipeline.flush();
    pending
}

/// So many ended well, and so many were refused.
fn ends(pending: Vec<Pending<()>>) -> (usize, usize) {
    let answers: Vec<_> = pending.into_iter().map(Pending::wait).collect();
    let refused = answers.iter().filter(|answer| matches!(answer, Err(Error::Overloaded { .. }))).count();
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done + refused, answers.len(), "neither done nor refused: {answers:?}");
    (done, refused)
}

fn raw_pings(count: u64) -> Times {
    let server = Process::start(Driver::Raw);
    let mut stream = UnixStream::connect(server.address()).expect("a connection");
    let mut ping = || {
        let mut bytes = [7; 24];
        stream.write_all(&bytes).expect("it listens");
        stream.read_exact(&mut bytes).expect("it answers");
    };
    Times::new((0..count).map(|_| timed(&mut ping)).collect())
}

fn lone(effort: u64, report: &mut Report) {
    let count = 40_000 / effort;
    let raw = raw_pings(count);
    let server = Process::start(Driver::Set);
    let framework = pings(&client(&server.connect()), count);
    report.row("a ping, a bare socket", raw.p50_and_p99(), "");
    report.row("a ping", framework.p50_and_p99(), &format!("({:.2} of raw)", framework.at(0.5) / raw.at(0.5)));
}

fn behind(effort: u64, report: &mut Report) {
    let server = Process::start(Driver::Set);
    let (connection, other) = (server.connect(), server.connect());
    let samples = (60 / effort).max(3);
    for (place, asked) in [("the same connection", &connection), ("another", &other)] {
        let ping = client(asked);
        pings(&ping, 100);
        let sample = |unlearn: u64| {
            (0..unlearn).for_each(|_| client(&connection).sleep(0).expect("an answer"));
            let slow = sleeps(&connection, 1, SLOW);
            let took = timed(|| assert_eq!(ping.ping(1).expect("an answer"), 2));
            ends(slow);
            took
        };
        let first = Times::new((0..samples).map(|_| sample(UNLEARN)).collect());
        let learned = Times::new((0..samples).map(|_| sample(0)).collect());
        report.row(format!("behind a first slow call, {place}"), first.p50_and_max(), "≤ 2 ms");
        report.row(format!("behind a learned slow call, {place}"), learned.p50_and_max(), "≤ 0.2 ms");
    }
}

fn beside_200(effort: u64, report: &mut Report) {
    for (place, connections) in [("one connection", 1), ("200 connections", 200)] {
        let server = Process::start(Driver::Set);
        let connections: Vec<_> = (0..connections).map(|_| server.connect()).collect();
        let ping = client(&server.connect());
        pings(&ping, 100);
        for state in ["cold", "warm"] {
            let each = 200 / connections.len();
            let time = Duration::from_millis(100);
            let slow: Vec<_> = connections.iter().flat_map(|connection| sleeps(connection, each, time)).collect();
            let times = pings(&ping, 1000 / effort);
            assert_eq!(ends(slow), (200, 0));
            report.row(format!("beside 200 slow calls on {place}, {state}"), times.p50_and_max(), "< 2 ms");
        }
    }
}

fn many_700(_: u64, report: &mut Report) {
    let server = Process::start(Driver::Set);
    let connections: Vec<_> = (0..4).map(|_| server.connect()).collect();
    let ping = client(&server.connect());
    pings(&ping, 100);
    // Learned before: a stolen call is one thread more.
    client(&connections[0]).sleep(micros(SLOW)).expect("an answer");
    let time = Duration::from_millis(500);
    let slow: Vec<_> = connections.iter().flat_map(|connection| sleeps(connection, 175, time)).collect();
    let (mut times, begun) = (Vec::new(), Instant::now());
    // Threads come one after the other; most calls still run then.
    while begun.elapsed() < time.mul_f64(0.8) {
        times.push(timed(|| assert_eq!(ping.ping(1).expect("an answer"), 2)));
    }
    let (times, threads) = (Times::new(times), server.threads());
    let (done, refused) = ends(slow);
    let (ended, patience) = (Instant::now(), Duration::from_secs(20));
    while server.threads() > 8 && ended.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(100));
    }
    report.row("700 slow calls: done, refused", format!("{done}, {refused}"), "500, 200");
    report.row("  threads meanwhile", threads.to_string(), "≤ 505");
    report.row(
        "  threads after",
        format!("{} ({:.1} s)", server.threads(), ended.elapsed().as_secs_f64()),
        "few, 5 s after",
    );
    report.row("  a ping beside", times.p50_and_max(), "< 2 ms");
}

/// Calls a second of so many connections that compute, and pings beside them.
fn compute(driver: Driver, connections: usize, time: Duration) -> (f64, Times) {
    let server = Process::start(driver);
    let (over, ping) = (AtomicBool::new(false), client(&server.connect()));
    let until_over = || {
        let work = client(&server.connect());
        let mut calls = 0;
        while !over.load(Relaxed) {
            work.compute(micros(COMPUTED)).expect("an answer");
            calls += 1;
        }
        calls
    };
    std::thread::scope(|scope| {
        let start = Instant::now();
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(until_over)).collect();
        let mut pings = Vec::new();
        while start.elapsed() < time {
            pings.push(timed(|| assert_eq!(ping.ping(1).expect("an answer"), 2)));
            std::thread::sleep(Duration::from_millis(1));
        }
        over.store(true, Relaxed);
        let calls: u32 = workers.into_iter().map(|worker| worker.join().expect("it went well")).sum();
        (f64::from(calls) / start.elapsed().as_secs_f64(), Times::new(pings))
    })
}

fn computing(effort: u64, report: &mut Report) {
    let time = Duration::from_millis(1500 / effort);
    for connections in [16, 4, 2, 1] {
        // They take turns: what else the machine does is for both.
        let rounds: Vec<_> =
            (0..3).map(|_| [Driver::Threads, Driver::Set].map(|driver| compute(driver, connections, time))).collect();
        let median = |of: fn(&[(f64, Times); 2]) -> f64| Times::new(rounds.iter().map(of).collect()).at(0.5);
        let [threads, set] = [median(|round| round[0].0), median(|round| round[1].0)];
        let ratio = median(|round| round[1].0 / round[0].0);
        let name = format!("{connections} connections × 200 µs of computing");
        report.row(&name, format!("{set:.0} calls/s"), &format!("{ratio:.2} of a thread each: {threads:.0}; 1"));
        let figure = |p50: f64, p99: f64| format!("p50 {:.3} p99 {:.3} ms", p50 / 1e3, p99 / 1e3);
        let set = figure(median(|round| round[1].1.at(0.5)), median(|round| round[1].1.at(0.99)));
        let threads = figure(median(|round| round[0].1.at(0.5)), median(|round| round[0].1.at(0.99)));
        report.row("  a ping beside", set, &format!("p50 ≤ 0.5 ms (a thread each: {threads})"));
    }
}

fn idle_10000(effort: u64, report: &mut Report) {
    let count = 10_000 / effort;
    let server = Process::start(Driver::Set);
    let ping = client(&server.connect());
    let alone = pings(&ping, 20_000 / effort);
    let (before, mut idle) = (server.own_kib(), Vec::new());
    for _ in 0..count {
        match Connection::connect(&server.address()) {
            Ok(connection) => idle.push(connection),
            Err(error) => {
                return report.row("10,000 idle connections", format!("only {}: {error}", idle.len()), "10000");
            }
        }
    }
    let beside = pings(&ping, 20_000 / effort);
    let each = (server.own_kib() - before) as f64 / count as f64;
    report.row(format!("{count} idle connections: each"), format!("{each:.2} KiB"), "≤ 0.25 KiB");
    let ratio = format!("{:.2} of alone: {:.3}; ≤ 2", beside.at(0.5) / alone.at(0.5), alone.at(0.5) / 1e3);
    report.row("  a ping beside", beside.p50_and_p99(), &ratio);
    report.row("  threads", server.threads().to_string(), "few");
}

fn idle_cpu(_: u64, report: &mut Report) {
    let server = Process::start(Driver::Set);
    let connections: Vec<_> = (0..100).map(|_| server.connect()).collect();
    pings(&client(&connections[0]), 1000);
    // Until the standby sleeps.
    std::thread::sleep(Duration::from_millis(300));
    let before = server.cpu_time();
    std::thread::sleep(Duration::from_secs(2));
    let used = server.cpu_time() - before;
    report.row("CPU in 2 s with 100 idle connections", format!("{:.2} ms", used.as_secs_f64() * 1e3), "0.00 ms");
}
