//! Listening on an address, as the only server there. What a path needs is in `socket_file`, what TCP needs in `tcp`.
//!
//! Accepting never blocks and never waits: whoever drives a listener polls its descriptor, and decides what to do when
//! descriptors run out (accept(2) fails at once then, again and again).

use super::{
    Address, ListenError, ListenProblem, Stream,
    address::Place,
    tcp::{self, BindProblem},
};
#[cfg(unix)]
use super::{directory, registry, socket_file::SocketFile, unix_socket};
use interprocess::local_socket;
use std::{io, net::TcpListener};
#[cfg(unix)]
use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

/// Connections that the kernel holds for us until they are accepted; it lowers it to `net.core.somaxconn` (4096 by
/// default), and connecting beyond it waits.
const BACKLOG: i32 = 4096;
/// A local socket is its user's alone unless asked for otherwise.
const MODE: u32 = 0o600;

/// How to listen.
#[derive(Debug, Clone)]
#[cfg_attr(windows, expect(dead_code, reason = "pipes have no mode, and no backlog that can be set"))]
pub(crate) struct ListenOptions {
    /// The permission bits of a socket file, exactly these whatever the umask. Who may write may connect.
    pub(crate) mode: u32,
    /// Whether other machines may connect over TCP.
    pub(crate) allow_remote: bool,
    /// Connections that wait to be accepted, at most.
    pub(crate) backlog: i32,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self { mode: MODE, allow_remote: false, backlog: BACKLOG }
    }
}

/// The one server of an address. Dropping it frees the address at once; its connections live on.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Removed first at a drop, so that nobody finds a socket on which nobody listens.
    #[cfg(unix)]
    _file: Option<SocketFile>,
    socket: Socket,
    address: Address,
}

#[derive(Debug)]
enum Socket {
    Local(local_socket::Listener),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens. A stale socket file is replaced; a live server, and whatever is not a socket, never.
    pub(crate) fn bind(address: &Address, options: &ListenOptions) -> Result<Self, ListenError> {
        let listener = match address.place() {
            Place::Tcp { host, port } => Self::bind_tcp(host, *port, options),
            #[cfg(unix)]
            place => Self::bind_local(address, place, options),
            #[cfg(windows)]
            _ => super::pipe::listen(address)
                .map(|listener| Self { socket: Socket::Local(listener), address: address.clone() }),
        };
        listener.map_err(|problem| ListenError { address: address.clone(), problem })
    }

    /// The real address: with the port that the system gave.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    fn bind_tcp(host: &str, port: u16, options: &ListenOptions) -> Result<Self, ListenProblem> {
        let socket = tcp::bind(host, port, options.allow_remote).map_err(|problem| match problem {
            BindProblem::NotLoopback(ip) => ListenProblem::NotLoopback { ip },
            BindProblem::System(error) => explain(error),
        })?;
        socket.set_nonblocking(true).map_err(explain)?;
        // std listens with a backlog of 128; a second listen(2) only changes that.
        #[cfg(unix)]
        rustix::net::listen(&socket, options.backlog).map_err(|error| explain(error.into()))?;
        let address = Address::from_tcp(socket.local_addr().map_err(explain)?);
        Ok(Self {
            #[cfg(unix)]
            _file: None,
            socket: Socket::Tcp(socket),
            address,
        })
    }
}

#[cfg(unix)]
impl Listener {
    fn bind_local(address: &Address, place: &Place, options: &ListenOptions) -> Result<Self, ListenProblem> {
        let publish = |path: &Path| SocketFile::publish(path, options.mode, options.backlog);
        let (file, socket) = match place {
            Place::Name(name) => {
                directory::create_private(&registry::directory()).map_err(ListenProblem::Directory)?;
                publish(&registry::socket_file(name)).map(|(file, socket)| (Some(file), socket))?
            }
            Place::File(path) => publish(path).map(|(file, socket)| (Some(file), socket))?,
            Place::Abstract(name) => (None, bind_abstract(name, options).map_err(|e| explain(e.into()))?),
            Place::Tcp { .. } => return Err(explain(io::ErrorKind::Unsupported.into())),
        };
        rustix::io::ioctl_fionbio(&socket, true).map_err(|error| explain(error.into()))?;
        let socket = Socket::Local(local_socket::Listener::UdSocket(socket.into()));
        Ok(Self { _file: file, socket, address: address.clone() })
    }

    /// The next connection; none if nobody waits.
    ///
    /// # Errors
    /// What accept(2) says about this process or the system: out of descriptors or memory. Try again later; what is
    /// wrong with a single connection is skipped.
    pub(crate) fn accept(&self) -> io::Result<Option<Stream>> {
        loop {
            let accepted = match &self.socket {
                Socket::Local(local_socket::Listener::UdSocket(listener)) => {
                    listener.inner().accept().map(|(stream, _)| OwnedFd::from(stream)).and_then(|fd| {
                        make_blocking(&fd)?;
                        Ok(Stream::from_local(fd))
                    })
                }
                Socket::Tcp(listener) => listener.accept().and_then(|(stream, _)| {
                    make_blocking(&stream)?;
                    Stream::from_tcp(stream)
                }),
            };
            match accepted {
                Ok(stream) => return Ok(Some(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(unix)]
impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Local(local_socket::Listener::UdSocket(listener)) => listener.as_fd(),
            Socket::Tcp(listener) => listener.as_fd(),
        }
    }
}

#[cfg(windows)]
impl Listener {
    /// The next connection; none if nobody waits.
    ///
    /// # Errors
    /// What the system says, but about a single connection.
    pub(crate) fn accept(&self) -> io::Result<Option<Stream>> {
        use local_socket::traits::Listener as _;

        loop {
            let accepted = match &self.socket {
                Socket::Local(listener) => listener.accept().and_then(Stream::from_local),
                Socket::Tcp(listener) => listener.accept().and_then(|(stream, _)| Stream::from_tcp(stream)),
            };
            match accepted {
                Ok(stream) => return Ok(Some(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The kernel itself sees to it that an abstract name has one listener.
#[cfg(unix)]
fn bind_abstract(name: &str, options: &ListenOptions) -> Result<OwnedFd, rustix::io::Errno> {
    let socket = unix_socket::stream_socket()?;
    rustix::net::bind(&socket, &unix_socket::abstract_address(name)?)?;
    rustix::net::listen(&socket, options.backlog)?;
    Ok(socket)
}

/// On Linux an accepted socket starts out blocking; elsewhere it is as its listener, which is not. See accept(2).
#[cfg(unix)]
fn make_blocking(socket: impl AsFd) -> io::Result<()> {
    if cfg!(not(target_os = "linux")) {
        rustix::io::ioctl_fionbio(&socket, false)?;
    }
    Ok(())
}

/// accept(2): an error of the network that was pending on the new connection is to be treated like "try again".
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown, NetworkUnreachable,
    };

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | HostUnreachable | Interrupted | NetworkDown | NetworkUnreachable
    )
}

fn explain(error: io::Error) -> ListenProblem {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenProblem::AlreadyRunning,
        io::ErrorKind::PermissionDenied => ListenProblem::Denied { path: None },
        _ => ListenProblem::Io(error.into()),
    }
}
