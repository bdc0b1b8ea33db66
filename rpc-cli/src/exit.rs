//! The number that a script sees. Each kind of failure has its own, so that a script can tell what to do about it.
use rpc_core::{ConnectProblem, Error, Outcome, Refusal};
use std::fmt::Write;

/// How this program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// It is done.
    Success = 0,
    /// The `Err` of the method.
    Answered = 1,
    /// Nothing was called: the command line or the arguments are wrong.
    Usage = 2,
    /// There is no connection.
    NoConnection = 3,
    /// Time was up.
    Deadline = 4,
    /// The connection or the other side is broken.
    Broken = 5,
    /// The server has no such thing, or another version of it.
    Unknown = 6,
    /// One of the two sides would not.
    Refused = 7,
    /// The handler failed.
    Panicked = 8,
    /// `EX_IOERR` of sysexits(3): none of the numbers above may stand for a call that ran and whose answer was lost here.
    Output = 74,
}

impl ExitCode {
    const ALL: [Self; 10] = [
        Self::Success,
        Self::Answered,
        Self::Usage,
        Self::NoConnection,
        Self::Deadline,
        Self::Broken,
        Self::Unknown,
        Self::Refused,
        Self::Panicked,
        Self::Output,
    ];

    fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done",
            Self::Answered => "the method answered an error of its own",
            Self::Usage => "wrong usage, or arguments that do not fit the method",
            Self::NoConnection => "cannot connect: nobody is there, or this user may not",
            Self::Deadline => "no answer in time",
            Self::Broken => "the server died, broke the protocol, or is no rpc server",
            Self::Unknown => "no such service, method or type, or the server's version differs",
            Self::Refused => "refused: overloaded, not allowed, shutting down, or an answer that is too large",
            Self::Panicked => "the handler panicked, or gave no answer",
            Self::Output => "the output cannot be written",
        }
    }
}

/// The list of all exit codes, for `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for code in ExitCode::ALL {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:>3}  {}", code as u8, code.meaning());
    }
    text.push_str("  130  interrupted (Ctrl-C)\n  143  terminated (SIGTERM)");
    text
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// The one place that tells which failure has which code.
impl From<&Error> for ExitCode {
    fn from(error: &Error) -> Self {
        match error {
            Error::Address(_) | Error::Token(_) | Error::Malformed { .. } => Self::Usage,
            Error::Connect(error) => match error.problem {
                ConnectProblem::Address(_) => Self::Usage,
                _ => Self::NoConnection,
            },
            Error::Listen(_) | Error::System { .. } => Self::NoConnection,
            Error::Deadline { .. } => Self::Deadline,
            Error::Foreign { .. } | Error::Disconnected { .. } | Error::Protocol { .. } | Error::BadReply { .. } => {
                Self::Broken
            }
            Error::RefusedConnection { why: Refusal::Version { .. }, .. } => Self::Unknown,
            Error::Incompatible { .. } | Error::UnknownMethod { .. } | Error::UnknownService { .. } => Self::Unknown,
            Error::RefusedConnection { .. }
            | Error::Overloaded { .. }
            | Error::ShuttingDown { .. }
            | Error::NotAllowed { .. } => Self::Refused,
            Error::TooLarge { outcome: Outcome::Executed, .. } => Self::Refused,
            Error::Encode { outcome: Outcome::Executed, .. } => Self::Panicked,
            Error::TooLarge { .. } | Error::Encode { .. } => Self::Usage,
            Error::Panicked { .. } | Error::NoReply { .. } => Self::Panicked,
            // A kind that is newer than this list: nothing is known but that it did not work.
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_codes_are_those_of_the_manual() {
        assert_eq!(ExitCode::ALL.map(|code| code as u8), [0, 1, 2, 3, 4, 5, 6, 7, 8, 74]);
    }

    /// The tests of the whole program meet most errors; here are those that only a race or a broken server brings.
    #[test]
    fn errors_that_are_hard_to_meet() {
        let method = || "Kv.get".to_owned();
        let deadline = |outcome| Error::Deadline { method: method(), allowed: Duration::from_secs(1), outcome };
        for outcome in [Outcome::NotSent, Outcome::Refused, Outcome::Unknown] {
            assert_eq!(ExitCode::from(&deadline(outcome)), ExitCode::Deadline);
        }
        let bad_reply = Error::BadReply { method: method(), problem: String::new() };
        assert_eq!(ExitCode::from(&bad_reply), ExitCode::Broken);
        let protocol = Error::Protocol { problem: String::new(), outcome: Outcome::Unknown };
        assert_eq!(ExitCode::from(&protocol), ExitCode::Broken);
        let (path, ours, theirs) = (String::new(), String::new(), String::new());
        let incompatible = Error::Incompatible { method: method(), path, ours, theirs };
        assert_eq!(ExitCode::from(&incompatible), ExitCode::Unknown);
        assert_eq!(ExitCode::from(&Error::UnknownMethod { method: method() }), ExitCode::Unknown);
        assert_eq!(ExitCode::from(&Error::ShuttingDown { method: method() }), ExitCode::Refused);
        let encode = |outcome| Error::Encode { method: method(), problem: String::new(), outcome };
        assert_eq!(ExitCode::from(&encode(Outcome::NotSent)), ExitCode::Usage);
        assert_eq!(ExitCode::from(&encode(Outcome::Executed)), ExitCode::Panicked);
    }
}
