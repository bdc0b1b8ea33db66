//! A failure as one JSON object, for a program: `{"error":{"kind":..,"message":..}}`.
use super::Failure;
use crate::names::NotFound;
use crate::no_connection::NoConnection;
use rpc_core::{ConnectProblem, Error, Outcome, Refusal};
use serde::Serialize;
use serde_json::value::RawValue;

/// What stands on stderr.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    error: Told<'a>,
}

/// What is told; what is not known is left out.
#[derive(Debug, Default, Serialize)]
struct Told<'a> {
    /// One word for the kind of failure.
    kind: &'static str,
    /// `Error`'s own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What more a person sees below the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<String>,
    /// The type of the error that a service answered.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
    /// The error that a service answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    /// `Service.method`.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    /// What the method takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    /// Why there is no connection, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
    /// What happened to the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// Which line of stdin.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The calls of the lines up to this one were cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line_under_way: Option<u64>,
}

impl<'a> From<&'a Failure> for Report<'a> {
    fn from(failure: &'a Failure) -> Self {
        if let Failure::Line { number, failure, last_under_way } = failure {
            let Self { error } = Self::from(&**failure);
            return Self { error: Told { line: Some(*number), last_line_under_way: *last_under_way, ..error } };
        }
        if let Failure::Answered { method, error_type, value, .. } = failure {
            let (method, error_type) = (Some(&**method), Some(&**error_type));
            // The value says it all.
            let message = value.is_none().then(|| failure.to_string());
            let told =
                Told { kind: "service", message, error_type, value: value.as_deref(), method, ..Told::default() };
            return Self { error: told };
        }
        let mut told = Told { kind: kind(failure), message: Some(failure.to_string()), ..Told::default() };
        match failure {
            Failure::Call(error) => {
                told.method = method(error);
                told.outcome = Some(outcome(error.outcome()));
            }
            Failure::Lost { method, error } => {
                told.method = Some(method);
                told.outcome = Some(outcome(error.outcome()));
            }
            Failure::NoConnection(NoConnection { error, .. }) | Failure::Uncalled { error, .. } => {
                told.problem = problem(error);
                told.outcome = Some(outcome(Outcome::NotSent));
            }
            // A program knows what it wrote, and needs no carets.
            Failure::Arguments { method, signature, .. } | Failure::Unfit { method, signature, .. } => {
                told.method = Some(method);
                told.signature = Some(signature);
            }
            _ => told.details = failure.details(),
        }
        Self { error: told }
    }
}

/// A wrong command line, in the words of the parser.
pub(super) fn usage(message: String) -> Report<'static> {
    Report { error: Told { kind: "usage", message: Some(message), ..Told::default() } }
}

fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::Call(error) | Failure::Lost { error, .. } | Failure::Uncalled { error, .. } => kind_of_call(error),
        Failure::NoConnection(NoConnection { error, .. }) => kind_of_call(error),
        Failure::NotYet { .. } => "deadline",
        Failure::Registry(_) => "connect",
        Failure::Answered { .. } => "service",
        Failure::NoAddress(_) => "address",
        Failure::NotFound(NotFound::Unknown { .. } | NotFound::Service { .. }) => "unknown",
        Failure::NotFound(NotFound::Ambiguous { .. }) => "ambiguous",
        Failure::Arguments { .. } | Failure::Input(_) | Failure::Lines { .. } => "arguments",
        Failure::Unfit { .. } => "usage",
        Failure::Line { failure, .. } => kind(failure),
        Failure::Output(_) | Failure::File { .. } => "output",
        Failure::Told(_) => "other",
    }
}

fn kind_of_call(error: &Error) -> &'static str {
    match error {
        Error::Address(_) => "address",
        Error::Token(_) => "token",
        Error::Connect(_) => "connect",
        Error::Foreign { .. } => "foreign",
        Error::RefusedConnection { .. } => "refused_connection",
        Error::Disconnected { .. } => "disconnected",
        Error::Deadline { .. } => "deadline",
        Error::TooLarge { .. } => "too_large",
        Error::Incompatible { .. } => "incompatible",
        Error::UnknownMethod { .. } | Error::UnknownService { .. } => "unknown",
        Error::Overloaded { .. } => "overloaded",
        Error::ShuttingDown { .. } => "shutting_down",
        Error::NotAllowed { .. } => "not_allowed",
        Error::Malformed { .. } | Error::Encode { outcome: Outcome::NotSent, .. } => "arguments",
        Error::BadReply { .. } => "bad_reply",
        Error::Panicked { .. } => "panicked",
        Error::NoReply { .. } | Error::Encode { .. } => "no_reply",
        Error::Protocol { .. } => "protocol",
        // A kind that is newer than this list.
        _ => "other",
    }
}

fn method(error: &Error) -> Option<&str> {
    match error {
        Error::Deadline { method, .. }
        | Error::TooLarge { method, .. }
        | Error::Incompatible { method, .. }
        | Error::UnknownMethod { method }
        | Error::Overloaded { method }
        | Error::ShuttingDown { method }
        | Error::NotAllowed { method, .. }
        | Error::Malformed { method, .. }
        | Error::BadReply { method, .. }
        | Error::Encode { method, .. }
        | Error::Panicked { method }
        | Error::NoReply { method, .. } => Some(method),
        _ => None,
    }
}

fn problem(error: &Error) -> Option<&'static str> {
    let error = match error {
        Error::Connect(error) => error,
        Error::RefusedConnection { why, .. } => return Some(refusal(why)),
        _ => return None,
    };
    Some(match &error.problem {
        ConnectProblem::Missing => "missing",
        // A socket file that nobody listens on is what a dead server leaves.
        ConnectProblem::Refused if error.address.socket_file().is_some() => "stale",
        ConnectProblem::Refused => "refused",
        ConnectProblem::Denied => "denied",
        ConnectProblem::TimedOut => "timed_out",
        ConnectProblem::NotASocket => "not_a_socket",
        ConnectProblem::Address(_) => "address",
        ConnectProblem::Directory(_) => "unsafe_registry",
        #[cfg(unix)]
        ConnectProblem::Passed(_) => "descriptor",
        ConnectProblem::Command(_) => "command",
        ConnectProblem::Stranger { .. } => "stranger",
        ConnectProblem::Unproven => "unproven",
        _ => "other",
    })
}

fn refusal(why: &Refusal) -> &'static str {
    match why {
        Refusal::Version { .. } => "version",
        Refusal::Malformed(_) => "malformed",
        Refusal::NotAllowed => "not_allowed",
        Refusal::ShuttingDown => "shutting_down",
        Refusal::Overloaded => "overloaded",
        Refusal::TokenMissing => "token_missing",
        Refusal::WrongToken => "wrong_token",
        _ => "other",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not_sent",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
        Outcome::Executed => "executed",
    }
}
