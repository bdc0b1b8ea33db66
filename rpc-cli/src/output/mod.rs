//! Results on their way to stdout: for a person at a terminal, or for a program behind a pipe.
//!
//! - `json`: one line or many, coloured or not. `columns`: JSON as a table. `source`: Rust-like text in colours.
mod columns;
mod json;
mod source;

use crate::args::Format;
use crate::failure::Failure;
use crate::limited::Limited;
use crate::style::{HEADING, Style};
use json::{Layout, Writer};
use rpc_core::schema::{Described, Plain, escaped};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How much JSON becomes a table. Its columns need all of it in memory, many times over, and nobody reads more.
const TABLE_BYTES_MAX: usize = 4 << 20;

/// Whoever reads takes a line in less, unless he does not read at all, such as a pager that waits for its user.
const LINE_TIME_MAX: Duration = Duration::from_millis(200);

/// Writes text as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    write(|out| out.write_all(text.as_bytes()))
}

/// Writes Rust-like text, in colours where there are some.
pub(crate) fn source(text: &str, style: Style) -> Result<(), Failure> {
    write(|out| out.write_all(source::painted(text, style).as_bytes()))
}

/// Writes a table, whose first line is its head.
pub(crate) fn table(text: &str, style: Style) -> Result<(), Failure> {
    write(|out| write_table(text, style, out))
}

/// A value as JSON in one line, which it ends.
pub(crate) fn line(value: &impl Serialize, style: Style) -> String {
    let mut out = Vec::new();
    // What is written to memory can always be written.
    let _ = json(value, Layout::Line, style, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes a value as JSON, and ends the line: on a terminal over many lines, else in one.
pub(crate) fn value(value: &impl Serialize, style: Style) -> Result<(), Failure> {
    write(|out| json(value, Layout::fitting(style), style, out))
}

/// Nothing more is written to stdout, and the line that is being written is whole; unless nobody reads it.
pub(crate) fn end() {
    let (locked, lock) = mpsc::channel();
    let keep = move || {
        let _stdout = io::stdout().lock();
        let _ = locked.send(());
        loop {
            thread::park();
        }
    };
    if thread::Builder::new().name("end".to_owned()).spawn(keep).is_ok() {
        let _ = lock.recv_timeout(LINE_TIME_MAX);
    }
}

/// Writes an answer, which can be read to its end; `encoded` is the whole of it as it travelled.
pub(crate) fn answer(
    value: &Described<'_>,
    encoded: &[u8],
    format: Option<Format>,
    style: Style,
) -> Result<(), Failure> {
    write(|out| match format {
        Some(Format::Raw) if let Some(plain) = value.as_plain() => raw(plain, style, out),
        Some(Format::Hex) => hex(encoded, out),
        format => json_or_table(value, format, style, out),
    })
}

/// Writes values as one list, all of which can be read to their ends; in hexadecimal each in a line.
pub(crate) fn list(
    values: &[Described<'_>],
    encoded: &[Vec<u8>],
    format: Option<Format>,
    style: Style,
) -> Result<(), Failure> {
    write(|out| match format {
        Some(Format::Hex) => encoded.iter().try_for_each(|value| hex(value, out)),
        format => json_or_table(&values, format, style, out),
    })
}

fn json_or_table(value: &impl Serialize, format: Option<Format>, style: Style, out: &mut impl Write) -> io::Result<()> {
    match format {
        None => json(value, Layout::fitting(style), style, out),
        Some(Format::Json | Format::Raw) => json(value, Layout::Line, style, out),
        Some(Format::Pretty) => json(value, Layout::Lines, style, out),
        Some(Format::Table) => {
            // A cell with JSON is JSON, and yet harmless.
            let mut text = Limited::new(TABLE_BYTES_MAX);
            json(value, Layout::Line, Style { is_terminal: true, has_colors: false }, &mut text).map_err(no_table)?;
            write_table(&columns::table(text.into_text()?.trim_end())?, style, out)
        }
        Some(Format::Hex | Format::None) => Ok(()),
    }
}

fn no_table(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::FileTooLarge => {
            let max = TABLE_BYTES_MAX >> 20;
            io::Error::other(format!("more than {max} MiB are no table (-o json has no limit)"))
        }
        _ => error,
    }
}

fn hex(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
    out.write_all(b"\n")
}

fn write_table(text: &str, style: Style, out: &mut impl Write) -> io::Result<()> {
    match text.split_once('\n') {
        // A single line is a value, and no head.
        Some((head, rows)) if !rows.is_empty() => write!(out, "{}\n{rows}", style.paint(HEADING, head)),
        _ => out.write_all(text.as_bytes()),
    }
}

fn json(value: &impl Serialize, layout: Layout, style: Style, out: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Writer::new(layout, style)))?;
    out.write_all(b"\n")
}

/// A text ends its line; bytes are all that is written. What a terminal is given does not act on it; in a pipe nothing is
/// changed, for that is why somebody asks for it raw.
fn raw(plain: Plain<'_>, style: Style, out: &mut impl Write) -> io::Result<()> {
    match plain {
        Plain::Nothing => Ok(()),
        Plain::Text(text) if style.is_terminal => writeln!(out, "{}", shown(text)),
        Plain::Text(text) => writeln!(out, "{text}"),
        Plain::Bytes(bytes) if style.is_terminal => writeln!(out, "{}", shown(&String::from_utf8_lossy(bytes))),
        Plain::Bytes(bytes) => out.write_all(bytes),
    }
}

/// Text with its lines and tabs, and nothing else that a terminal would act on.
fn shown(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(escaped).collect::<Vec<_>>().join("\t");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn write(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(Failure::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_tabs_are_shown_as_such() {
        assert_eq!(shown("a\tb\n\u{1b}[31m\r\n"), "a\tb\n\\u{1b}[31m\\u{d}\n");
    }
}
