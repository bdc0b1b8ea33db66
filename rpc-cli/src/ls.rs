//! `ls [ADDR]`: the servers of the registry, or the methods of one server.
use crate::args::{Common, ListFormat, Ls};
use crate::connect::connect;
use crate::failure::Failure;
use crate::output;
use crate::overview::Overview;
use crate::registered::{self, Entry};
use crate::style::Style;
use crate::timing;
use crate::window::Window;
use rpc_core::{Address, schema::escaped};
use std::io::{self, Write};

/// Asks, and prints the list.
pub(crate) fn run(args: &Ls, common: &Common) -> Result<(), Failure> {
    match &args.address {
        None => servers(args, common),
        Some(address) => methods(address, args, common),
    }
}

fn servers(args: &Ls, common: &Common) -> Result<(), Failure> {
    let addresses = Address::registered().map_err(Failure::Registry)?;
    let style = Style::of_stdout(common.color);
    let entries = registered::ask(&addresses, &common.trust, args.timeout);
    match args.output {
        ListFormat::Table => {
            output::table(&registered::table(&entries, Window::of_stdout().map(|window| window.columns)), style)
        }
        ListFormat::Json => output::value(&entries, style),
    }?;
    let mut notes = Vec::new();
    if entries.is_empty() && Style::of_stderr(common.color).is_terminal {
        notes.push(nobody());
    }
    if common.verbose {
        notes.extend(entries.iter().filter_map(Entry::trouble));
    }
    for note in notes {
        // Where stderr is closed, there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}", escaped(&note));
    }
    Ok(())
}

/// Where servers would be listed: the registry of another user, or of another environment, is another one.
fn nobody() -> String {
    match Address::registry() {
        Some(directory) => format!("no server is registered in {}", directory.display()),
        None => "no server is registered".to_owned(),
    }
}

fn methods(address: &str, args: &Ls, common: &Common) -> Result<(), Failure> {
    let server = connect(address, &common.trust, Some(args.timeout))?;
    if common.verbose {
        timing::tell(&server, None);
    }
    let overview = Overview::of(&server.services, Window::of_stdout().map(|window| window.columns));
    match args.output {
        ListFormat::Table => output::text(&overview.to_string()),
        ListFormat::Json => output::value(&overview, Style::of_stdout(common.color)),
    }
}
