//! One connection's bytes where there are no Unix sockets: the same methods as in `stream.rs`, over named pipes and
//! TCP. Pipes have no timeouts, no readiness and no shutdown that safe code could reach, so the stream never blocks,
//! and whoever waits looks again after a growing pause. Right, not fast: a seam for a better driver.
//!
//! Type-checked only so far; nobody has run it.

use super::{Peer, Readiness, Received, Wait};
use crate::wire::{Arrivals, Rest};
use interprocess::local_socket::{self, traits::Stream as _};
use std::{
    fs::File,
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, TcpStream},
    os::windows::{fs::FileExt, io::AsHandle},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What a read makes room for if its caller left none.
const ROOM_BYTES_MIN: usize = 4 * 1024;
/// The most that one read takes: it goes through a buffer on the stack.
const READ_BYTES_MAX: usize = 16 * 1024;
/// Whoever waits looks again after this, which doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(1);
/// `ERROR_NO_DATA`: nothing is in the pipe. std and interprocess take it for the end.
const NO_DATA: i32 = 232;
/// `ERROR_BROKEN_PIPE`: the other end is closed.
const BROKEN_PIPE: i32 = 109;

/// A connection to one peer.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: Socket,
    recv_timeout: Mutex<Option<Duration>>,
    shut: AtomicBool,
}

#[derive(Debug)]
enum Socket {
    /// The file is the same pipe: its positioned read is the one read that tells "nothing yet" from "the end".
    Local {
        pipe: local_socket::Stream,
        reader: File,
    },
    Tcp(TcpStream),
}

impl Stream {
    /// Two streams that are connected to each other.
    #[cfg(test)]
    pub(crate) fn pair() -> io::Result<(Self, Self)> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let left = TcpStream::connect(listener.local_addr()?)?;
        loop {
            let (right, peer) = listener.accept()?;
            if peer == left.local_addr()? {
                return Ok((Self::from_tcp(left)?, Self::from_tcp(right)?));
            }
        }
    }

    /// A connected pipe.
    pub(crate) fn from_local(pipe: local_socket::Stream) -> io::Result<Self> {
        pipe.set_nonblocking(true)?;
        let local_socket::Stream::NamedPipe(named) = &pipe;
        let reader = File::from(named.as_handle().try_clone_to_owned()?);
        Ok(Self::new(Socket::Local { pipe, reader }))
    }

    /// A connected TCP socket. std cannot turn keep-alive on here.
    pub(crate) fn from_tcp(socket: TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let _ = socket.set_nodelay(true);
        Ok(Self::new(Socket::Tcp(socket)))
    }

    fn new(socket: Socket) -> Self {
        Self { socket, recv_timeout: Mutex::new(None), shut: AtomicBool::new(false) }
    }

    /// Whether both ends are on this machine by the kind of socket.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.socket, Socket::Local { .. })
    }

    /// Nothing that could be trusted: pipes tell a process, and no user.
    pub(crate) fn peer(&self) -> Peer {
        Peer::default()
    }

    /// Where a TCP connection comes from.
    pub(crate) fn peer_address(&self) -> Option<IpAddr> {
        match &self.socket {
            Socket::Local { .. } => None,
            Socket::Tcp(socket) => socket.peer_addr().ok().map(|address| address.ip()),
        }
    }

    /// Appends what is there, up to the spare capacity of `into`; the caller reserved it.
    pub(crate) fn recv(&self, into: &mut Vec<u8>, wait: Wait) -> io::Result<Received> {
        let time = match wait {
            Wait::No => Some(Duration::ZERO),
            Wait::Block => *self.recv_timeout.lock().unwrap_or_else(PoisonError::into_inner),
        };
        self.recv_within(into, &mut Arrivals::default(), time)
    }

    /// The same, and waits for at most this long until something is there, whatever the receive timeout; none: for ever.
    pub(crate) fn recv_within(
        &self,
        into: &mut Vec<u8>,
        _: &mut Arrivals,
        time: Option<Duration>,
    ) -> io::Result<Received> {
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let mut pause = PAUSE_FIRST;
        loop {
            let received = self.recv_now(into)?;
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if received != Received::Nothing || late {
                return Ok(received);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The same: no descriptors can be passed here.
    pub(crate) fn recv_beside(&self, into: &mut Vec<u8>, _: &mut Arrivals, wait: Wait) -> io::Result<Received> {
        self.recv(into, wait)
    }

    /// Whether descriptors can be passed.
    pub(crate) fn carries_fds(&self) -> bool {
        false
    }

    /// None come.
    pub(crate) fn expect_fds(&self, _fds_max: u32) {}

    /// Sends what lies together at the beginning of a batch.
    pub(crate) fn send_beside(&self, Rest { bytes, fds }: Rest<'_>) -> io::Result<usize> {
        debug_assert!(fds.is_empty(), "there are no descriptors here");
        self.send(bytes[0])
    }

    /// There are no descriptors here that could be too many.
    pub(crate) fn is_crowded(_: &io::Error) -> bool {
        false
    }

    fn recv_now(&self, into: &mut Vec<u8>) -> io::Result<Received> {
        if self.shut.load(Ordering::Acquire) {
            return Ok(Received::End);
        }
        if into.len() == into.capacity() {
            into.reserve(ROOM_BYTES_MIN);
        }
        let mut buffer = [0; READ_BYTES_MAX];
        let room = &mut buffer[..READ_BYTES_MAX.min(into.capacity() - into.len())];
        let read = match &self.socket {
            Socket::Local { reader, .. } => reader.seek_read(room, 0),
            Socket::Tcp(socket) => Read::read(&mut &*socket, room),
        };
        match read {
            Ok(0) => Ok(Received::End),
            Ok(bytes) => {
                into.extend(room.iter().take(bytes));
                Ok(Received::Bytes(bytes))
            }
            Err(error) if self.is_local() && error.raw_os_error() == Some(NO_DATA) => Ok(Received::Nothing),
            Err(error) if self.is_local() && error.raw_os_error() == Some(BROKEN_PIPE) => Ok(Received::End),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(Received::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    /// Hands bytes to the system, and says how many it took. Never blocks; `WouldBlock` if it takes nothing now.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.shut.load(Ordering::Acquire) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = match &self.socket {
            Socket::Local { pipe, .. } => Write::write(&mut &*pipe, bytes),
            Socket::Tcp(socket) => Write::write(&mut &*socket, bytes),
        };
        match sent {
            // A full pipe takes nothing and calls that a success.
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            sent => sent,
        }
    }

    /// Readiness cannot be asked for here: one pause, then everything that was asked for counts as ready.
    pub(crate) fn wait_ready(&self, read: bool, write: bool, timeout: Option<Duration>) -> io::Result<Readiness> {
        thread::sleep(timeout.map_or(PAUSE_MAX, |timeout| timeout.min(PAUSE_MAX)));
        Ok(Readiness { read, write })
    }

    /// A pipe's buffers were made with it.
    pub(crate) fn limit_buffers(&self, _bytes: usize) {}

    /// How long [`recv`](Self::recv) may block; none: for ever.
    pub(crate) fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        *self.recv_timeout.lock().unwrap_or_else(PoisonError::into_inner) = timeout;
        Ok(())
    }

    /// Sends no more. A pipe cannot tell that to the peer: the protocol's own end has to.
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        match &self.socket {
            Socket::Local { .. } => Ok(()),
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Write),
        }
    }

    /// Neither sends nor receives any more, and wakes a blocked reader. The peer of a pipe learns of it at the drop.
    pub(crate) fn shutdown_both(&self) -> io::Result<()> {
        self.shut.store(true, Ordering::Release);
        match &self.socket {
            Socket::Local { .. } => Ok(()),
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Both),
        }
    }
}
