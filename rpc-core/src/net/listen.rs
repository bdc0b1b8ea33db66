//! Listening on an address, as the only server there. What a path needs is in `socket_file`, what TCP needs in `tcp`, what
//! was passed down in `passed`, accepting in `listening_socket`.
//!
//! Accepting never blocks and never waits: whoever drives a listener polls its descriptor, and decides what to do when
//! descriptors run out (accept(2) fails at once then, again and again).

use super::{
    Address, ListenError, ListenProblem, ListeningSocket, Stream,
    address::Place,
    tcp::{self, BindProblem},
};
#[cfg(unix)]
use super::{
    AddressProblem, directory,
    passed::{self, Passed},
    registry,
    socket_file::{Leads, SocketFile},
    unix_socket,
};
#[cfg(unix)]
use interprocess::local_socket;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
#[cfg(unix)]
use std::{
    net::TcpListener,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    sync::MutexGuard,
};

/// Connections that the kernel holds for us until they are accepted; it lowers it to `net.core.somaxconn` (4096 by
/// default), and connecting beyond it waits.
const BACKLOG: i32 = 4096;
/// A local socket is its user's alone unless asked for otherwise.
const MODE: u32 = 0o600;

/// How to listen.
#[derive(Debug, Clone)]
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
    file: Mutex<Option<SocketFile>>,
    socket: Mutex<Arc<ListeningSocket>>,
    address: Address,
    /// How to listen anew, if the file is deleted.
    #[cfg(unix)]
    options: ListenOptions,
}

impl Listener {
    /// Listens. A stale socket file is replaced; a live server, and whatever is not a socket, never.
    pub(crate) fn bind(address: &Address, options: &ListenOptions) -> Result<Self, ListenError> {
        let listener = match address.place() {
            Place::Tcp { host, port } => Self::bind_tcp(host, *port, options),
            #[cfg(unix)]
            Place::Program(_) => Err(ListenProblem::Address(AddressProblem::CommandToListen)),
            #[cfg(unix)]
            place => Self::bind_local(address, place, options),
            #[cfg(windows)]
            _ => super::pipe::listen(address).map(|listener| Self {
                socket: Mutex::new(Arc::new(ListeningSocket::Local(listener))),
                address: address.clone(),
            }),
        };
        listener.map_err(|problem| ListenError { address: address.clone(), problem })
    }

    /// The real address: with the port that the system gave.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The socket: another one after [`renew`](Self::renew).
    pub(crate) fn socket(&self) -> Arc<ListeningSocket> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next connection; none if nobody waits.
    ///
    /// # Errors
    /// Those of [`ListeningSocket::accept`].
    pub(crate) fn accept(&self) -> io::Result<Option<Stream>> {
        self.socket().accept()
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
            file: Mutex::new(None),
            socket: Mutex::new(Arc::new(ListeningSocket::Tcp(socket))),
            address,
            #[cfg(unix)]
            options: options.clone(),
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
            Place::Tcp { .. } | Place::Passed(_) | Place::Program(_) => {
                return Err(explain(io::ErrorKind::Unsupported.into()));
            }
        };
        Self::local(file, socket, address.clone(), options)
    }

    fn local(
        file: Option<SocketFile>,
        socket: OwnedFd,
        address: Address,
        options: &ListenOptions,
    ) -> Result<Self, ListenProblem> {
        let socket = Mutex::new(Arc::new(local(socket)?));
        Ok(Self { file: Mutex::new(file), socket, address, options: options.clone() })
    }

    /// A listening socket that was passed down. Its backlog is the one that it has.
    pub(super) fn adopt(
        address: &Address,
        passed: &Passed,
        socket: passed::Socket,
        options: &ListenOptions,
    ) -> Result<Self, ListenProblem> {
        if !socket.local {
            let tcp = TcpListener::from(socket.descriptor);
            let bound = tcp.local_addr().map_err(explain)?;
            tcp.set_nonblocking(true).map_err(explain)?;
            let (file, socket) = (Mutex::new(None), Mutex::new(Arc::new(ListeningSocket::Tcp(tcp))));
            return Ok(Self { file, socket, address: Address::from_tcp(bound), options: options.clone() });
        }
        let Some(path) = &passed.file else { return Self::local(None, socket.descriptor, address.clone(), options) };
        let file = SocketFile::adopt(path)?;
        let address = Address::file(path).map_err(|error| ListenProblem::Address(error.problem))?;
        Self::local(Some(file), socket.descriptor, address, options)
    }

    /// The socket file is left to whomever the socket was passed to.
    pub(crate) fn leave(&self) {
        self.file().iter_mut().for_each(SocketFile::leave);
    }

    /// What another process needs to listen here, too: a copy of the socket, and the file that leads to it.
    pub(crate) fn copy(&self) -> Result<(OwnedFd, Option<PathBuf>), ListenError> {
        let path = match self.file().as_mut().map(|file| (file.look(), file.path().to_owned())) {
            Some((Leads::Here, path)) if path.to_str().is_none() => {
                return Err(self.problem(ListenProblem::Address(AddressProblem::NotText)));
            }
            Some((Leads::Here, path)) => Some(path),
            Some((_, path)) => return Err(self.problem(ListenProblem::Displaced { path })),
            None => None,
        };
        let socket = self.socket().as_fd().try_clone_to_owned().map_err(|error| self.problem(explain(error)))?;
        Ok((socket, path))
    }

    /// Whether it has a file, which somebody might delete.
    pub(crate) fn has_file(&self) -> bool {
        self.file().is_some()
    }

    /// Looks whether its file still leads here. If that was deleted, listens with a new socket and a new file, and gives the
    /// old socket: connections may wait there.
    ///
    /// # Errors
    /// [`ListenProblem::Displaced`] if something else is at the path; or there can be no new file.
    pub(crate) fn renew(&self) -> Result<Option<Arc<ListeningSocket>>, ListenError> {
        let mut file = self.file();
        let Some(file) = file.as_mut() else { return Ok(None) };
        match file.look() {
            Leads::Here => return Ok(None),
            Leads::Elsewhere => {
                return Err(self.problem(ListenProblem::Displaced { path: file.path().to_owned() }));
            }
            Leads::Nowhere => {}
        }
        let new = file.publish_again(self.options.mode, self.options.backlog).and_then(local);
        let new = Arc::new(new.map_err(|problem| self.problem(problem))?);
        Ok(Some(std::mem::replace(&mut *self.socket.lock().unwrap_or_else(PoisonError::into_inner), new)))
    }

    fn file(&self) -> MutexGuard<'_, Option<SocketFile>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn problem(&self, problem: ListenProblem) -> ListenError {
        ListenError { address: self.address.clone(), problem }
    }
}

#[cfg(unix)]
fn local(socket: OwnedFd) -> Result<ListeningSocket, ListenProblem> {
    rustix::io::ioctl_fionbio(&socket, true).map_err(|error| explain(error.into()))?;
    Ok(ListeningSocket::Local(local_socket::Listener::UdSocket(socket.into())))
}

/// The kernel itself sees to it that an abstract name has one listener.
#[cfg(unix)]
fn bind_abstract(name: &str, options: &ListenOptions) -> Result<OwnedFd, rustix::io::Errno> {
    let socket = unix_socket::stream_socket()?;
    rustix::net::bind(&socket, &unix_socket::abstract_address(name)?)?;
    rustix::net::listen(&socket, options.backlog)?;
    Ok(socket)
}

fn explain(error: io::Error) -> ListenProblem {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenProblem::AlreadyRunning,
        io::ErrorKind::PermissionDenied => ListenProblem::Denied { path: None },
        _ => ListenProblem::Io(error.into()),
    }
}
