//! Whatever can go wrong, and how that is told on stderr: to a person as `error: …` with details in lines below it, to a
//! program as JSON.
mod json;

use crate::args::{Color, Common, Errors};
use crate::exit::ExitCode;
use crate::names::NotFound;
use crate::no_connection::NoConnection;
use crate::output;
use crate::style::{ERROR, Style};
use json::Report;
use rpc_core::{DirectoryError, Error, schema::escaped};
use serde_json::value::RawValue;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call did not get through, or got no answer.
    #[error(transparent)]
    Call(#[from] Error),

    /// There is no connection to call over.
    #[error(transparent)]
    NoConnection(#[from] NoConnection),

    /// A server was waited for, and did not come.
    #[error("no server at {address} within {allowed:?}: {why}")]
    NotYet {
        /// Where.
        address: String,
        /// How long.
        allowed: Duration,
        /// What was in the way last.
        why: String,
    },

    /// The servers of the registry cannot be listed.
    #[error("cannot list the registry: {0}")]
    Registry(DirectoryError),

    /// The call was answered: by the `Err` of the method's `Result`.
    #[error("{method} answered an error, {error_type}: {value}")]
    Answered {
        /// `Service.method`.
        method: String,
        /// The type of the error.
        error_type: String,
        /// The error as compact JSON.
        value: Box<RawValue>,
        /// The doc of the error's variant, may be empty.
        meaning: String,
    },

    /// `:` was written, and there is nothing that it could mean.
    #[error("`:` means the address in $RPC_ADDR, which is {0}")]
    NoAddress(&'static str),

    /// There is no such thing at the server, or more than one.
    #[error(transparent)]
    NotFound(#[from] NotFound),

    /// The arguments do not fit the method.
    #[error("{method}: {}", misfit.problem)]
    Arguments {
        /// `Service.method`.
        method: String,
        /// What is wrong with them.
        misfit: Misfit,
        /// What the method takes.
        signature: String,
    },

    /// The arguments cannot be read.
    #[error("cannot read the arguments from stdin: {0}")]
    Input(io::Error),

    /// The result cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),

    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// More lines than this would hide the error itself.
const PARAGRAPH_LINES_MAX: usize = 8;

/// Why arguments do not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Where, and what is wrong there: `entry.size: expected u32`.
    pub(crate) problem: String,
    /// The place in what was written.
    pub(crate) marked: Option<Marked>,
}

/// A line of what was written, with a part of it marked by carets below.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    /// The line, which has nothing that acts on a terminal.
    pub(crate) line: String,
    /// Where the part begins, in columns of the line.
    pub(crate) begin: usize,
    /// How many columns it has, at least 1.
    pub(crate) columns: usize,
}

impl Failure {
    /// Tells the person at the shell; gives what to tell the shell.
    pub(crate) fn report(&self, common: &Common) -> ExitCode {
        if self.is_closed_pipe() {
            return ExitCode::Success;
        }
        match common.errors {
            Errors::Words => tell(&self.words(Style::of_stderr(common.color))),
            Errors::Json => tell_report(&self.into()),
        }
        self.code()
    }

    fn words(&self, style: Style) -> String {
        let mut text = format!("{} {}\n", style.paint(ERROR, "error:"), escaped(&self.to_string()));
        if let Self::Arguments { misfit: Misfit { marked: Some(Marked { line, begin, columns }), .. }, .. } = self {
            let (blanks, carets) = (" ".repeat(*begin), style.paint(ERROR, &"^".repeat(*columns)));
            text.push_str(&format!("  {line}\n  {blanks}{carets}\n"));
        }
        for detail in self.details() {
            text.extend(["  ", &escaped(&detail), "\n"]);
        }
        text
    }

    /// Whoever read the output, such as `head`, has seen enough.
    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::NotFound(not_found) => not_found.details(),
            Self::Arguments { signature, .. } => vec![signature.clone()],
            Self::Answered { meaning, .. } => first_paragraph(meaning).into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    fn code(&self) -> ExitCode {
        match self {
            Self::Call(error) => error.into(),
            Self::NoConnection(no_connection) => (&no_connection.error).into(),
            Self::NotYet { .. } => ExitCode::Deadline,
            Self::Registry(_) => ExitCode::NoConnection,
            Self::Answered { .. } => ExitCode::Answered,
            Self::NoAddress(_) | Self::Arguments { .. } | Self::Input(_) => ExitCode::Usage,
            Self::NotFound(_) => ExitCode::Unknown,
            Self::Output(_) | Self::File { .. } => ExitCode::Output,
        }
    }
}

/// What clap has to say: help and the version on stdout, a wrong command line on stderr.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // `rpc-cli --help | head -1` has seen enough.
        let _ = error.print();
        return ExitCode::Success;
    }
    if asks_for_json(std::env::args_os().skip(1)) {
        let text = error.render().to_string();
        let words = first_paragraph(text.strip_prefix("error: ").unwrap_or(&text));
        tell_report(&json::usage(words.join(" ")));
    } else {
        let _ = error.print();
    }
    ExitCode::Usage
}

/// Whether a command line that cannot be parsed asks for errors as JSON.
fn asks_for_json(words: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let words: Vec<_> = words.collect();
    words.iter().any(|word| word == "--errors=json") || words.windows(2).any(|pair| pair == ["--errors", "json"])
}

/// The lines up to the first empty one, but no page of them: docs go on for long, and clap's words with usage and hints.
fn first_paragraph(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).take_while(|line| !line.is_empty()).take(PARAGRAPH_LINES_MAX).collect()
}

fn tell_report(report: &Report<'_>) {
    tell(&output::line(report, Style::of_stderr(Color::Never)));
}

/// Where stderr is closed, too, there is nobody left to tell.
fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_is_told() {
        assert_eq!(first_paragraph("a\n b\n\nc"), ["a", "b"]);
        assert_eq!(first_paragraph(&"x\n".repeat(100)).len(), 8);
        assert!(first_paragraph("\na").is_empty());
    }

    #[test]
    fn how_errors_are_told_is_known_from_a_wrong_command_line() {
        let asks = |line: &str| asks_for_json(line.split(' ').map(Into::into));
        assert!(asks("call --errors=json") && asks("call --errors json --frobnicate"));
        assert!(!asks("call --errors words json") && !asks("call json"));
    }
}
