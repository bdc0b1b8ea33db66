//! Connections that are made when they are needed: who makes them, how often, and what callers notice.
#![cfg(unix)]
mod common;
use common::scripted::numbers::{Numbers, numbers};
use common::scripted::*;
use common::{Gates, Handler, Probe, ProbeClient};
use rpc_core::{Client, Connection, Context, Error, Limits, Outcome, Reconnect, Server, Service, Sink};
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A moment that no test waits for when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

type Made = Result<Scripted, Error>;

/// What comes of each attempt to connect, in turn; then good channels.
#[derive(Clone)]
struct Network {
    results: Arc<Mutex<VecDeque<Made>>>,
    attempts: Arc<AtomicUsize>,
}

impl Network {
    fn new(results: impl IntoIterator<Item = Made>) -> Self {
        Self { results: Arc::new(Mutex::new(results.into_iter().collect())), attempts: Arc::default() }
    }

    fn connect(&self) -> Made {
        self.attempts.fetch_add(1, SeqCst);
        self.results.lock().unwrap().pop_front().unwrap_or_else(|| Ok(Scripted::new()))
    }

    fn client(&self) -> ProbeClient<Reconnect<Scripted>> {
        let network = self.clone();
        Probe::client(Reconnect::new(move || network.connect()))
    }

    fn attempts(&self) -> usize {
        self.attempts.load(SeqCst)
    }
}

fn nobody() -> Error {
    Connection::connect("@nobody is here").unwrap_err()
}

#[test]
fn the_first_call_connects_and_others_share_it() {
    let network = Network::new([]);
    let probe = network.client();
    assert_eq!(network.attempts(), 0);
    let gate = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                gate.wait();
                (0..10).for_each(|number| assert_eq!(probe.clone().add(number).unwrap(), number + 1));
            });
        }
    });
    assert_eq!(network.attempts(), 1);
}

#[test]
fn a_connection_that_is_gone_is_replaced() {
    let protocol = |outcome| Error::Protocol { problem: "p".to_owned(), outcome };
    let stopping = Error::ShuttingDown { method: "m".to_owned() };
    for error in [lost(Outcome::NotSent), lost(Outcome::Unknown), protocol(Outcome::Unknown), stopping] {
        let network = Network::new([Ok(Scripted::new().fails_with(1, error.clone()))]);
        let probe = network.client();
        let failed = probe.add(1).unwrap_err();
        assert_eq!(failed.to_string(), error.to_string());
        assert_eq!(network.attempts(), 1, "nothing is repeated");
        assert_eq!(probe.add(1).unwrap(), 2);
        assert_eq!(network.attempts(), 2);
    }
}

#[test]
fn other_failures_leave_it_alone() {
    let method = || "m".to_owned();
    let late = Error::Deadline { method: method(), allowed: PATIENCE, outcome: Outcome::Unknown };
    let network = Network::new([Ok(Scripted::new()
        .fails_with(1, overloaded())
        .fails_with(1, Error::Panicked { method: method() })
        .fails_with(1, late))]);
    let probe = network.client();
    (0..3).for_each(|_| drop(probe.add(1).unwrap_err()));
    assert_eq!(probe.add(1).unwrap(), 2);
    assert_eq!(network.attempts(), 1);
}

/// Two calls over one connection fail. Between the two, somebody has connected anew.
#[test]
fn a_late_failure_spares_the_newer_connection() {
    let gates = Gates::default();
    let held = gates.clone();
    let old = Scripted::new()
        .fails(move |_| {
            held.open("sent");
            held.pass("fail");
            lost(Outcome::Unknown)
        })
        .fails_with(1, lost(Outcome::Unknown));
    let network = Network::new([Ok(old)]);
    let probe = network.client();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| probe.add(1));
        gates.wait_for("sent");
        probe.add(1).unwrap_err();
        assert_eq!(probe.add(1).unwrap(), 2);
        assert_eq!(network.attempts(), 2);
        gates.open("fail");
        slow.join().unwrap().unwrap_err();
    });
    assert_eq!(probe.add(1).unwrap(), 2);
    assert_eq!(network.attempts(), 2, "the newer connection was thrown away");
}

#[test]
fn one_failed_attempt_fails_all_who_wait_for_it() {
    let gates = Gates::default();
    let (held, attempts) = (gates.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = attempts.clone();
    let probe = Probe::client(Reconnect::<Scripted>::new(move || {
        counted.fetch_add(1, SeqCst);
        held.open("connecting");
        held.pass("refuse");
        Err(nobody())
    }));
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| probe.add(1))).collect();
        gates.wait_for("connecting");
        gates.open("refuse");
        for caller in callers {
            assert!(matches!(caller.join().unwrap(), Err(Error::Connect(_))));
        }
    });
    // Whoever came to it only after the failure has waited for the next attempt.
    assert!(attempts.load(SeqCst) <= 2, "{} attempts", attempts.load(SeqCst));
}

#[test]
fn failing_connects_are_not_hammered() {
    let refusals = (0..10_000).map(|_| Err(nobody()));
    let network = Network::new(refusals);
    let probe = network.client();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while start.elapsed() < Duration::from_millis(300) {
                    probe.add(1).unwrap_err();
                }
            });
        }
    });
    // The shortest waits there can be, each a fifth shorter than it is without jitter.
    let (mut most, mut wait, mut left) = (2, 0.004, start.elapsed().as_secs_f64());
    while left > wait {
        (most, left, wait) = (most + 1, left - wait, wait * 1.6);
    }
    assert!((4..=most).contains(&network.attempts()), "{} attempts, at most {most}", network.attempts());
}

#[test]
fn a_call_within_the_pause_waits_for_the_next_attempt() {
    let network = Network::new([Err(nobody()), Err(nobody()), Err(nobody())]);
    let probe = network.client();
    (0..3).for_each(|_| drop(probe.add(1).unwrap_err()));
    let start = Instant::now();
    assert_eq!(probe.add(1).unwrap(), 2);
    assert!(start.elapsed() >= Duration::from_millis(9), "the third pause took {:?}", start.elapsed());
    assert_eq!(network.attempts(), 4);
}

#[test]
fn a_call_that_the_pause_outlasts_fails_at_once() {
    let network = Network::new([Err(nobody()), Err(nobody()), Err(nobody()), Err(nobody())]);
    let probe = network.client();
    (0..4).for_each(|_| drop(probe.add(1).unwrap_err()));
    let error = probe.timeout(Duration::from_millis(1)).add(1).unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{error}");
    assert_eq!(network.attempts(), 4);
}

#[test]
fn connecting_does_not_keep_a_call_past_its_deadline() {
    let (gates, attempts) = (Gates::default(), Arc::new(AtomicUsize::new(0)));
    let (held, counted) = (gates.clone(), attempts.clone());
    let probe = Probe::client(Reconnect::new(move || {
        counted.fetch_add(1, SeqCst);
        held.pass("connect");
        Ok(Scripted::new())
    }));
    let limit = Duration::from_millis(50);
    let error = probe.timeout(limit).add(1).unwrap_err();
    assert!(matches!(error, Error::Deadline { allowed, .. } if allowed == limit), "{error}");
    assert_eq!(error.outcome(), Outcome::NotSent);
    gates.open("connect");
    assert_eq!(probe.add(1).unwrap(), 2);
    assert_eq!(attempts.load(SeqCst), 1, "the attempt under way was for the next call, too");
}

/// The call itself has what connecting has left of its time.
#[test]
fn connecting_counts() {
    let channel = Scripted::new();
    let made = channel.clone();
    let probe = Probe::client(Reconnect::new(move || {
        std::thread::sleep(Duration::from_millis(20));
        Ok(made.clone())
    }));
    let limit = Duration::from_secs(1);
    probe.timeout(limit).add(1).unwrap();
    channel.close();
    let stream = numbers(probe.timeout(limit).channel());
    assert!(channel.allowed().iter().all(|allowed| allowed.unwrap() <= Duration::from_millis(980)));
    assert_eq!(channel.calls(), 2);
    drop(stream);
}

#[test]
fn a_panic_while_connecting_is_an_error() {
    let panicked = AtomicBool::new(false);
    let probe = Probe::client(Reconnect::new(move || {
        if !panicked.swap(true, SeqCst) {
            std::panic::resume_unwind(Box::new("a bug"));
        }
        Ok(Scripted::new())
    }));
    let error = probe.add(1).unwrap_err();
    assert!(matches!(error, Error::System { .. }), "{error}");
    assert_eq!(probe.add(1).unwrap(), 2);
}

/// No call over them has failed: they say so themselves.
#[test]
fn streams_find_a_closed_connection_out() {
    let one = || {
        Scripted::over(Connection::local(Numbers(|_: &Context, mut out: Sink<u64>| {
            out.send(&1)?;
            Ok(())
        })))
    };
    let network = Network::new([Ok(one()), Ok(one())]);
    let first = network.results.lock().unwrap()[0].as_ref().unwrap().clone();
    let connecting = network.clone();
    let reconnect = Reconnect::new(move || connecting.connect());
    let all = || numbers(&reconnect).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!((all(), all()), (vec![1], vec![1]));
    assert_eq!(network.attempts(), 1);
    first.close();
    assert_eq!(all(), [1]);
    assert_eq!((network.attempts(), first.calls()), (2, 2));
}

#[test]
fn a_stream_without_a_connection_fails_when_it_is_read() {
    let network = Network::new([Err(nobody())]);
    let reconnect = Reconnect::new(move || network.connect());
    assert!(matches!(numbers(&reconnect).recv(), Some(Err(Error::Connect(_)))));
}

/// A server that greets and then leaves, again and again.
#[test]
fn connections_that_are_over_at_once_do_not_spin() {
    let network = Network::new((0..1000).map(|_| {
        let channel = Scripted::new().fails_with(1, lost(Outcome::NotSent));
        channel.close();
        Ok(channel)
    }));
    let error = network.client().add(1).unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error}");
    assert!(network.attempts() <= 2, "{} attempts for one call", network.attempts());
}

/// What ran is written down.
#[derive(Service)]
enum Ledger {
    #[rpc(returns = u64)]
    Enter { nonce: u64 },
    #[rpc(returns = u64, idempotent)]
    EnterAgain { nonce: u64 },
    #[rpc(returns = (), blocking)]
    Stuck { nonce: u64 },
    #[rpc(returns = (), blocking, idempotent)]
    StuckAgain { nonce: u64 },
}

#[derive(Clone, Default)]
struct Book {
    entries: Arc<Mutex<Vec<u64>>>,
    gates: Gates,
}

impl LedgerHandler for Book {
    fn enter(&self, _cx: &Context, nonce: u64) -> u64 {
        self.entries.lock().unwrap().push(nonce);
        nonce
    }
    fn enter_again(&self, cx: &Context, nonce: u64) -> u64 {
        self.enter(cx, nonce)
    }
    fn stuck(&self, cx: &Context, nonce: u64) {
        self.enter(cx, nonce);
        self.gates.open(&format!("at {nonce}"));
        self.gates.pass("end");
    }
    fn stuck_again(&self, cx: &Context, nonce: u64) {
        self.stuck(cx, nonce);
    }
}

impl Book {
    fn count(&self, nonce: u64) -> usize {
        self.entries.lock().unwrap().iter().filter(|entry| **entry == nonce).count()
    }
}

/// Servers come and go on one address while threads call: not one call fails, and none runs twice.
fn handover(address: &str, rounds: usize) {
    let book = Book::default();
    let listen = |address: &str| Server::new(Ledger::serve(book.clone())).listen(address).unwrap();
    let mut server = listen(address);
    let address = server.addresses()[0].to_string();
    let to = address.clone();
    let ledger = Ledger::client(Reconnect::new(move || Connection::connect(&to))).retry(30);
    let (nonces, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let acknowledged: Vec<u64> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut acknowledged = Vec::new();
                    while !over.load(SeqCst) {
                        let nonce = nonces.fetch_add(1, SeqCst);
                        let entered = if nonce % 2 == 0 {
                            ledger.enter(nonce)
                        } else {
                            ledger.timeout(PATIENCE).enter_again(nonce)
                        };
                        match entered {
                            Ok(answer) => {
                                acknowledged.push((answer == nonce).then_some(nonce).expect("its own answer"))
                            }
                            Err(error) => panic!("a call failed: {error}"),
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        let _stop = Stop(&over);
        for round in 0..rounds {
            let enough = book.entries.lock().unwrap().len() + 1 + round % 7 * 20;
            let start = Instant::now();
            while book.entries.lock().unwrap().len() < enough {
                assert!(start.elapsed() < PATIENCE, "round {round}: nobody calls any more");
                std::thread::yield_now();
            }
            assert_eq!(server.stop().cut, 0);
            server = listen(&address);
        }
        over.store(true, SeqCst);
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    let book = book.entries.lock().unwrap();
    let ran: HashSet<u64> = book.iter().copied().collect();
    assert_eq!(ran.len(), book.len(), "a server that stops in order leaves nothing to run twice");
    assert_eq!(acknowledged.len(), book.len());
    assert!(acknowledged.iter().all(|nonce| ran.contains(nonce)));
    eprintln!("{} calls over {rounds} servers", book.len());
}

/// Ends the callers also when their test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn no_call_fails_while_servers_come_and_go() {
    let directory = tempfile::tempdir().unwrap();
    handover(directory.path().join("s").to_str().unwrap(), 60);
}

#[test]
fn no_call_fails_while_servers_come_and_go_over_tcp() {
    handover("tcp:127.0.0.1:0", 30);
}

/// A server is cut off with calls under way, whose outcome nobody knows then.
#[test]
fn what_may_have_run_is_repeated_only_if_it_is_idempotent() {
    let directory = tempfile::tempdir().unwrap();
    let address = directory.path().join("s").to_str().unwrap().to_owned();
    let book = Book::default();
    let mut limits = Limits::default();
    limits.drain_time_max = Duration::ZERO;
    let server = Server::new(Ledger::serve(book.clone())).limits(limits).listen(&address).unwrap();
    let to = address.clone();
    let ledger = Ledger::client(Reconnect::new(move || Connection::connect(&to))).retry(30);
    std::thread::scope(|scope| {
        let (once, again) = (scope.spawn(|| ledger.stuck(1)), scope.spawn(|| ledger.stuck_again(2)));
        book.gates.wait_for("at 1");
        book.gates.wait_for("at 2");
        assert_eq!(server.stop().cut, 2);
        let error = once.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error}");
        book.gates.shut("at 2");
        let _successor = Server::new(Ledger::serve(book.clone())).listen(&address).unwrap();
        book.gates.wait_for("at 2");
        book.gates.open("end");
        again.join().unwrap().unwrap();
    });
    assert_eq!((book.count(1), book.count(2)), (1, 2));
}

/// The server died while nobody called: no call fails for that, also where nothing is ever tried twice.
#[test]
fn an_idle_connection_whose_server_was_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let address = directory.path().join("s").to_str().unwrap().to_owned();
    let serve = || Server::new(Probe::serve(Handler::default())).listen(&address).unwrap();
    let to = address.clone();
    let reconnect = Reconnect::new(move || Connection::connect(&to));
    let probe = Probe::client(reconnect);
    for round in 0..20 {
        let server = serve();
        match round % 2 {
            0 => assert_eq!(probe.echo("a").unwrap(), "a"),
            _ => probe.note("a", "").unwrap(),
        }
        assert_eq!(server.stop().cut, 0);
    }
}
