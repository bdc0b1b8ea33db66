//! What a server answers instead of a reply.
use crate::{Error, Outcome};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a call has no reply: the body of a fault frame (`PROTOCOL.md`, C6). New kinds go to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    /// No such service is open on this connection.
    UnknownService,
    /// The service has no method with this index.
    UnknownMethod,
    /// The arguments did not decode.
    Malformed(String),
    /// The request is larger than the server takes. It was skipped.
    RequestTooLarge { size: u64, limit: u64 },
    /// The reply is larger than the client takes. The handler has run.
    ReplyTooLarge { size: u64, limit: u64 },
    /// Too many calls, on this connection or in the server. The handler did not run.
    Overloaded,
    /// The deadline passed before the handler was started.
    Deadline,
    /// The handler panicked.
    Panicked,
    /// The handler ran, and its answer could not be made.
    NoReply(String),
    /// The caller may not.
    NotAllowed(String),
    /// The server starts no more calls.
    ShuttingDown,
    /// The handler ended after the deadline. What it answered then, perhaps because of it, is no answer.
    Late,
}

impl Fault {
    /// As the caller of `method` sees it.
    pub(crate) fn into_error(self, method: String, allowed: Option<Duration>) -> Error {
        match self {
            Fault::UnknownService | Fault::UnknownMethod => Error::UnknownMethod { method },
            Fault::Malformed(problem) => Error::Malformed { method, problem },
            Fault::RequestTooLarge { size, limit } => {
                Error::TooLarge { method, size, limit, outcome: Outcome::Refused }
            }
            Fault::ReplyTooLarge { size, limit } => Error::TooLarge { method, size, limit, outcome: Outcome::Executed },
            Fault::Overloaded => Error::Overloaded { method },
            Fault::Deadline => {
                Error::Deadline { method, allowed: allowed.unwrap_or_default(), outcome: Outcome::Refused }
            }
            Fault::Late => Error::Deadline { method, allowed: allowed.unwrap_or_default(), outcome: Outcome::Executed },
            Fault::Panicked => Error::Panicked { method },
            Fault::NoReply(why) => Error::NoReply { method, why },
            Fault::NotAllowed(why) => Error::NotAllowed { method, why },
            Fault::ShuttingDown => Error::ShuttingDown { method },
        }
    }

    /// What a caller is told of an error that a handler, or a layer around it, gave instead of an answer.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::UnknownMethod { .. } => Fault::UnknownMethod,
            Error::Malformed { problem, .. } => Fault::Malformed(problem.clone()),
            Error::NotAllowed { why, .. } => Fault::NotAllowed(why.clone()),
            Error::Overloaded { .. } => Fault::Overloaded,
            Error::Panicked { .. } => Fault::Panicked,
            Error::TooLarge { size, limit, outcome: Outcome::Executed, .. } => {
                Fault::ReplyTooLarge { size: *size, limit: *limit }
            }
            Error::Encode { problem, .. } => Fault::NoReply(format!("the answer cannot be encoded: {problem}")),
            Error::NoReply { why, .. } => Fault::NoReply(why.clone()),
            // Anything else is the handler's own trouble with others, which is none of the caller's business.
            _ => Fault::NoReply("the handler failed".to_owned()),
        }
    }
}
