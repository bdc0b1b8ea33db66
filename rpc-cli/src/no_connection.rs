//! Why there is no connection, for whoever is at a shell: in the words of rpc-core, and what to try.
use rpc_core::{Address, ConnectError, ConnectProblem, Error, Introspection, Service, schema::nearest};
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
            Error::UnknownService { service, known } if service == Introspection::INFO.name() => {
                let (address, known) = (&self.address, known.join(", "));
                write!(
                    f,
                    "{address} tells nothing of itself: it serves {known}, and does without Introspection (`ping` works)"
                )
            }
            error => f.write_str(&for_a_shell(error.to_string())),
        }
    }
}

/// The error, and behind its own guess what to try.
fn advised(error: &ConnectError) -> String {
    let told = for_a_shell(error.to_string());
    match (told.strip_suffix("(not started yet?)"), &error.problem) {
        (Some(front), ConnectProblem::Missing | ConnectProblem::Refused) => {
            format!("{front}(not started yet? {})", advice(&error.address))
        }
        _ => told,
    }
}

/// What to do about it is an option here, and a function for a program.
fn for_a_shell(told: String) -> String {
    let told = told.replace("`Connect::token`", "--token-file").replace("`Connect::allow_anyone`", "--allow-user any");
    match told.split_once("`Connect::allow_user(").and_then(|(front, rest)| Some((front, rest.split_once(")`")?))) {
        Some((front, (uid, behind))) => format!("{front}--allow-user {uid}{behind}"),
        None => told,
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
