//! Why there is no connection, in words that help: a person reads them, a program tells by them what to do.

#[cfg(unix)]
use super::PassedProblem;
use super::{Address, AddressProblem, DirectoryError, SystemError, address::Place};
use std::fmt;

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    /// Where to.
    pub address: Address,
    /// Why not.
    pub problem: ConnectProblem,
}

/// What stands in the way of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectProblem {
    /// There is no such socket.
    Missing,
    /// Nobody listens. If it is a socket file, its server has ended without removing it: it is stale.
    Refused,
    /// This user may not connect.
    Denied,
    /// The server is another user's, whom this side does not trust: it may be posing as the one that was meant. Nothing was
    /// sent. [`Connect::allow_user`](crate::Connect::allow_user) trusts that user.
    Stranger {
        /// Whose it is, as the kernel tells it; none if it does not.
        uid: Option<u32>,
    },
    /// This side has a token, and the server did not prove that it knows it: it may be posing as the one that was meant, or has
    /// no token. No call was sent.
    Unproven,
    /// The deadline came before the server took the connection: it is overloaded or stopped.
    TimedOut,
    /// There is something at the path, but it is no stream socket.
    NotASocket,
    /// The address itself cannot be connected to.
    Address(AddressProblem),
    /// The registry is not to be trusted.
    Directory(DirectoryError),
    /// The descriptor is no connected socket that was passed down.
    #[cfg(unix)]
    Passed(PassedProblem),
    /// The command cannot be started.
    Command(SystemError),
    /// Something else.
    Io(SystemError),
}

impl ConnectError {
    /// Whether a server that starts could make it pass.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.problem, ConnectProblem::Missing | ConnectProblem::Refused)
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: ", self.address)?;
        match &self.problem {
            ConnectProblem::Missing => match (self.address.place(), self.address.socket_file()) {
                // Server and client may have different registries: by another XDG_RUNTIME_DIR, by sudo.
                (Place::Name(_), Some(file)) => write!(f, "there is no {} (not started yet?)", file.display()),
                _ => f.write_str("no such socket (not started yet?)"),
            },
            ConnectProblem::Refused => f.write_str(match self.address.place() {
                Place::Name(_) | Place::File(_) => "nobody listens on the socket (stale: its server has ended?)",
                Place::Abstract(_) => "nobody listens there (not started yet?)",
                Place::Tcp { .. } => "nobody listens on that port (not started yet?)",
                #[cfg(unix)]
                Place::Passed(_) | Place::Program(_) => "nobody listens",
            }),
            ConnectProblem::Denied => f.write_str("permission denied (another user's server?)"),
            ConnectProblem::Stranger { uid: Some(uid) } => {
                write!(f, "its server is user {uid}'s, who is neither you nor root, and may be posing as it ")?;
                write!(f, "(if that is the right one: `Connect::allow_user({uid})`)")
            }
            ConnectProblem::Stranger { uid: None } => {
                f.write_str("the system does not tell whose server it is (if any will do: `Connect::allow_anyone`)")
            }
            ConnectProblem::Unproven => f.write_str(
                "the server does not prove that it knows the token (another program, or a server without one?)",
            ),
            ConnectProblem::TimedOut => f.write_str("the server did not take the connection in time (overloaded?)"),
            ConnectProblem::NotASocket => f.write_str("what is there is not a stream socket"),
            ConnectProblem::Address(problem) => problem.fmt(f),
            ConnectProblem::Directory(problem) => problem.fmt(f),
            #[cfg(unix)]
            ConnectProblem::Passed(problem) => problem.fmt(f),
            ConnectProblem::Command(error) => write!(f, "the command cannot be started: {error}"),
            ConnectProblem::Io(error) => error.fmt(f),
        }
    }
}
