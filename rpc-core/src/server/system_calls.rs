//! What a call costs the kernel: counted, because a benchmark would only show it as noise.
use super::Server;
use super::engine::Driver;
use super::pitfalls::on_one_cpu;
use crate::{Connect, Connection, Context, Service};
use std::sync::atomic::Ordering::SeqCst;

/// The least that a service can do.
#[derive(Service)]
enum Counter {
    /// One more.
    #[rpc(returns = u64)]
    Add { number: u64 },
}

struct Adds;

impl CounterHandler for Adds {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }
}

const CALLS: usize = 100;

/// What comes between only adds calls (a signal, a handler that looks slow on a busy machine), so the least is the truth.
const ROUNDS: usize = 50;

/// recv, send at the client; recv, send, wait at the server.
type Counted = [usize; 5];

/// A lone caller writes once and reads once, and so does the server, which may wait once as well.
#[test]
fn a_warm_call_costs_one_write_and_one_read_a_side() {
    let directory = tempfile::tempdir().unwrap();
    let address = directory.path().join("counter");
    let listening = Server::new(Counter::serve(Adds)).listen(address.to_str().unwrap()).unwrap();
    let connection = Connection::connect(address.to_str().unwrap()).unwrap();
    let client = Counter::client(connection.clone());
    let Driver::Set(set) = &listening.engine.driver else { panic!("on Linux there is a set") };
    let link = listening.engine.all_links().pop().expect("the client's");
    let count = || -> Counted {
        let (client, server) = (connection.counts().expect("a socket").so_far(), link.stream().counts().so_far());
        [client.0, client.1, server.0, server.1, set.waits.load(SeqCst)]
    };
    let round = || -> Counted {
        // Warm: the service is open, the socket's timeout is set, buffers are there.
        assert_eq!(client.add(0).unwrap(), 1);
        let before = count();
        (0..CALLS as u64).for_each(|number| assert_eq!(client.add(number).unwrap(), number + 1));
        let after = count();
        std::array::from_fn(|at| after[at] - before[at])
    };
    let rounds: Vec<Counted> = (0..ROUNDS).map(|_| round()).collect();
    let least: Counted = std::array::from_fn(|at| rounds.iter().map(|counted| counted[at]).min().unwrap());
    assert_eq!(least[..4], [CALLS; 4], "recv and send at the client, then at the server; all rounds: {rounds:?}");
    assert!(least[4] <= CALLS, "waits of the server; all rounds: {rounds:?}");
    drop(client);
    listening.stop();
}

/// Few, so that on a busy machine some round of many is left alone.
const CONNECTIONS: usize = 20;

/// A hello that has come by the time its connection is accepted is answered then. So the server waits for a connection and for its
/// call, and hears of its end with the next one.
#[test]
fn a_connection_with_one_call_is_waited_for_twice() {
    on_one_cpu();
    let directory = tempfile::tempdir().unwrap();
    let address = directory.path().join("counter");
    let address = address.to_str().unwrap();
    let listening = Server::new(Counter::serve(Adds)).listen(address).unwrap();
    let Driver::Set(set) = &listening.engine.driver else { panic!("on Linux there is a set") };
    let round = || {
        let before = set.waits.load(SeqCst);
        (0..CONNECTIONS as u64).for_each(|number| assert_eq!(visit(address, number), number + 1));
        set.waits.load(SeqCst) - before
    };
    let rounds: Vec<usize> = (0..2 * ROUNDS).map(|_| round()).collect();
    let least = *rounds.iter().min().unwrap();
    assert!(least <= CONNECTIONS * 5 / 2, "waits of the server for {CONNECTIONS} connections; all rounds: {rounds:?}");
    listening.stop();
}

fn visit(address: &str, number: u64) -> u64 {
    let connection = Connect::new(address).service(Counter::INFO).connect().unwrap();
    Counter::client(connection).add(number).unwrap()
}
