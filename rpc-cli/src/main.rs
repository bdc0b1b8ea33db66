//! `rpc-cli`: calls any running service from a shell, with no generated code. The server tells its own schema.
//!
//! ```text
//! args ── ls ──── registered ──┐
//!      ├─ ping, stats, wait ───┤              ┌── overview ───────────────────────┐
//!      ├─ describe ────────────┼── connect ───┼── item ── description ────────────┼── output ── style
//!      ├─ call, each ──────────┘              └── method ── arguments ── printer ─┘
//!      ├─ completions                                │          └── lines
//!      └─ man                       names, place ────┘     whatever fails: failure ── exit
//! ```
//!
//! - `args`, `timeout`: the command line. One file a command: `ls`, `describe`, `call`, `each`, `ping`, `stats`, `wait`,
//!   `completions`, `man`.
//! - `trust`: whose servers are called, and with which token.
//! - `connect`: from an address to a connection and the schemas of what is served. `no_connection`: why there is none.
//! - `registered`, `overview`: the two lists of `ls`, of servers and of one server's methods. `table`: columns. `wrapped`: lines.
//! - `names`: what a person may write for a thing of a service. `method` and `item` find by it. `description`: items as JSON.
//! - `arguments`: words or JSON to the bytes of a call. `place`: what the schema has at `entry.tags[]`. `lines`: stdin line by line.
//! - `conversation`: `call` for methods with items. `signals`: Ctrl-C during a call.
//! - `printer`: answers and items by their schema. `output`: the way to stdout. `style`: its colours. `window`: its size. `timing`: what `-v` tells on stderr.
//! - `limited`: what is kept in memory of what a server makes large.
//! - `completions`: the Tab key, which asks the server that is being called.
//! - `failure`, `exit`: what is said on stderr, and the number that a script sees.
//!
//! Invariant: stdout carries results alone, and nothing of a value that cannot be read to its end.
//! Invariant: a server's text reaches a terminal escaped.
mod args;
mod arguments;
mod call;
mod completions;
mod connect;
mod conversation;
mod describe;
mod description;
mod each;
mod exit;
mod failure;
mod item;
mod limited;
mod lines;
mod ls;
mod man;
mod method;
mod names;
mod no_connection;
mod output;
mod overview;
mod ping;
mod place;
mod printer;
mod registered;
mod signals;
mod stats;
mod style;
mod table;
mod timeout;
mod timing;
mod trust;
mod wait;
mod window;
mod wrapped;

use args::{Args, Command};
use clap::Parser;

fn main() -> std::process::ExitCode {
    let Args { command, common } = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return failure::report_usage(&error).into(),
    };
    let done = match command {
        Command::Ls(ls) => ls::run(&ls, &common),
        Command::Describe(describe) => describe::run(&describe, &common),
        Command::Call(call) => call::run(&call, &common),
        Command::Each(each) => each::run(&each, &common),
        Command::Ping(ping) => ping::run(&ping, &common),
        Command::Stats(stats) => stats::run(&stats, &common),
        Command::Wait(wait) => wait::run(&wait, &common),
        Command::Completions(completions) => completions::run(&completions),
        Command::Man(man) => man::run(&man),
        Command::Complete(complete) => {
            completions::complete(&complete);
            Ok(())
        }
    };
    failure::code_of(done, &common).into()
}
