//! One thread with a call under way on each of several connections: it sends to all of them, then waits for all.
use super::case::{CONNECTIONS, WARM_CALLS};
use super::framework::{Counter, connect};
use super::measure::{Amount, Run, Tally, cpu_time};
use super::raw::{Inbox, Numbers, REPLY_BYTES, REQUEST_BYTES, put};
use rpc_core::Pending;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// Its server has a thread a connection.
pub(crate) fn raw(address: &str, amount: Amount) -> Run {
    let connect = || (UnixStream::connect(address).expect("a connection"), Inbox::new(REPLY_BYTES));
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
    let mut out = Vec::new();
    rounds(amount, |number| {
        out.clear();
        put(number, REQUEST_BYTES, &mut out);
        for (stream, _) in &mut connections {
            stream.write_all(&out).expect("the server reads");
        }
        for (stream, inbox) in &mut connections {
            assert_eq!(inbox.wait(stream), number + 1);
        }
    })
}

/// A request is sent when it is begun, as nothing else is under way on its connection.
pub(crate) fn framework(address: &str, amount: Amount) -> Run {
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| Counter::client(connect(address).pipelined())).collect();
    let mut pending: Vec<Pending<u64>> = Vec::with_capacity(CONNECTIONS);
    rounds(amount, |number| {
        pending.extend(clients.iter().map(|client| client.add(number)));
        for answer in pending.drain(..) {
            assert_eq!(answer.wait().expect("an answer"), number + 1);
        }
    })
}

fn rounds(amount: Amount, mut round: impl FnMut(u64)) -> Run {
    let each = CONNECTIONS as u64;
    let (mut numbers, warm_rounds) = (Numbers::default(), WARM_CALLS / each);
    (0..warm_rounds).for_each(|_| round(numbers.next_number()));
    let (start, cpu, mut calls) = (Instant::now(), cpu_time(), 0);
    while !amount.is_done(start, Instant::now(), calls) {
        round(numbers.next_number());
        calls += each;
    }
    Run::new(vec![Tally { calls, latencies: Vec::new() }], warm_rounds * each, start.elapsed(), cpu_time() - cpu)
}
