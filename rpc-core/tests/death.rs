//! The end of a server, asked for or not: what runs is finished, what does not is refused, and everybody is told.
#![cfg(unix)]
mod common;
use common::bait::*;
use common::raw::*;
use common::{SOCKETS, Way};
use rpc_core::{Client, Connect, Connection, Context, Error, Limits, Outcome, Server, Service};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Tests that count the threads of the process run while no other test does.
static ALONE: RwLock<()> = RwLock::new(());

fn together() -> std::sync::RwLockReadGuard<'static, ()> {
    ALONE.read().unwrap_or_else(PoisonError::into_inner)
}

fn workers() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.unwrap().path().join("comm"));
    tasks.filter_map(|task| name(task).ok()).filter(|name| name.starts_with("rpc-")).count()
}

/// Whoever connects while a server stops hears its welcome, a refusal, or nothing; no goodbye overtakes the welcome.
#[test]
fn a_server_that_stops_greets_before_it_says_goodbye() {
    let _together = together();
    for way in SOCKETS {
        let mut greeted = 0;
        for round in 0..100 {
            let mut target = Target::new(way);
            let mut raws: Vec<_> = (0..8).map(|_| target.raw()).collect();
            // Once one is greeted, all have been accepted, or are about to be.
            target.raw().open(Some(wanted()));
            let server = target.server.take().unwrap();
            let sent = AtomicU64::new(0);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while sent.load(SeqCst) < round % 8 {
                        std::hint::spin_loop();
                    }
                    server.stop();
                });
                for raw in &mut raws {
                    raw.try_send(&hello(Some(wanted())));
                    sent.fetch_add(1, SeqCst);
                }
            });
            for raw in &mut raws {
                let heard = raw.rest();
                greeted += usize::from(!heard.is_empty());
                assert!(heard.is_empty() || heard.starts_with(&PREFACE), "{way:?}: it begins with {heard:?}");
            }
        }
        assert!(greeted > 0, "{way:?}");
    }
}

/// Calls in flight finish, later ones are refused, and nothing is left.
#[test]
fn stopping_finishes_what_runs() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    for way in SOCKETS {
        // Threads that other tests left in stuck handlers end when those do.
        while workers() > 0 {
            std::thread::yield_now();
        }
        let mut target = Target::new(way);
        let (address, gates) = (target.address(), target.handler.gates.clone());
        let bait = Bait::client(Connection::connect(&address).unwrap());
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| bait.wait("a"));
            let apart = scope.spawn(|| bait.wait_apart("b"));
            gates.wait_for("at a");
            gates.wait_for("at b");
            let server = target.server.take().unwrap();
            let stops = scope.spawn(move || server.stop());
            let start = Instant::now();
            let mut added = 0;
            let error = loop {
                match bait.add(1) {
                    Ok(_) => assert!(start.elapsed() < Duration::from_secs(5), "{way:?}: never refused"),
                    Err(error) => break error,
                }
                added += 1;
            };
            assert!(matches!(error, Error::ShuttingDown { .. }), "{error:?}");
            assert_eq!(error.outcome(), Outcome::Refused);
            let error = Connection::connect(&address).unwrap_err();
            assert_eq!(error.outcome(), Outcome::NotSent, "{error:?}");
            gates.open("a");
            gates.open("b");
            slow.join().unwrap().unwrap();
            apart.join().unwrap().unwrap();
            let start = Instant::now();
            let drained = stops.join().unwrap();
            // And those that were answered before the goodbye.
            assert!(
                (2..=2 + added).contains(&drained.finished) && drained.cut == 0,
                "{way:?}: {drained}, {added} added"
            );
            assert!(start.elapsed() < Duration::from_secs(3), "{way:?}: {:?} with nothing to do", start.elapsed());
        });
        assert!(way == Way::Tcp || !std::path::Path::new(&address).exists());
        assert_eq!(workers(), 0, "{way:?}: threads are left");
        let error = bait.add(1).unwrap_err();
        assert!(matches!(error.outcome(), Outcome::Refused | Outcome::NotSent), "{error:?}");
    }
}

#[test]
fn a_stuck_handler_does_not_keep_a_server() {
    let _together = together();
    for way in SOCKETS {
        for apart in [false, true] {
            let mut limits = Limits::default();
            limits.drain_time_max = Duration::from_millis(200);
            let mut target = Target::with(way, limits);
            let bait = Bait::client(Connection::connect(&target.address()).unwrap());
            let server = target.server.take().unwrap();
            std::thread::scope(|scope| {
                let stuck = scope.spawn(|| if apart { bait.wait_apart("never") } else { bait.wait("never") });
                target.handler.gates.wait_for("at never");
                let start = Instant::now();
                let drained = server.stop();
                assert!(start.elapsed() < Duration::from_secs(3), "{way:?}: {:?}", start.elapsed());
                assert_eq!((drained.finished, drained.cut), (0, 1), "{way:?}");
                let error = stuck.join().unwrap().unwrap_err();
                assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error:?}");
                assert!(start.elapsed() < Duration::from_secs(4), "{way:?}: its caller was not told");
                target.handler.gates.open("never");
            });
        }
    }
}

/// Somebody who does not read what he asked for, not even the goodbye.
#[test]
fn a_client_that_never_reads_does_not_keep_a_server() {
    let _together = together();
    for way in SOCKETS {
        let mut limits = Limits::default();
        limits.drain_time_max = Duration::from_millis(300);
        let mut target = Target::with(way, limits);
        let mut raw = target.opened();
        raw.send(&(1..=30).flat_map(|id| call(id, method::MAKE, &(1u64 << 20,))).collect::<Vec<_>>());
        target.serves_others();
        let server = target.server.take().unwrap();
        let start = Instant::now();
        let _ = server.stop();
        assert!(start.elapsed() < Duration::from_secs(3), "{way:?}: {:?}", start.elapsed());
    }
}

#[test]
fn the_same_path_again_and_again() {
    let _together = together();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut instances = HashSet::new();
    for _ in 0..50 {
        let server = Server::new(Bait::serve(Counted::default())).listen(path.to_str().unwrap()).unwrap();
        let connection = Connection::connect(path.to_str().unwrap()).unwrap();
        assert_eq!(Bait::client(connection.clone()).add(1).unwrap(), 2);
        assert!(instances.insert(connection.instance()));
        drop(server);
        assert!(!path.exists());
    }
}

/// All who wait learn of the end at once: with a call of each thread at a server that dies.
#[test]
fn a_dead_server_ends_all_calls_at_once() {
    let _together = together();
    let (heard, died) = std::sync::mpsc::channel();
    let heard = Mutex::new(heard);
    let fake = common::fake::Fake::new(move |mut raw, _| {
        common::fake::greet(&mut raw, &common::fake::welcome());
        (0..32).for_each(|_| assert_eq!(raw.frame().kind, CALL));
        heard.lock().unwrap().send(Instant::now()).unwrap();
    });
    let bait = Bait::client(Connect::new(&fake.address).service(<Bait<'_> as Service>::INFO).connect().unwrap());
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..32)
            .map(|number| {
                scope.spawn({
                    let bait = &bait;
                    move || bait.add(number)
                })
            })
            .collect();
        for call in calls {
            let error = call.join().unwrap().unwrap_err();
            assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error:?}");
        }
        assert!(died.recv().unwrap().elapsed() < Duration::from_secs(2));
    });
    assert_eq!(bait.add(1).unwrap_err().outcome(), Outcome::NotSent, "nothing more is sent");
}

/// What ran is written down.
#[derive(Service)]
enum Ledger {
    #[rpc(returns = u64)]
    Enter { nonce: u64 },
    #[rpc(returns = u64, blocking)]
    EnterApart { nonce: u64 },
}

#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<u64>>>);

impl LedgerHandler for Book {
    fn enter(&self, _cx: &Context, nonce: u64) -> u64 {
        self.0.lock().unwrap().push(nonce);
        nonce
    }
    fn enter_apart(&self, cx: &Context, nonce: u64) -> u64 {
        self.enter(cx, nonce)
    }
}

/// Clients call while the server stops, round after round: what was acknowledged ran, what was refused did not, nothing ran
/// twice, and stopping waits for nobody who has nothing to do.
fn stop_under_load(way: Way, rounds: u64) {
    let _together = together();
    let nonces = AtomicU64::new(0);
    for round in 0..rounds {
        let (book, directory) = (Book::default(), tempfile::tempdir().unwrap());
        let path = directory.path().join("s");
        let server = Server::new(Ledger::serve(book.clone()));
        let server = match way {
            Way::Threads => server.thread_per_connection().listen(path.to_str().unwrap()),
            Way::Tcp => server.listen("tcp:127.0.0.1:0"),
            _ => server.listen(path.to_str().unwrap()),
        };
        let server = server.unwrap();
        let address = server.addresses()[0].to_string();
        let (mut ok, mut refused, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        std::thread::scope(|scope| {
            let shared = Ledger::connect(&address).unwrap();
            let clients: Vec<_> = (0..8)
                .map(|client| {
                    let (shared, nonces, address) = (shared.clone(), &nonces, &address);
                    scope.spawn(move || {
                        let ledger = if client < 4 { shared } else { Ledger::connect(address)? };
                        let mut seen = Vec::new();
                        loop {
                            let nonce = nonces.fetch_add(1, SeqCst);
                            let entered = match nonce % 16 {
                                0 => ledger.timeout(Duration::from_secs(6)).enter_apart(nonce),
                                _ => ledger.timeout(Duration::from_secs(6)).enter(nonce),
                            };
                            let over = entered.is_err();
                            seen.push((nonce, entered));
                            if over {
                                return Ok::<_, Error>(seen);
                            }
                        }
                    })
                })
                .collect();
            let enough = (round % 10 * 7) as usize;
            while book.0.lock().unwrap().len() < enough {
                std::thread::yield_now();
            }
            let start = Instant::now();
            let drained = server.stop();
            assert!(start.elapsed() < Duration::from_secs(3), "round {round}: stopping took {:?}", start.elapsed());
            assert_eq!(drained.cut, 0);
            // A client that came too late to connect has called nothing.
            for (nonce, entered) in clients.into_iter().filter_map(|client| client.join().unwrap().ok()).flatten() {
                match entered.map_err(|error| (error.outcome(), error)) {
                    Ok(answer) => ok.push((nonce == answer).then_some(nonce).expect("its own answer")),
                    Err((Outcome::NotSent | Outcome::Refused, _)) => refused.push(nonce),
                    Err((Outcome::Unknown, error)) => unknown.push(error),
                    Err((Outcome::Executed, error)) => panic!("{error:?}"),
                }
            }
        });
        let book = book.0.lock().unwrap();
        let ran: HashSet<u64> = book.iter().copied().collect();
        assert_eq!(ran.len(), book.len(), "round {round}: something ran twice");
        assert!(ok.iter().all(|nonce| ran.contains(nonce)), "round {round}: acknowledged, and did not run");
        assert!(refused.iter().all(|nonce| !ran.contains(nonce)), "round {round}: refused, and ran");
        assert!(unknown.is_empty(), "round {round}: a server that stops in order leaves nobody in doubt: {unknown:?}");
    }
}

#[test]
fn stopping_under_load() {
    stop_under_load(Way::Set, 100);
}

#[test]
fn stopping_under_load_with_threads() {
    stop_under_load(Way::Threads, 50);
}

#[test]
fn stopping_under_load_over_tcp() {
    stop_under_load(Way::Tcp, 50);
}
