//! Listening sockets apart from a server: made before it, kept after it, or on their way to another process.

use super::{Address, Entrance, ListenOptions, Listener, passed::Passed};
use crate::Error;
use command_fds::CommandFdExt;
use std::{os::fd::AsRawFd, process::Command, sync::Arc};

/// Listening sockets without a server: for a supervisor, or a test, that starts servers as child processes and lets them
/// have these. While they are open, clients can connect, and wait until one of the servers accepts: so servers can come, go,
/// and be replaced without a failed call.
///
/// Their socket files are removed when this is dropped. If the process ends in another way, the servers that have the
/// sockets look after the files.
///
/// ```no_run
/// # use rpc_core::Sockets;
/// # use std::process::Command;
/// let sockets = Sockets::listen("kv")?;
/// let mut server = Command::new("kv");
/// for address in sockets.pass_to(&mut server)? {
///     server.arg("serve").arg(address.to_string()); // such as `fd:5=/run/user/1000/rpc/kv.sock`
/// }
/// server.spawn()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A server that replaces itself needs none of this: see [`Stopper::pass_to`](crate::Stopper::pass_to).
#[derive(Debug)]
pub struct Sockets(Vec<Arc<Listener>>);

impl Sockets {
    /// Listens at an address.
    ///
    /// # Errors
    /// [`Error::Address`], and [`Error::Listen`] as for [`Server::listen`](crate::Server::listen).
    pub fn listen(address: &str) -> Result<Self, Error> {
        let address: Address = address.parse()?;
        let listener = Entrance::listener(&address, &ListenOptions::default())?;
        Ok(Self(vec![Arc::new(listener)]))
    }

    /// Those of a server that stops.
    pub(crate) fn of(listeners: Vec<Arc<Listener>>) -> Self {
        Self(listeners)
    }

    /// Where they are: what clients connect to.
    pub fn addresses(&self) -> Vec<Address> {
        self.0.iter().map(|listener| listener.address().clone()).collect()
    }

    /// Lets the processes that `command` starts have the sockets, and gives the addresses at which they serve them, in the
    /// order of [`addresses`](Sockets::addresses). The command keeps copies: the sockets stay open for as long as it lives.
    ///
    /// # Errors
    /// [`Error::Listen`] if a socket file has been deleted or replaced, its path is no UTF-8 text, or there are no
    /// descriptors.
    pub fn pass_to(&self, command: &mut Command) -> Result<Vec<Address>, Error> {
        pass(&self.0, command)
    }

    /// Closes them, and leaves the socket files to the processes that were given the sockets.
    pub fn leave(self) {
        self.0.iter().for_each(|listener| listener.leave());
    }
}

/// Lets the processes that a command starts have the sockets of these listeners, under the numbers that they have here.
pub(crate) fn pass(listeners: &[Arc<Listener>], command: &mut Command) -> Result<Vec<Address>, Error> {
    let (mut copies, mut addresses) = (Vec::new(), Vec::new());
    for listener in listeners {
        let (copy, file) = listener.copy()?;
        addresses.push(Address::from_passed(Passed { number: copy.as_raw_fd(), file }));
        copies.push(copy);
    }
    command.preserved_fds(copies);
    Ok(addresses)
}
