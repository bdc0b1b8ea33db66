//! Where callers come in: an address that is listened on, or a connection that another process has passed down.

use super::{Address, ListenError, ListenOptions, Listener, Stream};
#[cfg(unix)]
use super::{ListenProblem, PassedProblem, SystemError, address::Place, passed::Passed, passed::Socket};
#[cfg(unix)]
use std::net::TcpStream;

/// Where callers come in.
#[derive(Debug)]
pub(crate) enum Entrance {
    /// An address that is listened on.
    Listener(Listener),
    /// One connection, which was passed down.
    #[cfg_attr(windows, expect(dead_code, reason = "nothing is passed down"))]
    Connection(Stream, Address),
}

impl Entrance {
    /// Opens what the address stands for.
    pub(crate) fn open(address: &Address, options: &ListenOptions) -> Result<Self, ListenError> {
        #[cfg(unix)]
        if let Place::Passed(passed) = address.place() {
            let opened = Self::take(address, passed, options);
            return opened.map_err(|problem| ListenError { address: address.clone(), problem });
        }
        Listener::bind(address, options).map(Self::Listener)
    }

    /// Listens at the address: a connection that was passed down will not do.
    #[cfg(unix)]
    pub(crate) fn listener(address: &Address, options: &ListenOptions) -> Result<Listener, ListenError> {
        let Place::Passed(passed) = address.place() else { return Listener::bind(address, options) };
        let fits = |socket: &Socket| match socket.listens {
            true => check_loopback(socket, options),
            false => Err(PassedProblem::Connected.into()),
        };
        let adopted = passed.take(fits).and_then(|socket| Listener::adopt(address, passed, socket, options));
        adopted.map_err(|problem| ListenError { address: address.clone(), problem })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> &Address {
        match self {
            Self::Listener(listener) => listener.address(),
            Self::Connection(_, address) => address,
        }
    }

    #[cfg(unix)]
    fn take(address: &Address, passed: &Passed, options: &ListenOptions) -> Result<Self, ListenProblem> {
        let socket = passed.take(|socket| check_loopback(socket, options))?;
        if socket.listens {
            return Listener::adopt(address, passed, socket, options).map(Self::Listener);
        }
        Ok(Self::Connection(Stream::from_passed(socket).map_err(system)?, address.clone()))
    }
}

/// The rule of `tcp::bind`, for a socket that somebody else has bound.
#[cfg(unix)]
fn check_loopback(socket: &Socket, options: &ListenOptions) -> Result<(), ListenProblem> {
    if socket.local {
        return Ok(());
    }
    let tcp = TcpStream::from(socket.descriptor.try_clone().map_err(system)?);
    let ip = tcp.local_addr().map_err(system)?.ip();
    match options.allow_remote || ip.to_canonical().is_loopback() {
        true => Ok(()),
        false => Err(ListenProblem::NotLoopback { ip }),
    }
}

#[cfg(unix)]
fn system(error: std::io::Error) -> ListenProblem {
    ListenProblem::Io(SystemError::from(error))
}
