//! The key-value store as a daemon and its command line.
//!
//! ```sh
//! cargo run -p examples --bin kv -- serve         # in one terminal
//! cargo run -p examples --bin kv -- set a 1       # in another
//! cargo run -p examples --bin kv -- get a
//! ```

use clap::{Parser, Subcommand};
use examples::kv::{Kv, Store};
use examples::serve_and_tell;
use rpc_core::{Address, Server};
use std::process::ExitCode;

/// A key-value store in memory, and its command line.
#[derive(Parser)]
struct Arguments {
    /// The server to ask: a name, a path with a slash, or tcp:host:port
    #[arg(long, global = true, default_value = "kv")]
    at: String,
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Serves a store until Ctrl-C or SIGTERM
    Serve {
        /// Where, instead of --at; a socket that systemd passes down goes before either
        address: Option<String>,
    },
    /// Prints a value
    Get { key: String },
    /// Stores a value
    Set { key: String, value: String },
    /// Counts a visit
    Touch { key: String },
    /// Prints entries: key, value, visits
    List {
        #[arg(default_value = "")]
        prefix: String,
    },
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kv: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { at, command }: Arguments) -> Result<(), Failure> {
    if let Action::Serve { address } = command {
        let server = Server::new(Kv::serve(Store::default()));
        let passed = Address::passed_down().first().map(Address::to_string);
        return Ok(serve_and_tell(server, &passed.or(address).unwrap_or(at))?);
    }
    let kv = Kv::connect(&at)?;
    match command {
        Action::Serve { .. } => {}
        Action::Get { key } => println!("{}", kv.get(&key)?.ok_or("no such key")?),
        // The outer error is the call's, the inner one the store's own.
        Action::Set { key, value } => kv.set(&key, &value)??,
        Action::Touch { key } => kv.touch(&key)?,
        Action::List { prefix } => {
            for entry in kv.list(&prefix)? {
                println!("{}\t{}\t{}", entry.key, entry.value, entry.visits);
            }
        }
    }
    Ok(())
}
