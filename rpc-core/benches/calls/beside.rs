//! Calls one at a time, while another thread moves as much as it can over the same connection.
use super::case::WARM_CALLS;
use super::flows::Flows;
use super::framework::{Counter, connect};
use super::measure::{Amount, Run, Tally, cpu_time};
use super::raw::Numbers;
use rpc_core::Connection;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

/// What a large call carries, there and back or back alone.
const LARGE_BYTES: usize = 1 << 20;

pub(crate) fn stream(address: &str, amount: Amount) -> Run {
    beside(connect(address), amount, |connection| {
        let mut bulk = Flows::client(connection).bulk();
        move || bulk.recv().expect("it has no end").expect("an item").len()
    })
}

pub(crate) fn echo(address: &str, amount: Amount) -> Run {
    beside(connect(address), amount, |connection| {
        let (flows, bytes) = (Flows::client(connection), vec![7; LARGE_BYTES]);
        move || flows.echo(bytes.clone()).expect("the same bytes").len()
    })
}

pub(crate) fn replies(address: &str, amount: Amount) -> Run {
    beside(connect(address), amount, |connection| {
        let flows = Flows::client(connection);
        move || flows.make(LARGE_BYTES as u64).expect("so many bytes").len()
    })
}

/// Measures calls while what `prepare` makes is done again and again, which tells how many bytes it has moved.
fn beside<B: FnMut() -> usize>(
    connection: Connection,
    amount: Amount,
    prepare: impl FnOnce(Connection) -> B + Send,
) -> Run {
    let (bulk_bytes, enough, (begun, begins)) = (AtomicU64::new(0), AtomicBool::new(false), mpsc::channel());
    std::thread::scope(|scope| {
        let (shared, bulk_bytes, enough) = (connection.clone(), &bulk_bytes, &enough);
        scope.spawn(move || {
            let mut bulk = prepare(shared);
            while !enough.load(Ordering::Relaxed) {
                bulk_bytes.fetch_add(bulk() as u64, Ordering::Relaxed);
                // Whoever measures has gone on long ago, but for the first time.
                let _ = begun.send(());
            }
        });
        begins.recv().expect("something is moved");
        let (client, mut numbers) = (Counter::client(connection), Numbers::default());
        let mut call = || {
            let number = numbers.next_number();
            assert_eq!(client.add(number).expect("an answer"), number + 1);
        };
        (0..WARM_CALLS).for_each(|_| call());
        let (start, cpu, before) = (Instant::now(), cpu_time(), bulk_bytes.load(Ordering::Relaxed));
        let tally = Tally::of(amount, call);
        let (took, cpu, after) = (start.elapsed(), cpu_time() - cpu, bulk_bytes.load(Ordering::Relaxed));
        enough.store(true, Ordering::Relaxed);
        Run { bulk_bytes: (after - before) as f64, ..Run::new(vec![tally], WARM_CALLS, took, cpu) }
    })
}
