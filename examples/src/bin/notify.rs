//! Events that a daemon acknowledges, within a time: with the daemon at work, at a loss, and not there at all, whoever tells
//! it of an event knows in time what became of it.
//!
//! ```sh
//! cargo run -p examples --bin notify -- serve                      # in one terminal
//! cargo run -p examples --bin notify -- tell reload                # in another; prints the acknowledgement
//! cargo run -p examples --bin notify -- tell reload --within 300   # in milliseconds, from connecting to the answer
//! ```
//! Stop the daemon by Ctrl-Z, and tell it once more.

use clap::{Parser, Subcommand};
use examples::serve_and_tell;
use rpc_core::{Client, Connect, Context, Error, Outcome, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Controls a daemon.
#[derive(Service)]
enum Control<'a> {
    /// Tells it of an event. The answer acknowledges that it has done what that asks for: how many it had by now.
    #[rpc(returns = Result<u64, UnknownEvent>)]
    Notify { event: &'a str },
}

/// The daemon does not know what to do.
#[derive(Debug, Serialize, Deserialize, Schema, thiserror::Error)]
#[error("the daemon knows `reload` and `rotate`, and no other event")]
struct UnknownEvent;

/// A daemon, and how long it works on an event.
struct Daemon {
    work: Duration,
    events: AtomicU64,
}

impl ControlHandler for Daemon {
    fn notify(&self, _cx: &Context, event: &str) -> Result<u64, UnknownEvent> {
        if !["reload", "rotate"].contains(&event) {
            return Err(UnknownEvent);
        }
        thread::sleep(self.work);
        Ok(self.events.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Tells a daemon of an event, and waits until it has dealt with it.
#[derive(Parser)]
struct Arguments {
    /// The daemon: a name, a path with a slash, or tcp:host:port
    #[arg(long, global = true, default_value = "notify")]
    at: String,
    #[command(subcommand)]
    half: Half,
}

#[derive(Subcommand)]
enum Half {
    /// Deals with events until Ctrl-C or SIGTERM
    Serve {
        /// Where; the same as --at
        address: Option<String>,
        /// How long it works on each event, in milliseconds
        #[arg(long, default_value_t = 10)]
        work: u64,
    },
    /// Tells of an event; ends with 0 if it is acknowledged, with 1 if it was not dealt with, and with 2 if nobody knows
    Tell {
        /// `reload` or `rotate`
        event: String,
        /// How long all of it may take, in milliseconds
        #[arg(long, default_value_t = 1000)]
        within: u64,
    },
}

fn main() -> ExitCode {
    let Arguments { at, half } = Arguments::parse();
    match half {
        Half::Serve { address, work } => {
            let daemon = Daemon { work: Duration::from_millis(work), events: AtomicU64::new(0) };
            let served = serve_and_tell(Server::new(Control::serve(daemon)), &address.unwrap_or(at));
            served.map_or_else(|error| fail(1, &error), |()| ExitCode::SUCCESS)
        }
        Half::Tell { event, within } => match tell(&at, &event, Duration::from_millis(within)) {
            Ok(Ok(count)) => {
                println!("acknowledged as event {count}");
                ExitCode::SUCCESS
            }
            Ok(Err(unknown)) => fail(1, &unknown),
            // The one who called decides by that whether to tell once more.
            Err(error) if error.outcome() == Outcome::Unknown => fail(2, &error),
            Err(error) => fail(1, &error),
        },
    }
}

fn fail(status: u8, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("notify: {error}");
    ExitCode::from(status)
}

/// Connecting may take that long, and the call what connecting has left of it.
fn tell(address: &str, event: &str, within: Duration) -> Result<Result<u64, UnknownEvent>, Error> {
    let start = Instant::now();
    let control = Control::client(Connect::new(address).timeout(within).connect()?);
    control.timeout(within.saturating_sub(start.elapsed())).notify(event)
}
