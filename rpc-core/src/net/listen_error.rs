//! Why a server cannot listen, in words for whoever starts it.

#[cfg(unix)]
use super::PassedProblem;
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
    /// The socket file of a server that listened has been replaced by something else: nobody can reach that server any
    /// more. What is there now is left alone.
    Displaced {
        /// The path of the file.
        path: PathBuf,
    },
    /// The descriptor is no socket that was passed down.
    #[cfg(unix)]
    Passed(PassedProblem),
    /// The address itself cannot be listened on.
    Address(AddressProblem),
    /// The directory is not safe to keep a socket in, or is not there.
    Directory(DirectoryError),
    /// Something else.
    Io(SystemError),
}

impl ListenError {
    /// Whether the same may be possible later: what the system lacks now, such as descriptors, it may have then.
    #[cfg(unix)]
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.problem, ListenProblem::Io(_))
    }
}

impl std::error::Error for ListenError {}

#[cfg(unix)]
impl From<PassedProblem> for ListenProblem {
    fn from(problem: PassedProblem) -> Self {
        Self::Passed(problem)
    }
}

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
                    "{ip} can be reached from other machines, and callers there prove nothing: set a token (`Server::token`, feature `token`), or take loopback (127.0.0.1, [::1])"
                )
            }
            ListenProblem::Displaced { path } => {
                write!(
                    f,
                    "{} has been replaced by something else, so no client finds this server any more",
                    path.display()
                )
            }
            #[cfg(unix)]
            ListenProblem::Passed(problem) => problem.fmt(f),
            ListenProblem::Address(problem) => problem.fmt(f),
            ListenProblem::Directory(problem) => problem.fmt(f),
            ListenProblem::Io(error) => error.fmt(f),
        }
    }
}
