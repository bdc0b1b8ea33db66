//! The server that is killed. Whatever a handler begins is written down before it is answered.
use super::record::{self, Appender, Log, Nonce};
use rpc_core::{Context, Limits, Server, Service, Sink, Source, Stopped};
use std::env;
use std::sync::{Arc, Once, OnceLock};

/// Printed when the first call has run.
pub(crate) const UNDER_LOAD: &str = "it serves";

#[derive(Service)]
pub(crate) enum Ledger<'a> {
    #[rpc(returns = u64)]
    Enter { nonce: u64, ballast: &'a [u8] },
    /// On a thread of its own. There is one: others are refused.
    #[rpc(returns = u64, blocking)]
    EnterApart { nonce: u64 },
    /// As many numbers as the nonce has items, and behind them how many there were.
    #[rpc(stream = u64, returns = u64)]
    Count { nonce: u64 },
    /// Takes as many numbers as the nonce has items, and says how many came.
    #[rpc(accepts = u64, returns = u64)]
    Load { nonce: u64 },
}

struct Book {
    executed: Appender,
    first: Once,
    /// That the server listens. Calls come before that is printed.
    told: Arc<OnceLock<()>>,
}

impl Book {
    fn write(&self, nonce: u64) {
        self.executed.executed(Nonce(nonce));
        self.first.call_once(|| {
            self.told.wait();
            println!("{UNDER_LOAD}");
        });
    }
}

impl LedgerHandler for Book {
    fn enter(&self, _cx: &Context, nonce: u64, _ballast: &[u8]) -> u64 {
        self.write(nonce);
        nonce
    }

    fn enter_apart(&self, _cx: &Context, nonce: u64) -> u64 {
        self.write(nonce);
        nonce
    }

    fn count(&self, _cx: &Context, nonce: u64, mut out: Sink<u64>) -> Result<u64, Stopped> {
        self.write(nonce);
        let items = Nonce(nonce).items();
        for item in 0..items {
            out.send(&item)?;
        }
        Ok(items)
    }

    fn load(&self, _cx: &Context, nonce: u64, input: Source<u64>) -> Result<u64, Stopped> {
        self.write(nonce);
        let mut came = 0;
        for item in input {
            if item? != came {
                defect(&format!("an item other than the {came}th"));
            }
            came += 1;
        }
        // A caller that was killed has sent no end.
        if came != Nonce(nonce).items() {
            defect(&format!("a quiet end after {came} of {} items", Nonce(nonce).items()));
        }
        Ok(came)
    }
}

/// Ends the process, which nobody has asked for: so the test fails, and shows this.
pub(crate) fn defect(what: &str) -> ! {
    eprintln!("DEFECT: {what}");
    std::process::exit(9);
}

#[test]
#[ignore = "the server process"]
fn serves() {
    let (Ok(address), Ok(log)) = (env::var(record::ADDRESS), env::var(record::LOG)) else { return };
    let told = Arc::new(OnceLock::new());
    let book = Book { executed: Log::new(log.into()).append(), first: Once::new(), told: told.clone() };
    let mut limits = Limits::default();
    limits.jobs_max = 1;
    let server = Server::new(Ledger::serve(book)).limits(limits).listen(&address).unwrap().catch_signals().unwrap();
    println!("listening on {}", server.addresses()[0]);
    told.set(()).unwrap();
    server.run().unwrap();
}
