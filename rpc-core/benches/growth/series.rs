//! What grows, and what a call costs then.
use super::server::{Work, connect};
use super::wide;
use rpc_core::Pending;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One thing that grows.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// Above its chart.
    pub(crate) title: &'static str,
    /// Whether its sizes are bytes.
    pub(crate) is_bytes: bool,
    pub(crate) sizes: &'static [u64],
    /// Microseconds of a call at this size, with the server at this address, measured for at least so long.
    pub(crate) measure: fn(u64, &str, Duration) -> f64,
}

pub(crate) const ALL: &[Series] = &[
    Series {
        name: "connections",
        title: "A call, by the number of connections, which take turns",
        is_bytes: false,
        sizes: &[1, 10, 100, 1000, 10_000],
        measure: connections,
    },
    Series {
        name: "in-flight",
        title: "A call, by the number of calls in flight on one connection",
        is_bytes: false,
        sizes: &[1, 10, 100, 1000, 10_000],
        measure: in_flight,
    },
    Series {
        name: "methods",
        title: "A call, by the number of methods in the service, which take turns",
        is_bytes: false,
        sizes: wide::METHODS,
        measure: methods,
    },
    Series {
        name: "bytes",
        title: "A call, by the size of what it carries there and back",
        is_bytes: true,
        sizes: &[1, 16, 256, 4 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20],
        measure: bytes,
    },
];

/// Microseconds of one of the `calls` of a round, after one round to warm up.
fn repeated(time: Duration, calls: u64, mut round: impl FnMut()) -> f64 {
    round();
    let (start, mut rounds) = (Instant::now(), 0);
    while rounds == 0 || start.elapsed() < time {
        round();
        rounds += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / (rounds * calls) as f64
}

fn connections(count: u64, address: &str, time: Duration) -> f64 {
    let clients: Vec<_> = (0..count).map(|_| Work::client(connect(address))).collect();
    repeated(time, count, || {
        for (client, number) in clients.iter().zip(0..) {
            assert_eq!(client.add(number).expect("an answer"), number + 1);
        }
    })
}

/// Always waits for the oldest call, and begins another.
fn in_flight(count: u64, address: &str, time: Duration) -> f64 {
    let connection = connect(address);
    let client = Work::client(connection.pipelined());
    let mut pending: VecDeque<Pending<u64>> = (0..count).map(|number| client.add(number)).collect();
    let micros = repeated(time, count, || {
        for number in 0..count {
            let answer = pending.pop_front().expect("some are under way").wait();
            assert_eq!(answer.expect("an answer"), number + 1);
            pending.push_back(client.add(number));
        }
    });
    for (answer, number) in pending.into_iter().zip(0..) {
        assert_eq!(answer.wait().expect("an answer"), number + 1);
    }
    micros
}

fn methods(count: u64, address: &str, time: Duration) -> f64 {
    let calls = wide::calls(count, &connect(address));
    assert_eq!(calls.len() as u64, count);
    repeated(time, count, || {
        for (call, number) in calls.iter().zip(0..) {
            assert_eq!(call(number).expect("an answer"), number + 1);
        }
    })
}

/// Sends what came back: a caller who owns what it sends copies nothing.
fn bytes(count: u64, address: &str, time: Duration) -> f64 {
    let (client, mut payload) = (Work::client(connect(address)), vec![7; count as usize]);
    repeated(time, 1, || {
        payload = client.echo(std::mem::take(&mut payload)).expect("an answer");
        assert_eq!((payload.len() as u64, payload.last()), (count, Some(&7)));
    })
}
