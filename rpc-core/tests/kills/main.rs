//! Servers and clients that are killed at random moments under load, and the ledger that must be right all the same.
//!
//! ```text
//! ledger: the server process. Each call that a handler starts is appended to a file: that survives any death but the machine's.
//! load:   the client processes, with every kind of call under way. Each call's end is appended to a file, too.
//! audit:  compares the files. What was acknowledged has run, nothing ran twice, what was refused or not sent never ran.
//! ```
//! `KILLS=20000 cargo test -p rpc-core --test kills -- --nocapture` is the long version, `KILLS_SEED` repeats the moments of a run.
#![cfg(unix)]
mod audit;
mod ledger;
mod load;
mod record;

use audit::{Audit, Kills};
use record::{Log, now};
use rpc_core::fixture::{Process, TestServer};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, thread};

/// Deaths in each of the two tests, unless `KILLS` says how many.
const KILLS: usize = 500;
/// On a busy machine there are fewer: a test takes no longer than this, unless `KILLS` is given.
const TIME_MAX: Duration = Duration::from_secs(25);
/// Fewer say nothing.
const KILLS_MIN: usize = 20;
/// Nobody lives longer under load.
const LIFE_MAX: Duration = Duration::from_millis(20);

/// A number generator that a seed repeats (splitmix64).
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = env::var("KILLS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(now);
        println!("KILLS_SEED={seed}");
        Self(seed)
    }

    /// A random time under load. What is waited for here is time itself.
    fn live(&mut self) {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        thread::sleep(LIFE_MAX.mul_f64(record::scatter(self.0) as f64 / u64::MAX as f64));
    }
}

/// How many deaths there are still to be.
struct Rounds {
    left: usize,
    end: Option<Instant>,
}

impl Rounds {
    fn new() -> Self {
        match env::var("KILLS").ok().and_then(|kills| kills.parse().ok()) {
            Some(kills) => Self { left: kills, end: None },
            None => Self { left: KILLS, end: Some(Instant::now() + TIME_MAX) },
        }
    }
}

impl Iterator for Rounds {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        self.left = self.left.checked_sub(1).filter(|_| self.end.is_none_or(|end| Instant::now() < end))?;
        Some(())
    }
}

/// The test program in another role, at the ledger's socket.
fn play<'c>(command: &'c mut Command, role: &str, address: &str, log: &Log) -> &'c mut Command {
    command.args(["--exact", role, "--ignored", "--nocapture", "--quiet"]);
    command.env(record::ADDRESS, address).env(record::LOG, log.path())
}

fn program() -> Command {
    Command::new(env::current_exe().unwrap())
}

fn start_server(executed: &Log) -> TestServer {
    let executed = executed.clone();
    TestServer::start(env::current_exe().unwrap(), move |command, address| {
        play(command, "ledger::serves", address, &executed)
    })
    .unwrap()
}

fn start_client(number: u16, server: &TestServer, ends: &Log) -> Process {
    let mut command = program();
    play(&mut command, "load::calls", server.address(), ends).env(record::CLIENT, number.to_string());
    Process::start(&mut command).unwrap()
}

#[test]
fn servers_are_killed_under_load() {
    let (directory, mut dice, mut kills) = (tempfile::tempdir().unwrap(), Dice::new(), Kills::default());
    let executed = Log::new(directory.path().join("executed"));
    let mut server = start_server(&executed);
    let clients: Vec<_> = (0..2)
        .map(|number| {
            let ends = Log::new(directory.path().join(format!("client{number}")));
            (start_client(number, &server, &ends), ends)
        })
        .collect();
    for () in Rounds::new() {
        server.wait_for(ledger::UNDER_LOAD).unwrap();
        dice.live();
        kills.add(now());
        server.kill().unwrap();
        server.restart().unwrap();
    }
    server.wait_for(ledger::UNDER_LOAD).unwrap();
    // A client ends well when each of its calls has, and none was wrong.
    clients.iter().for_each(|(client, _)| client.stop().unwrap());
    server.stop().unwrap();
    let mut audit = Audit::new(&executed);
    for (_, ends) in &clients {
        kills.measure(ends);
        audit.client(ends, false);
    }
    let counts = audit.finish();
    println!("{} servers killed: {kills}; {counts}", kills.count());
    assert!(kills.count() >= KILLS_MIN, "only {} in {TIME_MAX:?}", kills.count());
    assert!(counts.ok > 0 && counts.not_sent > 0 && counts.refused > 0 && counts.unknown > 0, "{counts}");
}

#[test]
fn clients_are_killed_under_load() {
    let (directory, mut dice) = (tempfile::tempdir().unwrap(), Dice::new());
    let executed = Log::new(directory.path().join("executed"));
    let server = start_server(&executed);
    let ends = |number: u16| Log::new(directory.path().join(format!("client{number}")));
    let (neighbour, neighbours) = (0, ends(0));
    let witness = start_client(neighbour, &server, &neighbours);
    witness.wait_for(load::CONNECTED).unwrap();
    let before = server.descriptors().unwrap();
    let mut killed = 0;
    for () in Rounds::new() {
        killed += 1;
        let client = start_client(killed, &server, &ends(killed));
        client.wait_for(load::UNDER_LOAD).unwrap();
        dice.live();
        client.kill().unwrap();
    }
    before.assert_none_leaked(rpc_core::fixture::TIME_MAX);
    witness.stop().unwrap();
    server.stop().unwrap();
    let mut audit = Audit::new(&executed);
    audit.client(&neighbours, false);
    let undisturbed = audit.counts().clone();
    assert!(undisturbed.ok > 0);
    assert_eq!((undisturbed.not_sent, undisturbed.unknown), (0, 0), "a client's death is its own: {undisturbed}");
    (1..=killed).for_each(|number| audit.client(&ends(number), true));
    println!("{killed} clients killed beside one that was not ({undisturbed}): {}", audit.finish());
    assert!(usize::from(killed) >= KILLS_MIN, "only {killed} in {TIME_MAX:?}");
}
