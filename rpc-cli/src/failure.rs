//! Whatever can go wrong, and how a person is told: `error: …` on stderr, with details in lines below it.
use crate::exit::ExitCode;
use crate::names::NotFound;
use rpc_core::{Error, schema::escaped};
use std::io::{self, Write};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call did not get through, or got no answer.
    #[error(transparent)]
    Call(#[from] Error),

    /// The call was answered: by the `Err` of the method's `Result`.
    #[error("{method} answered an error, {error_type}: {value}")]
    Answered {
        /// `Service.method`.
        method: String,
        /// The type of the error.
        error_type: String,
        /// The error as compact JSON.
        value: String,
    },

    /// `:` was written, and there is nothing that it could mean.
    #[error("`:` means the address in $RPC_ADDR, which is {0}")]
    NoAddress(&'static str),

    /// There is no such thing at the server, or more than one.
    #[error(transparent)]
    NotFound(#[from] NotFound),

    /// The arguments do not fit the method.
    #[error("{method}: {problem}")]
    Arguments {
        /// `Service.method`.
        method: String,
        /// Where, and what is wrong there.
        problem: String,
        /// What the method takes.
        signature: String,
    },

    /// The arguments cannot be read.
    #[error("cannot read the arguments from stdin: {0}")]
    Input(io::Error),

    /// The result cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl Failure {
    /// Tells the person at the shell; gives what to tell the shell.
    pub(crate) fn report(&self) -> ExitCode {
        if self.is_closed_pipe() {
            return ExitCode::Success;
        }
        let mut text = format!("error: {}\n", escaped(&self.to_string()));
        for detail in self.details() {
            text.extend(["  ", &escaped(&detail), "\n"]);
        }
        // Where stderr is closed, too, there is nobody left to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        self.code()
    }

    /// Whoever read the output, such as `head`, has seen enough.
    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::NotFound(not_found) => not_found.details(),
            Self::Arguments { signature, .. } => vec![signature.clone()],
            _ => Vec::new(),
        }
    }

    fn code(&self) -> ExitCode {
        match self {
            Self::Call(error) => error.into(),
            Self::Answered { .. } => ExitCode::Answered,
            Self::NoAddress(_) | Self::Arguments { .. } | Self::Input(_) => ExitCode::Usage,
            Self::NotFound(_) => ExitCode::Unknown,
            Self::Output(_) => ExitCode::Output,
        }
    }
}
