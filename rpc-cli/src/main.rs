//! `rpc-cli`: calls any running service from a shell, with no generated code. The server tells its own schema.
//!
//! ```text
//! args ── describe ──┐             ┌── item ───────────────┐
//!                    ├── connect ──┤                       ├── output
//!      ── call ──────┘             └── method ── arguments ┘
//!                                        │
//!                    names ──────────────┘     whatever fails: failure ── exit
//! ```
//!
//! - `args`, `timeout`: the command line. One file a command: `describe`, `call`.
//! - `connect`: from an address to a connection and the schemas of what is served.
//! - `names`: what a person may write for a thing of a service. `method` and `item` find by it.
//! - `arguments`: JSON to the bytes of a call. `output`, `terminal`: the way to stdout.
//! - `failure`, `exit`: what is said on stderr, and the number that a script sees.
//!
//! Invariant: stdout carries results alone, and nothing of a value that cannot be read to its end.
//! Invariant: a server's text reaches a terminal escaped.
mod args;
mod arguments;
mod call;
mod connect;
mod describe;
mod exit;
mod failure;
mod item;
mod method;
mod names;
mod output;
mod terminal;
mod timeout;

use args::{Args, Command};
use clap::Parser;
use exit::ExitCode;

fn main() -> std::process::ExitCode {
    let done = match Args::parse().command {
        Command::Describe(describe) => describe::run(&describe),
        Command::Call(call) => call::run(&call),
    };
    match done {
        Ok(()) => ExitCode::Success.into(),
        Err(failure) => failure.report().into(),
    }
}
