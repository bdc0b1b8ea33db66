//! A socket that listens, and nothing around it: what may be accepted from it, and what is wrong when nothing can be.

use super::Stream;
use interprocess::local_socket;
#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::{io, net::TcpListener, time::Duration};

/// A socket that listens and never blocks.
#[derive(Debug)]
pub(crate) enum ListeningSocket {
    /// Of this machine's processes.
    Local(local_socket::Listener),
    /// Of a port.
    Tcp(TcpListener),
}

impl ListeningSocket {
    /// The next connection; none if nobody waits.
    ///
    /// # Errors
    /// What accept(2) says about this process or the system: out of descriptors or memory. Try again later; what is
    /// wrong with a single connection is skipped.
    pub(crate) fn accept(&self) -> io::Result<Option<Stream>> {
        loop {
            match self.accept_one() {
                Ok(stream) => return Ok(Some(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until somebody may be accepted, at most so long; where that cannot be asked, just so long.
    pub(crate) fn wait(&self, time_max: Duration) {
        #[cfg(unix)]
        let waited = {
            let timeout = Timespec::try_from(time_max).ok();
            poll(&mut [PollFd::new(self, PollFlags::IN)], timeout.as_ref()).is_ok()
        };
        #[cfg(windows)]
        let waited = false;
        if !waited {
            std::thread::sleep(time_max);
        }
    }

    #[cfg(unix)]
    fn accept_one(&self) -> io::Result<Stream> {
        match self {
            Self::Local(local_socket::Listener::UdSocket(listener)) => {
                let (stream, _) = listener.inner().accept()?;
                make_blocking(&stream)?;
                Ok(Stream::from_local(OwnedFd::from(stream)))
            }
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                make_blocking(&stream)?;
                Stream::from_tcp(stream)
            }
        }
    }

    #[cfg(windows)]
    fn accept_one(&self) -> io::Result<Stream> {
        use local_socket::traits::Listener as _;

        match self {
            Self::Local(listener) => Stream::from_local(listener.accept()?),
            Self::Tcp(listener) => Stream::from_tcp(listener.accept()?.0),
        }
    }
}

#[cfg(unix)]
impl AsFd for ListeningSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Local(local_socket::Listener::UdSocket(listener)) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
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
