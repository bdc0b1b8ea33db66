//! A failure as one JSON object, for a program: `{"error":{"kind":..,"message":..}}`.
use super::Failure;
use crate::names::NotFound;
use crate::no_connection::NoConnection;
use rpc_core::{ConnectProblem, Error, Outcome};
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
}

impl<'a> From<&'a Failure> for Report<'a> {
    fn from(failure: &'a Failure) -> Self {
        if let Failure::Answered { method, error_type, value, .. } = failure {
            let (method, error_type) = (Some(&**method), Some(&**error_type));
            return Self { error: Told { kind: "service", error_type, value: Some(value), method, ..Told::default() } };
        }
        let mut told = Told { kind: kind(failure), message: Some(failure.to_string()), ..Told::default() };
        match failure {
            Failure::Call(error) | Failure::NoConnection(NoConnection { error, .. }) => {
                told.method = method(error);
                told.problem = problem(error);
                told.outcome = Some(outcome(error.outcome()));
            }
            // A program knows what it wrote, and needs no carets.
            Failure::Arguments { method, signature, .. } => {
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
        Failure::Call(error) | Failure::NoConnection(NoConnection { error, .. }) => kind_of_call(error),
        Failure::NotYet { .. } => "deadline",
        Failure::Registry(_) => "connect",
        Failure::Answered { .. } => "service",
        Failure::NoAddress(_) => "address",
        Failure::NotFound(NotFound::Unknown { .. }) => "unknown",
        Failure::NotFound(NotFound::Ambiguous { .. }) => "ambiguous",
        Failure::Arguments { .. } | Failure::Input(_) => "arguments",
        Failure::Output(_) | Failure::File { .. } => "output",
    }
}

fn kind_of_call(error: &Error) -> &'static str {
    match error {
        Error::Address(_) => "address",
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
    let method = match error {
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
        | Error::NoReply { method, .. } => method,
        _ => return None,
    };
    // A deadline may also be that of a step on the way, which is told in words.
    (!method.contains(' ')).then_some(method)
}

fn problem(error: &Error) -> Option<&'static str> {
    let Error::Connect(error) = error else { return None };
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
        _ => "other",
    })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not_sent",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
        Outcome::Executed => "executed",
    }
}
