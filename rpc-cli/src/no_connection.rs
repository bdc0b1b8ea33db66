//! Why there is no connection, for whoever is at a shell: in the words of rpc-core, and what to try.
use rpc_core::{Address, ConnectError, ConnectProblem, Error, schema::nearest};
use std::fmt;

/// A server that cannot be reached.
#[derive(Debug)]
pub(crate) struct NoConnection {
    /// As it was written.
    pub(crate) address: String,
    /// Why not.
    pub(crate) error: Error,
}

impl NoConnection {
    /// Whether there is no such socket.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(&self.error, Error::Connect(error) if error.problem == ConnectProblem::Missing)
    }
}

impl std::error::Error for NoConnection {}

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Error::Connect(error) => f.write_str(&advised(error)),
            Error::Deadline { method, allowed, .. } => {
                write!(f, "{method}: no answer within {allowed:?} (frozen, overloaded, or no rpc server?)")
            }
            Error::Disconnected { cause, .. } => {
                let address = &self.address;
                write!(f, "the connection to {address} ended: {cause} (no rpc server, or one that is stopping?)")
            }
            error => error.fmt(f),
        }
    }
}

/// The error, and behind its own guess what to try.
fn advised(error: &ConnectError) -> String {
    let told = error.to_string();
    match (told.strip_suffix("(not started yet?)"), &error.problem) {
        (Some(front), ConnectProblem::Missing | ConnectProblem::Refused) => {
            format!("{front}(not started yet? {})", advice(&error.address))
        }
        _ => told,
    }
}

fn advice(address: &Address) -> String {
    match similar(&address.to_string()) {
        Some(similar) => format!("or did you mean `{similar}`?"),
        None => "`rpc-cli wait` blocks until it is".to_owned(),
    }
}

/// The name in the registry that was perhaps meant; for a bare name alone.
pub(crate) fn similar(address: &str) -> Option<String> {
    if address.contains(['/', '\\', '@', ':']) {
        return None;
    }
    // A registry that cannot be listed is no help; and why it cannot is not what was asked.
    let names: Vec<String> = Address::registered().ok()?.iter().map(Address::to_string).collect();
    nearest(address, names.iter().map(String::as_str)).map(str::to_owned)
}
