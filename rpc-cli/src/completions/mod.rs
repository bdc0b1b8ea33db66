//! `completions SHELL`: the script that a shell reads once, and what that asks on every Tab.
//!
//! ```text
//! script ──> __complete ── line ── cursor ──┬── options ────────────────────────┬── candidate ──> script
//!                                           ├── addresses ── files              │
//!                                           └── services ──┬── members          │
//!                                               │     │    └── fields ── files ─┘
//!                                               │     └── cache
//!                                               └── the server itself
//! ```
//!
//! - `line`: what a shell tells, as words. `cursor`: which part of the command line is completed.
//! - `options`, `addresses`, `files`, `members`, `fields`: what may stand there.
//! - `services`: what a server serves, or served last, by `cache`. `deadline`: an end to all waiting.
//! - `candidate`: what a shell is told, and what is kept from it.
//!
//! Invariant: nothing here starts a program, writes to stderr, fails, or takes longer than [`TIME_MAX`].
//! Invariant: a candidate has no character that a shell would act on. Servers and file names may have any.
mod addresses;
pub(crate) mod cache;
mod candidate;
mod cursor;
mod deadline;
mod fields;
mod files;
mod line;
mod members;
mod options;
mod services;

use crate::args::{Args, Complete, Completions, Shell};
use crate::failure::Failure;
use crate::method::Method;
use crate::output;
use candidate::{Candidate, Candidates};
use clap::{Arg, CommandFactory};
use cursor::{Cursor, Spot};
use files::Kind;
use line::Line;
use rpc_core::schema::ServiceSchema;
use std::time::Duration;

/// A person does not notice 100 ms. The rest of them is for starting the program and for the shell.
const TIME_MAX: Duration = Duration::from_millis(80);

/// Prints the script of a shell.
pub(crate) fn run(args: &Completions) -> Result<(), Failure> {
    output::text(match args.shell {
        Shell::Bash => include_str!("rpc-cli.bash"),
        Shell::Zsh => include_str!("rpc-cli.zsh"),
        Shell::Fish => include_str!("rpc-cli.fish"),
    })
}

/// Prints what could stand at the cursor; nothing if that takes too long to find out.
pub(crate) fn complete(args: &Complete) {
    let (shell, line) = (args.shell, Line::told(args.shell, &args.words));
    let found = deadline::within(TIME_MAX, move || {
        let found = candidates(&line, services::known);
        candidate::printed(&found, shell, line.cut)
    });
    // A shell that does not listen any more misses nothing.
    let _ = output::text(&found.unwrap_or_default());
}

/// What could stand at the end of `line`. `served` gives the services at an address.
fn candidates(line: &Line, served: impl Fn(&str) -> Vec<ServiceSchema>) -> Vec<Candidate> {
    let mut root = Args::command();
    root.build();
    let cursor = Cursor::at(&root, &line.words, &line.word);
    let mut found = Candidates::new(&line.word);
    match cursor.spot {
        Spot::Option => options::names(&cursor, &mut found),
        Spot::Value { option, front } => options::values(option, front, &mut found),
        Spot::Positional(argument) => positional(argument, &cursor, served, &mut found),
        Spot::Subcommand => options::subcommands(cursor.command, &mut found),
        Spot::Nothing => {}
    }
    found.into_list()
}

/// The arguments are told apart by their names in `args`.
fn positional(
    argument: &Arg,
    cursor: &Cursor<'_>,
    served: impl Fn(&str) -> Vec<ServiceSchema>,
    found: &mut Candidates<'_>,
) {
    let services = || cursor.value("address").map(served).unwrap_or_default();
    match argument.get_id().as_str() {
        "address" => addresses::complete(found),
        "method" => members::methods(&services(), cursor.command.get_name() != "each", found),
        "item" => members::items(&services(), found),
        "arguments" => {
            if let Ok(method) = Method::find(&services(), cursor.value("method").unwrap_or_default()) {
                fields::complete(method, cursor.values_from("arguments"), found);
            }
        }
        "directory" => files::complete("", found.word, Kind::Directory, found),
        _ => options::values(argument, "", found),
    }
}

#[cfg(test)]
mod tests;
