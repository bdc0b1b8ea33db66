//! Whatever can go wrong, and how that is told on stderr: to a person as `error: …` with details in lines below it, to a
//! program as JSON.
mod json;

use crate::args::{Color, Common, Errors};
use crate::exit::ExitCode;
use crate::method::Method;
use crate::names::NotFound;
use crate::no_connection::NoConnection;
use crate::output;
use crate::style::{ERROR, Style};
use clap::error::{ContextKind, ContextValue, ErrorKind};
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

    /// The connection ended during a call.
    #[error("{method}: {error}")]
    Lost {
        /// `Service.method`.
        method: String,
        /// How it ended.
        error: Error,
    },

    /// Something else was asked of the server, and there was no call yet.
    #[error("{asked}: {}", without_outcome(.error))]
    Uncalled {
        /// What was asked.
        asked: String,
        /// Why there is no answer.
        error: Error,
    },

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
    #[error("{method} answered an error, {error_type}: {}", shortened(.value.as_deref()))]
    Answered {
        /// `Service.method`.
        method: String,
        /// The type of the error.
        error_type: String,
        /// The error as compact JSON, unless that is too long.
        value: Option<Box<RawValue>>,
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

    /// The lines of stdin cannot be read.
    #[error("cannot read line {number} of stdin: {error}")]
    Lines {
        /// Which line.
        number: u64,
        /// Why not.
        error: io::Error,
    },

    /// What came of a line of stdin.
    #[error("line {number} of stdin: {failure}")]
    Line {
        /// Which line.
        number: u64,
        /// What was wrong with it, or with its call.
        failure: Box<Failure>,
        /// The last line whose call was under way behind it.
        last_under_way: Option<u64>,
    },

    /// Something was asked for that this method does not have.
    #[error("{method} {problem}")]
    Unfit {
        /// `Service.method`.
        method: String,
        /// What it does not have, and what to do instead.
        problem: String,
        /// What the method takes.
        signature: String,
    },

    /// It was told already.
    #[error("it was told already")]
    Told(ExitCode),

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

/// More of an error's value no person reads.
const VALUE_CHARS_MAX: usize = 4096;

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
    /// The same, of a call of `method`: an error that does not say so itself is told with it.
    pub(crate) fn of_call(self, method: Method<'_>) -> Self {
        match self {
            Self::Call(error @ (Error::Disconnected { .. } | Error::Protocol { .. })) => {
                Self::Lost { method: method.full_name(), error }
            }
            other => other,
        }
    }

    /// Tells the person at the shell; gives what to tell the shell.
    pub(crate) fn report(&self, common: &Common) -> ExitCode {
        if let Self::Told(code) = self {
            return *code;
        }
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
        if let Some(Marked { line, begin, columns }) = self.marked() {
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

    /// The place of the mistake.
    fn marked(&self) -> Option<&Marked> {
        match self {
            Self::Arguments { misfit, .. } => misfit.marked.as_ref(),
            Self::Line { failure, .. } => failure.marked(),
            _ => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::NotFound(not_found) => not_found.details(),
            Self::Arguments { signature, .. } | Self::Unfit { signature, .. } => vec![signature.clone()],
            Self::Line { number, failure, last_under_way } => {
                let under_way = last_under_way.map(|last| under_way(number + 1, last));
                failure.details().into_iter().chain(under_way).collect()
            }
            Self::Call(Error::Panicked { .. }) => vec!["what it said is in the server's own output".to_owned()],
            Self::Answered { meaning, .. } => first_paragraph(meaning).into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    fn code(&self) -> ExitCode {
        match self {
            Self::Call(error) | Self::Lost { error, .. } | Self::Uncalled { error, .. } => error.into(),
            Self::NoConnection(no_connection) => (&no_connection.error).into(),
            Self::NotYet { .. } => ExitCode::Deadline,
            Self::Registry(_) => ExitCode::NoConnection,
            Self::Answered { .. } => ExitCode::Answered,
            Self::NoAddress(_) | Self::Arguments { .. } | Self::Input(_) => ExitCode::Usage,
            Self::Lines { .. } | Self::Unfit { .. } => ExitCode::Usage,
            Self::Line { failure, .. } => failure.code(),
            Self::NotFound(_) => ExitCode::Unknown,
            Self::Output(_) | Self::File { .. } => ExitCode::Output,
            Self::Told(code) => *code,
        }
    }
}

/// JSON for a person, who reads no more than a page of it.
fn shortened(json: Option<&RawValue>) -> String {
    let Some(json) = json.map(RawValue::get) else { return "a value of more than 4 MiB".to_owned() };
    match json.char_indices().nth(VALUE_CHARS_MAX) {
        None => json.to_owned(),
        Some((cut, _)) => format!("{}… (--errors=json tells all of it)", json.get(..cut).unwrap_or_default()),
    }
}

/// An error where there is no call whose outcome could be told.
pub(crate) fn without_outcome(error: &Error) -> String {
    match error {
        Error::Deadline { allowed, .. } => format!("no answer within {allowed:?}"),
        Error::Disconnected { cause, .. } => format!("the connection ended: {cause}"),
        Error::Protocol { problem, .. } => format!("the other side broke the protocol: {problem}"),
        Error::BadReply { problem, .. } => format!("the answer could not be decoded: {problem}"),
        error => error.to_string(),
    }
}

/// What became of the calls behind one that failed.
fn under_way(first: u64, last: u64) -> String {
    let calls = match first == last {
        true => format!("the call of line {first} was"),
        false => format!("the calls of lines {first} to {last} were"),
    };
    format!("{calls} under way: cancelled, and what became of it is unknown")
}

/// Ends the program, whatever its other threads wait for.
pub(crate) fn end(done: Result<(), Failure>, common: &Common) -> ! {
    std::process::exit(code_of(done, common) as i32)
}

/// What to tell the shell; a failure is told the person there.
pub(crate) fn code_of(done: Result<(), Failure>, common: &Common) -> ExitCode {
    match done {
        Ok(()) => ExitCode::Success,
        Err(failure) => failure.report(common),
    }
}

/// What clap has to say: help and the version on stdout, a wrong command line on stderr.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let printed = error.print().and_then(|()| io::stdout().flush());
        return match printed.map_err(Failure::Output) {
            Ok(()) => ExitCode::Success,
            // `rpc-cli --help | head -1` has seen enough.
            Err(failure) if failure.is_closed_pipe() => ExitCode::Success,
            Err(failure) => {
                tell(&failure.words(Style::of_stderr(Color::Auto)));
                failure.code()
            }
        };
    }
    let text = error.render().to_string();
    let words = text.strip_prefix("error: ").unwrap_or(&text);
    if asks_for_json(std::env::args_os().skip(1)) {
        tell_report(&json::usage(first_paragraph(words).join(" ")));
    } else {
        // What was typed stands in it, and that may come from anywhere.
        let lines: Vec<String> =
            words.lines().map(|line| escaped(tip(error, line).as_deref().unwrap_or(line))).collect();
        let error = Style::of_stderr(Color::Auto).paint(ERROR, "error:");
        tell(&format!("{error} {}\n", lines.join("\n")));
    }
    ExitCode::Usage
}

/// The tip of clap for an unknown option, where it could be an argument of a method: `--key=war`.
fn tip(error: &clap::Error, line: &str) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = option.strip_prefix("--")?;
    let calls = std::env::args_os().any(|word| word == "call" || word == "each");
    let is_tip = calls && error.kind() == ErrorKind::UnknownArgument && line.contains("as a value, use");
    is_tip.then(|| format!("  tip: an argument of a method has no dashes: {name}=.."))
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
