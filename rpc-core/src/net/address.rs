//! Where a service is, as a person writes it. Parsed, not checked later: whoever holds an [`Address`] holds a good one.
//!
//! Nothing here touches a file or the network: that a place can be written does not mean that anybody is there.

use super::address_text::{file, parse};
use super::{AddressError, DirectoryError};
#[cfg(unix)]
use super::{passed::Passed, program::Program};
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Where a service is: a name, a socket file, an abstract socket, a TCP port, a socket that was passed down, or a command.
///
/// ```
/// use rpc_core::Address;
///
/// let address: Address = "tcp:[::1]:7000".parse()?;
/// assert_eq!(address.to_string(), "tcp:[::1]:7000");
/// assert!("tcp:localhost".parse::<Address>().unwrap_err().to_string().contains("no port"));
/// # Ok::<(), rpc_core::AddressError>(())
/// ```
///
/// | written | means |
/// |---|---|
/// | `kv` | an entry of the user's private registry |
/// | `/path`, `./path`, `../path` | that socket file |
/// | `@name` | a Linux abstract socket |
/// | `tcp:host:port` | TCP; IPv6 in brackets; port 0 to listen anywhere |
/// | `fd:3` | a socket that another process passed down; `fd:0` is stdin |
/// | `exec:command words` | for clients: a command that is started, and talked to over its stdin |
///
/// **`fd:N`** (Unix) is a descriptor that was open when this process began: 0, or 3 and up. A server takes one that
/// listens, or one that is connected: then it serves that connection, and [`run`](crate::Listening::run) returns when
/// it has ended. A client takes a connected one. Each is taken once, and closed on exec from then on.
/// `fd:3=/path` says which socket file leads to it; [`Sockets::pass_to`](crate::Sockets::pass_to) writes that.
///
/// **`exec:`** (Unix) divides words as a shell does, with its quotes and backslashes, and knows nothing else of a shell
/// (`exec:sh -c '..'` does). The command's stdin is a connected socket, which it may serve as `fd:0`; its stdout and
/// stderr are our stderr. When the connection is dropped it reads the end, has two seconds to end itself, and is killed then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(Place);

/// The kinds of places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// An entry of the registry.
    Name(String),
    /// A socket file; absolute, or starting with a dot.
    File(PathBuf),
    /// A Linux abstract socket; without the `@`.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has them"))]
    Abstract(String),
    /// A port of a host; the host without brackets.
    Tcp {
        /// A host name, or an IP address.
        host: String,
        /// 0: any free one.
        port: u16,
    },
    /// A socket that was passed down.
    #[cfg(unix)]
    Passed(Box<Passed>),
    /// A program that is started.
    #[cfg(unix)]
    Program(Box<Program>),
}

impl Address {
    /// The socket file at a path, which need not be valid UTF-8. A relative one is relative to the working directory
    /// at the time of its use.
    ///
    /// # Errors
    /// A path that cannot be a socket's, or a system without socket files.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, AddressError> {
        let path = path.as_ref();
        file(path).map(Self).map_err(|problem| AddressError { text: path.display().to_string(), problem })
    }

    /// The socket file that this address stands for, if it stands for one: that of the registry for a name.
    #[must_use]
    pub fn socket_file(&self) -> Option<PathBuf> {
        match &self.0 {
            #[cfg(unix)]
            Place::Name(name) => Some(super::registry::socket_file(name)),
            Place::File(path) => Some(path.clone()),
            #[cfg(unix)]
            Place::Passed(passed) => passed.file.clone(),
            _ => None,
        }
    }

    /// The name of every socket in the user's registry, in order, whether or not a server still listens there.
    ///
    /// # Errors
    /// The registry cannot be read, or others could have put sockets there. One that does not exist yet is empty.
    pub fn registered() -> Result<Vec<Self>, DirectoryError> {
        Ok(super::registry::names()?.into_iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The directory of the user's registry, whether or not it exists; `None` where it is no directory.
    #[must_use]
    pub fn registry() -> Option<PathBuf> {
        #[cfg(unix)]
        return Some(super::registry::directory());
        #[cfg(not(unix))]
        None
    }

    /// The sockets that systemd has passed to this process, or whoever else speaks its protocol, as `fd:3` and so on; none if
    /// nothing was. (`LISTEN_PID` and `LISTEN_FDS`, see sd_listen_fds(3))
    #[must_use]
    pub fn passed_down() -> Vec<Self> {
        #[cfg(unix)]
        return super::passed::announced().map(Self::from_passed).collect();
        #[cfg(not(unix))]
        Vec::new()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0
    }

    /// A socket that was passed down, or is to be.
    #[cfg(unix)]
    pub(crate) fn from_passed(passed: Passed) -> Self {
        Self(Place::Passed(Box::new(passed)))
    }

    /// A TCP address that the system gave.
    pub(crate) fn from_tcp(socket: SocketAddr) -> Self {
        Self(Place::Tcp { host: socket.ip().to_string(), port: socket.port() })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map(Self).map_err(|problem| AddressError { text: text.to_owned(), problem })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Name(name) => f.write_str(name),
            Place::File(path) => path.display().fmt(f),
            Place::Abstract(name) => write!(f, "@{name}"),
            Place::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Place::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            #[cfg(unix)]
            Place::Passed(passed) => passed.fmt(f),
            #[cfg(unix)]
            Place::Program(program) => program.fmt(f),
        }
    }
}
