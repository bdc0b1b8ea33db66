//! Roles that pass from thread to thread, on both sides, under every mixture of fast, slow, one-way, pipelined and
//! abandoned calls. A lost wake-up shows as a call that ends at its deadline: none may.
mod common;
use common::*;
use rpc_core::{Client, Connection, Error, Limits};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// How long a scenario goes on.
const TIME: Duration = Duration::from_millis(1500);

/// Far longer than any call takes, however loaded the machine is.
const PATIENCE: Duration = Duration::from_secs(15);

/// Numbers that look random, the same in every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// One thread's calls. Gives how many notes it has left.
fn player(number: u64, connections: &[Connection], calls: &AtomicU64) -> (usize, u64) {
    let mut dice = Dice(number * 0x9e37_79b9 + 1);
    // Its notes go over one connection, so that they have an order.
    let mine = (number as usize) % connections.len();
    let mut notes = 0;
    let start = Instant::now();
    while start.elapsed() < TIME {
        calls.fetch_add(1, Relaxed);
        let connection = &connections[dice.below(connections.len() as u64) as usize];
        let probe = Probe::client(connection.clone());
        let probe = probe.timeout(PATIENCE);
        let seed = dice.below(u64::MAX);
        match dice.below(100) {
            0..50 => assert_eq!(probe.add(seed).unwrap(), seed.wrapping_add(1)),
            50..60 => {
                let text = "x".repeat(dice.below(50_000) as usize);
                assert_eq!(probe.echo(&text).unwrap(), text);
            }
            60..65 => probe.compute(Duration::from_micros(dice.below(4000))).unwrap(),
            65..70 => assert_eq!(probe.make(dice.below(300_000)).unwrap().first().copied().unwrap_or(7), 7),
            70..80 => {
                let noter = Probe::client(connections[mine].clone());
                noter.timeout(PATIENCE).note(&format!("{number} {notes}"), "").unwrap();
                notes += 1;
            }
            80..90 => {
                let pipeline = Probe::client(connection.pipelined());
                let pipeline = pipeline.timeout(PATIENCE);
                let pending: Vec<_> = (0..dice.below(20)).map(|at| (at, pipeline.add(at))).collect();
                for (at, answer) in pending {
                    // Some are dropped instead.
                    if at % 5 != 4 {
                        assert_eq!(answer.wait().unwrap(), at + 1);
                    }
                }
            }
            90..95 => match probe.timeout(Duration::from_micros(dice.below(3000))).compute(Duration::from_millis(1)) {
                Ok(()) | Err(Error::Deadline { .. }) => {}
                Err(error) => panic!("{error:?}"),
            },
            95..97 => assert!(matches!(probe.panic().unwrap_err(), Error::Panicked { .. })),
            _ => assert!(connection.ping(PATIENCE).unwrap() < PATIENCE),
        }
    }
    (mine, notes)
}

/// More calls under way than the server takes, from one thread that has not waited for any.
#[test]
fn more_pending_calls_than_there_is_room() {
    on_sockets(|served, _| {
        let connection = Connection::connect(&served.address()).unwrap();
        let probe = Probe::client(connection.pipelined());
        let probe = probe.timeout(PATIENCE);
        let pending: Vec<_> = (0..2000).map(|number| probe.add(number)).collect();
        for (number, answer) in pending.into_iter().enumerate() {
            assert_eq!(answer.wait().unwrap(), number as u64 + 1);
        }
    });
}

/// Arguments that can be encoded only once.
struct Once(AtomicBool);

impl rpc_core::Encode for Once {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        assert!(!self.0.swap(true, SeqCst), "encoded again");
        out.push(1);
        Ok(())
    }
}

/// All others wait behind a caller whose turn for room it is: so a `Serialize` impl that panics, calls, or takes its time
/// has had its turn before.
#[test]
fn what_waits_for_room_is_encoded_once() {
    let mut limits = Limits::default();
    limits.calls_max = 1;
    let served = Served::with(Way::Set, limits);
    let connection = Connection::connect(&served.address()).unwrap();
    let probe = Probe::client(connection.clone());
    let info = <Probe<'_> as rpc_core::Service>::INFO;
    let add = info.methods().iter().find(|method| method.name == "add").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| probe.wait_apart("room").unwrap());
        served.handler.gates.wait_for("at room");
        let waits = scope.spawn(|| {
            let once = Once(false.into());
            rpc_core::Channel::call::<u64>(&connection, rpc_core::Outgoing::new(info, add, &once))
        });
        // Nothing tells that a caller waits for room. Without this pause it mostly would not have to, and the test would show
        // nothing; it does not fail for it.
        std::thread::sleep(Duration::from_millis(50));
        served.handler.gates.open("room");
        assert_eq!(waits.join().expect("encoded once").unwrap(), 2);
        assert_eq!(probe.timeout(Duration::from_secs(2)).add(2).unwrap(), 3, "room is for the next one");
    });
}

/// A call may be queued while another thread writes, which then has nothing more to do here: the call must not wait for
/// what that thread asked for.
#[test]
fn a_call_queued_behind_another_threads_write() {
    let served = Served::new(Way::Set);
    let connection = Connection::connect(&served.address()).unwrap();
    let (probe, pipeline) = (Probe::client(connection.clone()), Probe::client(connection.pipelined()));
    probe.add(1).unwrap();
    let (together, failed) = (std::sync::Barrier::new(3), AtomicBool::new(false));
    let rounds = 2000;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..rounds {
                together.wait();
                let pending = pipeline.timeout(PATIENCE).wait_apart("later");
                together.wait();
                served.handler.gates.open("later");
                pending.wait().unwrap_or_else(|error| panic!("round {round}: {error:?}"));
                if failed.load(SeqCst) {
                    return;
                }
                served.handler.gates.shut("later");
            }
        });
        for caller in 0..2u64 {
            let (probe, together, failed) = (probe.timeout(Duration::from_secs(4)), &together, &failed);
            scope.spawn(move || {
                for round in 0..rounds {
                    together.wait();
                    // Sometimes a little later, so that all places of the other's write are met.
                    (0..(round * 7 + caller * 13) % 60 * 8).for_each(|_| std::hint::spin_loop());
                    let answer = probe.add(round);
                    failed.fetch_or(answer.is_err(), SeqCst);
                    together.wait();
                    if failed.load(SeqCst) {
                        return assert!(answer.is_ok(), "round {round}: {answer:?}");
                    }
                }
            });
        }
    });
}

/// A thread that writes for others, to a socket that takes no more, goes when its own answer is there.
#[test]
fn an_answer_that_comes_while_others_requests_are_written() {
    let served = Served::new(Way::Set);
    let gates = &served.handler.gates;
    let connection = Connection::connect(&served.address()).unwrap();
    let (probe, pipeline) = (Probe::client(connection.clone()), Probe::client(connection.pipelined()));
    let probe = probe.timeout(PATIENCE);
    std::thread::scope(|scope| {
        let slow = |gate: &'static str| {
            let probe = &probe;
            let caller = scope.spawn(move || probe.wait_apart(gate));
            gates.wait_for(&format!("at {gate}"));
            caller
        };
        let first = slow("first");
        let second = slow("second");
        // From here on the server reads no more of this connection, and most of the request stays here.
        probe.note("", "hold").unwrap();
        gates.wait_for("at hold");
        let large = pipeline.timeout(PATIENCE * 2).bytes(&vec![7; 3 << 20]);
        // Whichever of the two takes what is queued cannot write it.
        let start = Instant::now();
        gates.open("second");
        second.join().unwrap().unwrap();
        gates.open("first");
        first.join().unwrap().unwrap();
        let took = start.elapsed();
        gates.open("hold");
        assert!(took < PATIENCE / 3, "it took {took:?}");
        assert_eq!(large.wait().unwrap().len(), 3 << 20);
    });
}

fn scenario(way: Way, players: u64, connections: usize, limits: Limits) {
    let served = Served::with(way, limits);
    let connections: Vec<_> = (0..connections).map(|_| Connection::connect(&served.address()).unwrap()).collect();
    let calls = AtomicU64::new(0);
    let left: Vec<_> = std::thread::scope(|scope| {
        let (connections, calls) = (&connections, &calls);
        let players: Vec<_> =
            (0..players).map(|number| scope.spawn(move || player(number, connections, calls))).collect();
        players.into_iter().map(|player| player.join().unwrap()).collect()
    });
    // One-way calls have finished before a later call of their connection is entered.
    for connection in &connections {
        Probe::client(connection.clone()).add(1).unwrap();
    }
    let notes = served.handler.notes.lock().unwrap().clone();
    for (number, (_, count)) in left.iter().enumerate() {
        let of_player = |note: &&String| note.split_once(' ').is_some_and(|(player, _)| player == number.to_string());
        let order: Vec<_> = notes.iter().filter(of_player).cloned().collect();
        let expected: Vec<_> = (0..*count).map(|note| format!("{number} {note}")).collect();
        assert_eq!(order, expected, "the notes of player {number}");
    }
    let start = Instant::now();
    let Served { server, .. } = served;
    assert_eq!(server.unwrap().stop().cut, 0);
    assert!(start.elapsed() < Duration::from_secs(4), "stopping took {:?}", start.elapsed());
    eprintln!("{way:?}: {} calls of {players} threads", calls.load(Relaxed));
}

#[test]
fn many_threads_on_few_connections() {
    scenario(Way::Set, 12, 3, Limits::default());
}

#[test]
fn many_threads_on_one_connection_with_little_room() {
    let mut limits = Limits::default();
    limits.calls_max = 24;
    scenario(Way::Set, 8, 1, limits);
}

#[test]
fn with_a_thread_for_each_connection() {
    scenario(Way::Threads, 12, 3, Limits::default());
}

#[test]
fn over_tcp() {
    scenario(Way::Tcp, 8, 2, Limits::default());
}
