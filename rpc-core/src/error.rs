//! Why a call has no answer, and what happened to it.
//!
//! - `rounded`: times in messages.
mod rounded;

pub(crate) use rounded::Rounded;

use crate::net::{AddressError, ConnectError, ListenError};
use crate::token::TokenError;
use crate::wire::Refusal;
use std::time::Duration;

/// What happened to a call that failed. Only the first two are safe to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The request never left this process whole, so no handler ran.
    NotSent,
    /// The server's library says that no handler ran.
    Refused,
    /// The request went out, and nothing is known of it: a handler may have run, may still run, or may never have.
    Unknown,
    /// The handler ran, or the call was answered. Of a call with items: it had begun to run, because items came from it.
    Executed,
}

/// Who can mend what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The calling program: an argument, an address, a version.
    Caller,
    /// The service: its handler, its version, its load.
    Service,
    /// What is between them: a socket, a process that died, time.
    Transport,
}

/// Why a call has no answer. [`outcome`](Error::outcome) tells what happened to the call, [`blame`](Error::blame) who can mend it.
///
/// Its `Debug` form is its words, too, because that is what Rust prints of an error that `main` returns.
///
/// A service's own failures are not here: they are the `Err` of the `Result` that its method returns.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),

    /// A secret cannot be used as a token.
    #[error(transparent)]
    Token(#[from] TokenError),

    /// No connection could be made.
    #[error(transparent)]
    Connect(#[from] ConnectError),

    /// A server could not listen.
    #[error(transparent)]
    Listen(#[from] ListenError),

    /// Something listens at the address, but it is no server of this framework.
    #[error("{address} is no rpc server: it answered {began:?}")]
    Foreign {
        /// What was connected to.
        address: String,
        /// How its answer began, made printable.
        began: String,
    },

    /// The server will not talk to this program.
    #[error("{address} refuses this connection: {why}")]
    RefusedConnection {
        /// What was connected to.
        address: String,
        /// The server's reason, or this side's if it is the version.
        why: Refusal,
    },

    /// The connection ended before the answer came.
    #[error("the connection ended: {cause}{}", told(.outcome))]
    Disconnected {
        /// How it ended.
        cause: String,
        /// `NotSent` if not the whole request went out, `Executed` if items had come already, else `Unknown`.
        outcome: Outcome,
    },

    /// The call took longer than it may.
    #[error("{method}: no answer within {}{}", Rounded(*.allowed), told(.outcome))]
    Deadline {
        /// `Service.method`, or what was attempted.
        method: String,
        /// How long it might have taken.
        allowed: Duration,
        /// `NotSent`, `Refused` (the server did not start it any more), `Executed` if items had come already, or `Unknown`.
        outcome: Outcome,
    },

    /// A message is larger than the other side takes.
    #[error("{method}: a {} of {size} bytes, but {} takes {limit} (its `Limits::frame_bytes_max`)", large(.outcome), taker(.outcome))]
    TooLarge {
        /// `Service.method`.
        method: String,
        /// Of the encoded message, in bytes.
        size: u64,
        /// What the other side takes, in bytes.
        limit: u64,
        /// `NotSent` or `Refused` for a request, `Executed` for a reply.
        outcome: Outcome,
    },

    /// The two programs were built from versions in which this method differs. Nothing ran.
    #[error("{method} differs in the server's version: {path} is {ours} here, and {theirs} there")]
    Incompatible {
        /// `Service.method`.
        method: String,
        /// Where it differs, such as `get(key)` or `returns.Ok`.
        path: String,
        /// What it is in this program.
        ours: String,
        /// What it is in the server.
        theirs: String,
    },

    /// The server's version of the service lacks this method.
    #[error("the server's version of the service has no method {method}")]
    UnknownMethod {
        /// `Service.method`.
        method: String,
    },

    /// The server does not serve this service.
    #[error("the server has no service {service} (it has {})", list(.known))]
    UnknownService {
        /// The service that was wanted.
        service: String,
        /// Those that it has.
        known: Vec<String>,
    },

    /// The server has as much to do as it takes.
    #[error("{method}: the server is overloaded; try again later")]
    Overloaded {
        /// `Service.method`.
        method: String,
    },

    /// The server is stopping, and starts no more calls.
    #[error("{method}: the server is shutting down")]
    ShuttingDown {
        /// `Service.method`.
        method: String,
    },

    /// Two services of one name were to be served.
    #[error("two services are called {service}: a client could not tell which it calls")]
    DuplicateService {
        /// The name.
        service: String,
    },

    /// The server does not let this caller call this method.
    #[error("{method}: not allowed: {why}")]
    NotAllowed {
        /// `Service.method`.
        method: String,
        /// The server's reason.
        why: String,
    },

    /// The server could not decode the arguments.
    #[error("{method}: the server could not decode the arguments: {problem}")]
    Malformed {
        /// `Service.method`.
        method: String,
        /// What is wrong with them.
        problem: String,
    },

    /// The answer could not be decoded.
    #[error("{method}: the server's answer could not be decoded: {problem}")]
    BadReply {
        /// `Service.method`.
        method: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A value could not be encoded.
    #[error("{method}: cannot encode the {}: {problem}", large(.outcome))]
    Encode {
        /// `Service.method`.
        method: String,
        /// What went wrong.
        problem: String,
        /// `NotSent` for arguments, `Executed` for an answer.
        outcome: Outcome,
    },

    /// The handler panicked. What it said is in the server's own output.
    #[error("{method}: the handler panicked")]
    Panicked {
        /// `Service.method`.
        method: String,
    },

    /// The handler ended without an answer.
    #[error("{method}: the handler gave no answer: {why}")]
    NoReply {
        /// `Service.method`.
        method: String,
        /// The server's reason.
        why: String,
    },

    /// The other side broke the protocol.
    #[error("the other side broke the protocol: {problem}{}", told(.outcome))]
    Protocol {
        /// What it did.
        problem: String,
        /// `NotSent` if not the whole request went out, `Executed` if items had come already, else `Unknown`.
        outcome: Outcome,
    },

    /// The system refused something: a thread, a descriptor.
    #[error("{doing}: {text}")]
    System {
        /// What was attempted.
        doing: String,
        /// The system's words.
        text: String,
    },
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// What happened to the call. Only [`Outcome::NotSent`] and [`Outcome::Refused`] are safe to send again.
    pub fn outcome(&self) -> Outcome {
        use Error::*;
        match self {
            Address(_) | Connect(_) | Listen(_) | Foreign { .. } | RefusedConnection { .. } | System { .. } => {
                Outcome::NotSent
            }
            DuplicateService { .. } | Token(_) => Outcome::NotSent,
            Incompatible { .. } | UnknownService { .. } | UnknownMethod { .. } => Outcome::Refused,
            Overloaded { .. } | ShuttingDown { .. } | NotAllowed { .. } | Malformed { .. } => Outcome::Refused,
            BadReply { .. } | Panicked { .. } | NoReply { .. } => Outcome::Executed,
            Disconnected { outcome, .. }
            | Deadline { outcome, .. }
            | TooLarge { outcome, .. }
            | Encode { outcome, .. }
            | Protocol { outcome, .. } => *outcome,
        }
    }

    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        use Error::*;
        match self {
            Address(_) | Malformed { .. } | Incompatible { .. } | UnknownMethod { .. } | NotAllowed { .. } => {
                Blame::Caller
            }
            UnknownService { .. } | RefusedConnection { .. } | Foreign { .. } | Listen(_) => Blame::Caller,
            DuplicateService { .. } | Token(_) => Blame::Caller,
            TooLarge { outcome, .. } | Encode { outcome, .. } => match outcome {
                Outcome::Executed => Blame::Service,
                _ => Blame::Caller,
            },
            Overloaded { .. }
            | ShuttingDown { .. }
            | BadReply { .. }
            | Panicked { .. }
            | NoReply { .. }
            | Protocol { .. } => Blame::Service,
            Connect(_) | Disconnected { .. } | Deadline { .. } | System { .. } => Blame::Transport,
        }
    }

    /// For handlers and layers around them: this caller may not.
    pub fn not_allowed(why: impl Into<String>) -> Self {
        Self::NotAllowed { method: String::new(), why: why.into() }
    }

    /// The same, of something that a call needed before it could be sent.
    pub(crate) fn before_the_call(mut self) -> Self {
        self.outcome_mut().into_iter().for_each(|outcome| *outcome = Outcome::NotSent);
        self
    }

    /// The same, of a call from which items had come: its handler ran, however it went on.
    pub(crate) fn behind_items(mut self) -> Self {
        let unknown = self.outcome_mut().filter(|outcome| **outcome == Outcome::Unknown);
        unknown.into_iter().for_each(|outcome| *outcome = Outcome::Executed);
        self
    }

    /// Unless its kind says it all.
    fn outcome_mut(&mut self) -> Option<&mut Outcome> {
        use Error::*;
        match self {
            Disconnected { outcome, .. }
            | Deadline { outcome, .. }
            | TooLarge { outcome, .. }
            | Encode { outcome, .. }
            | Protocol { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// The same, of an answer: encoding knows nothing of calls.
    pub(crate) fn of_an_answer(self) -> Self {
        match self {
            Self::Encode { method, problem, .. } => Self::Encode { method, problem, outcome: Outcome::Executed },
            other => other,
        }
    }

    pub(crate) fn system(doing: &str, error: &std::io::Error) -> Self {
        Self::System { doing: doing.to_owned(), text: error.to_string() }
    }
}

/// What the outcome means for the caller, where the rest of the sentence does not say it.
fn told(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => " (the request was not sent)",
        Outcome::Refused => " (the call was not started)",
        Outcome::Unknown => " (whether the call ran is unknown)",
        Outcome::Executed => " (the call ran)",
    }
}

fn large(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Executed => "reply",
        _ => "request",
    }
}

/// Who reads what is large.
fn taker(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Executed => "the caller",
        _ => "the server",
    }
}

fn list(known: &[String]) -> String {
    match known {
        [] => "none".to_owned(),
        known => known.join(", "),
    }
}
