//! Why a server cannot listen, in words for whoever starts it.

use super::{Address, AddressProblem, DirectoryError, SystemError, address::Place};
use std::{fmt, net::IpAddr, path::PathBuf};

/// Why a server cannot listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenError {
    /// Where.
    pub address: Address,
    /// Why not.
    pub problem: ListenProblem,
}

/// What stands in the way of listening.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenProblem {
    /// A live server has the address.
    AlreadyRunning,
    /// Something that no server of ours left is at the path. It is never deleted.
    Foreign {
        /// Where it is: the socket's path, or one beside it.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// This user may not.
    Denied {
        /// The file or directory that refuses, if it is one.
        path: Option<PathBuf>,
    },
    /// Other machines could connect, and nobody asked for that.
    NotLoopback {
        /// The address of this machine that they would reach.
        ip: IpAddr,
    },
    /// The address itself cannot be listened on.
    Address(AddressProblem),
    /// The directory is not safe to keep a socket in, or is not there.
    Directory(DirectoryError),
    /// Something else.
    Io(SystemError),
}

impl std::error::Error for ListenError {}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: ", self.address)?;
        match &self.problem {
            ListenProblem::AlreadyRunning => f.write_str(match self.address.place() {
                Place::Tcp { .. } => "somebody listens on that port already",
                _ => "a server is already running there",
            }),
            ListenProblem::Foreign { path, what } => {
                write!(f, "{} is {what}, which is left alone; move it away or choose another address", path.display())
            }
            ListenProblem::Denied { path: Some(path) } => write!(f, "permission denied for {}", path.display()),
            ListenProblem::Denied { path: None } => f.write_str("permission denied"),
            ListenProblem::NotLoopback { ip } => {
                write!(
                    f,
                    "{ip} can be reached from other machines, and callers are not authenticated: loopback only (127.0.0.1, [::1])"
                )
            }
            ListenProblem::Address(problem) => problem.fmt(f),
            ListenProblem::Directory(problem) => problem.fmt(f),
            ListenProblem::Io(error) => error.fmt(f),
        }
    }
}
