//! Results on their way to stdout: for a person at a terminal, or for a program behind a pipe.
use crate::failure::Failure;
use crate::terminal::TerminalFormatter;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Write};

/// Writes text as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Writes a value as JSON, and ends the line: on a terminal over many lines, else in one.
pub(crate) fn value(value: &impl Serialize) -> Result<(), Failure> {
    let is_terminal = io::stdout().is_terminal();
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match is_terminal {
        true => value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, TerminalFormatter::default())),
        false => value.serialize(&mut serde_json::Serializer::new(&mut out)),
    };
    written
        .map_err(io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}
