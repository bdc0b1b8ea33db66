//! What a warm call asks of the allocator: nothing, at either side.
//!
//! One test in a program of its own: all that this process allocates is counted, the server's part, too.
mod common;
use common::{Way, listen};
use rpc_core::{Connection, Context, Error, Pending, Server, Service};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Calls of one round.
const CALLS: u64 = 1000;

/// The first rounds grow whatever is kept for those behind them. And on a busy machine a handler may lose its CPU, so that it is
/// taken for a slow one, which costs an allocation or two: what a call itself asks for is asked for in every round.
const ROUNDS: usize = 10;

/// Pipelined calls under way at once.
const OUTSTANDING: usize = 64;

#[derive(Service)]
enum Small<'a> {
    #[rpc(returns = u64)]
    Add { number: u64 },
    #[rpc(returns = u64)]
    Length { text: &'a str },
    /// Its answer owns memory.
    #[rpc(returns = String)]
    Repeat { text: &'a str },
}

struct Handler;

impl SmallHandler for Handler {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }
    fn length(&self, _cx: &Context, text: &str) -> u64 {
        text.len() as u64
    }
    fn repeat(&self, _cx: &Context, text: &str) -> String {
        text.to_owned()
    }
}

/// How often `CALLS` calls ask for memory, once they are warm.
fn allocations(mut call: impl FnMut(u64)) -> Option<usize> {
    let asked = || ALLOCATOR.stats().allocations + ALLOCATOR.stats().reallocations;
    let mut round = || {
        let before = asked();
        (0..CALLS).for_each(&mut call);
        asked() - before
    };
    (0..ROUNDS).map(|_| round()).min()
}

/// The same with `OUTSTANDING` of them under way: each turn waits for the oldest, and begins one more.
fn allocations_of_pipelined(begin: impl Fn(u64) -> Pending<u64>, is_right: impl Fn(u64, u64) -> bool) -> Option<usize> {
    let mut under_way = std::collections::VecDeque::with_capacity(OUTSTANDING);
    allocations(|call| {
        if under_way.len() == OUTSTANDING
            && let Some((call, pending)) = under_way.pop_front()
        {
            let answer: Result<u64, Error> = Pending::wait(pending);
            assert!(is_right(call, answer.unwrap()));
        }
        under_way.push_back((call, begin(call)));
    })
}

#[test]
fn a_warm_call_allocates_nothing() {
    for way in [Way::Local, Way::Set, Way::Threads, Way::Tcp] {
        let directory = tempfile::tempdir().unwrap();
        let served = listen(way, Server::new(Small::serve(Handler)), &directory);
        let connection = match &served {
            Some(server) => Connection::connect(&server.addresses()[0].to_string()).unwrap(),
            None => Connection::local(Small::serve(Handler)),
        };
        let client = Small::client(connection.clone());
        let pipelined = Small::client(connection.pipelined());
        let numbers = allocations(|call| assert_eq!(client.add(call).unwrap(), call + 1));
        let texts = allocations(|_| assert_eq!(client.length("some text").unwrap(), 9));
        let many = allocations_of_pipelined(|call| pipelined.add(call), |call, answer| answer == call + 1);
        let many_texts = allocations_of_pipelined(|_| pipelined.length("some text"), |_, answer| answer == 9);
        let owning = allocations(|_| assert_eq!(client.repeat("text").unwrap(), "text"));
        let counted = [numbers, texts, many, many_texts];
        println!(
            "{way:?}: {CALLS} calls with numbers, texts, and {OUTSTANDING} of each under way: {counted:?} allocations"
        );
        assert_eq!(counted, [Some(0); 4], "{way:?}");
        // What the handler makes, and what its caller gets: were they not counted, nothing would be.
        assert_eq!(owning, Some(2 * CALLS as usize), "{way:?}");
    }
}
