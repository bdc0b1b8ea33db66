//! This framework's side of the comparison.
use super::case::{Calls, HANDLER_TIME, OUTSTANDING, WARM_CALLS};
use super::flows::{Flows, FlowsHere};
use super::measure::{Amount, Run, Tally, cpu_time};
use super::raw::{Numbers, threads};
use rpc_core::{Connect, Connection, Context, Limits, Listening, Pending, Server, Service};
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

/// The least that a service can do.
#[derive(Service)]
pub(crate) enum Counter {
    /// One more.
    #[rpc(returns = u64)]
    Add {
        /// Than this.
        number: u64,
    },
    /// The same, [`HANDLER_TIME`] later.
    #[rpc(returns = u64)]
    AddLate {
        /// Than this.
        number: u64,
    },
}

struct Adds;

impl CounterHandler for Adds {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }

    fn add_late(&self, _cx: &Context, number: u64) -> u64 {
        std::thread::sleep(HANDLER_TIME);
        number + 1
    }
}

pub(crate) fn listen(address: &Path, polls: bool) -> Listening {
    let address = address.to_str().expect("a path in UTF-8");
    let server = Server::new(Counter::serve(Adds)).add(Flows::serve(FlowsHere)).limits(limits(polls));
    server.listen(address).expect("a server")
}

pub(crate) fn connect(address: &str) -> Connection {
    connect_by(address, true)
}

fn connect_by(address: &str, polls: bool) -> Connection {
    Connect::new(address).service(Counter::INFO).limits(limits(polls)).connect().expect("a connection")
}

/// The defaults, but for the largest echo.
fn limits(polls: bool) -> Limits {
    let mut limits = Limits::default();
    limits.frame_bytes_max = 17 << 20;
    if !polls {
        limits.poll_time_max = Duration::ZERO;
    }
    limits
}

/// One call at a time on each of so many connections.
pub(crate) fn single(address: &str, calls: Calls, amount: Amount) -> Run {
    threads(calls.connections, calls.warm(), amount, || {
        let client = Counter::client(connect_by(address, calls.polls));
        let mut numbers = Numbers::default();
        move |amount| {
            Tally::of(amount, || {
                let number = numbers.next_number();
                let answer = if calls.waits { client.add_late(number) } else { client.add(number) };
                assert_eq!(answer.expect("an answer"), number + 1);
            })
        }
    })
}

/// Always waits for the oldest call, and begins another.
pub(crate) fn outstanding(address: &str, amount: Amount) -> Run {
    let connection = connect(address);
    let client = Counter::client(connection.pipelined());
    let mut numbers = Numbers::default();
    let mut pending: VecDeque<(u64, Pending<u64>)> = VecDeque::with_capacity(OUTSTANDING);
    let mut begin = |pending: &mut VecDeque<_>| {
        let number = numbers.next_number();
        pending.push_back((number, client.add(number)));
    };
    let finish = |pending: &mut VecDeque<(u64, Pending<u64>)>| {
        let (number, answer) = pending.pop_front().expect("some are under way");
        assert_eq!(answer.wait().expect("an answer"), number + 1);
    };
    for _ in 0..OUTSTANDING {
        begin(&mut pending);
    }
    for _ in 0..WARM_CALLS {
        finish(&mut pending);
        begin(&mut pending);
    }
    let (start, cpu, mut calls) = (Instant::now(), cpu_time(), 0);
    while !amount.is_done(start, Instant::now(), calls) {
        for _ in 0..OUTSTANDING {
            finish(&mut pending);
            begin(&mut pending);
        }
        calls += OUTSTANDING as u64;
    }
    let (took, cpu) = (start.elapsed(), cpu_time() - cpu);
    while !pending.is_empty() {
        finish(&mut pending);
    }
    Run::new(vec![Tally { calls, latencies: Vec::new() }], WARM_CALLS + OUTSTANDING as u64, took, cpu)
}
