//! A client with every kind of call under way, which writes down how each of them ended.
use super::ledger::{Ledger, LedgerClient, defect};
use super::record::{self, Appender, Ending, LANES, Log, Nonce, scatter};
use rpc_core::{Connect, Connection, Error, Outcome, Reconnect};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, thread};

/// Printed after the first answer.
pub(crate) const UNDER_LOAD: &str = "it calls";
/// Printed when it has all its connections, at first and after each death of its server.
pub(crate) const CONNECTED: &str = "all its connections are there";
/// Calls under way at a time on the lane that does not wait for each.
pub(crate) const PIPELINED: u64 = 16;

struct Load {
    client: u16,
    address: String,
    ends: Appender,
    over: Arc<AtomicBool>,
    ledger: LedgerClient<Reconnect>,
}

impl Load {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn note(&self, nonce: Nonce, right: u64, answer: Result<u64, Error>) {
        let ending = match answer {
            Ok(answer) if answer == right => Ending::Ok,
            Ok(answer) => defect(&format!("{nonce:?}: {answer} instead of {right}")),
            // A death is told by the connection's end, and not found out by waiting.
            Err(error @ (Error::Deadline { .. } | Error::Protocol { .. })) => defect(&format!("{nonce:?}: {error}")),
            Err(error) => match error.outcome() {
                Outcome::NotSent => Ending::NotSent,
                Outcome::Refused => Ending::Refused,
                Outcome::Unknown => Ending::Unknown,
                Outcome::Executed => Ending::Executed,
            },
        };
        self.ends.ended(nonce, ending);
    }

    fn run(&self, lane: u8) {
        let lines = [Self::enter, Self::enter_apart, Self::count, Self::load];
        match lines.get(usize::from(lane)) {
            Some(line) => {
                (0..).take_while(|_| !self.is_over()).for_each(|call| line(self, Nonce::new(self.client, lane, call)))
            }
            None => self.pipelined(lane),
        }
    }

    fn enter(&self, nonce: Nonce) {
        self.note(nonce, nonce.0, self.ledger.enter(nonce.0, &ballast(nonce)));
    }

    fn enter_apart(&self, nonce: Nonce) {
        self.note(nonce, nonce.0, self.ledger.enter_apart(nonce.0));
    }

    /// What comes before a death is a beginning; and it is told that it is no more than that.
    fn count(&self, nonce: Nonce) {
        let mut numbers = self.ledger.count(nonce.0);
        let mut came = 0;
        for number in numbers.items().map_while(Result::ok) {
            if number != came {
                defect(&format!("{nonce:?}: {number} as the {came}th item"));
            }
            came += 1;
        }
        let answer = numbers.finish();
        if answer.is_ok() && came != nonce.items() {
            defect(&format!("{nonce:?}: a quiet end after {came} of {} items", nonce.items()));
        }
        self.note(nonce, nonce.items(), answer);
    }

    fn load(&self, nonce: Nonce) {
        let mut upload = self.ledger.load(nonce.0);
        let _ = (0..nonce.items()).try_for_each(|item| upload.send(&item));
        self.note(nonce, nonce.items(), upload.finish());
    }

    fn pipelined(&self, lane: u8) {
        let mut call = 0;
        while !self.is_over() {
            let connect = Connect::new(&self.address).wait().timeout(Duration::from_secs(20));
            // The server may die within the handshake.
            let Ok(connection) = connect.connect() else { continue };
            println!("{CONNECTED}");
            call = self.batches(lane, call, &connection);
        }
    }

    /// Calls until the connection is over. The next call's number.
    fn batches(&self, lane: u8, mut call: u64, connection: &Connection) -> u64 {
        let ledger = Ledger::client(connection.pipelined());
        while !self.is_over() {
            let nonces: Vec<_> = (call..call + PIPELINED).map(|call| Nonce::new(self.client, lane, call)).collect();
            let pending: Vec<_> = nonces.iter().map(|nonce| ledger.enter(nonce.0, &ballast(*nonce))).collect();
            call += PIPELINED;
            let mut lost = false;
            for (nonce, pending) in nonces.into_iter().zip(pending) {
                let answer = pending.wait();
                lost |= answer.is_err();
                self.note(nonce, nonce.0, answer);
            }
            if lost {
                break;
            }
        }
        call
    }
}

/// Mostly little, and now and then more than a socket holds: so deaths come in the midst of a frame, too.
fn ballast(nonce: Nonce) -> Vec<u8> {
    let number = scatter(nonce.0);
    let bytes = match number % 64 {
        0 => 512 << 10,
        1..4 => 32 << 10,
        _ => 64,
    };
    vec![0; (number >> 8) as usize % bytes]
}

#[test]
#[ignore = "a client process"]
fn calls() {
    let (Ok(address), Ok(log)) = (env::var(record::ADDRESS), env::var(record::LOG)) else { return };
    let client = env::var(record::CLIENT).unwrap().parse().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, over.clone()).unwrap();
    let place = address.clone();
    let ledger = Ledger::client(Reconnect::new(move || Connection::connect(&place)));
    let load = Load { client, address, ends: Log::new(log.into()).append(), over, ledger };
    load.enter(Nonce::new(client, LANES, 0));
    println!("{UNDER_LOAD}");
    thread::scope(|scope| {
        (0..LANES).for_each(|lane| {
            drop(scope.spawn({
                let load = &load;
                move || load.run(lane)
            }))
        })
    });
}
