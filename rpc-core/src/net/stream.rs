//! One connection's bytes, in and out. No buffer, no framing, no lock: every method takes `&self`, so one thread may
//! read while others write. Written over raw `recv` and `send`, because
//! - a timeout must not lose bytes that were read already (`read_exact` does),
//! - blocking is chosen call by call (`MSG_DONTWAIT`), while the descriptor itself stays blocking,
//! - a write must not raise SIGPIPE where a program restored its default (`MSG_NOSIGNAL`).

use super::counts::Counts;
use super::{Peer, Readiness, Received, Wait};
use interprocess::local_socket;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, Shutdown, sockopt},
};
use std::{
    io,
    net::TcpStream,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

/// What the kernel keeps for a slow reader. With it an echo of 1 MiB is 2.6 times as fast as with the default;
/// the kernel lowers it to `net.core.wmem_max`.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
/// What a read makes room for if its caller left none: `recv` into nothing would look like the end.
const ROOM_BYTES_MIN: usize = 4 * 1024;
/// The shortest timeout of a socket; 0 would mean none at all.
const TIMEOUT_MIN: Duration = Duration::from_micros(1);
/// The longest that the kernel is asked to wait at once: some refuse very long times (EDOM). Who waits longer asks again.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// TCP: a peer that vanished is noticed after 30 + 3 × 10 seconds.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 3;

#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
/// There is no `MSG_NOSIGNAL` here: the socket itself is told, in [`Stream::from_local`] and [`Stream::from_tcp`].
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT;

/// A connection to one peer.
#[derive(Debug)]
pub(crate) struct Stream(Socket, Counts);

#[derive(Debug)]
enum Socket {
    Local(local_socket::Stream),
    Tcp(TcpStream),
}

impl Stream {
    /// Two streams that are connected to each other.
    #[cfg(test)]
    pub(crate) fn pair() -> io::Result<(Self, Self)> {
        let (left, right) = std::os::unix::net::UnixStream::pair()?;
        Ok((Self::from_local(left.into()), Self::from_local(right.into())))
    }

    /// A connected local socket.
    pub(crate) fn from_local(socket: OwnedFd) -> Self {
        let stream = Self(Socket::Local(local_socket::Stream::UdSocket(socket.into())), Counts::default());
        stream.prepare();
        stream
    }

    /// A connected TCP socket. Its options are for speed and for noticing a dead peer; a socket that does not take
    /// them, because it was reset already, tells that at the next read.
    ///
    /// # Errors
    /// None here; where streams must be switched to another mode, that can fail.
    pub(crate) fn from_tcp(socket: TcpStream) -> io::Result<Self> {
        let _ = socket.set_nodelay(true);
        let _ = sockopt::set_socket_keepalive(&socket, true);
        let _ = sockopt::set_tcp_keepidle(&socket, KEEPALIVE_IDLE);
        let _ = sockopt::set_tcp_keepintvl(&socket, KEEPALIVE_INTERVAL);
        let _ = sockopt::set_tcp_keepcnt(&socket, KEEPALIVE_PROBES);
        let stream = Self(Socket::Tcp(socket), Counts::default());
        stream.prepare();
        Ok(stream)
    }

    #[cfg(not(target_vendor = "apple"))]
    fn prepare(&self) {
        self.set_buffers();
    }

    #[cfg(target_vendor = "apple")]
    fn prepare(&self) {
        let _ = sockopt::set_socket_nosigpipe(self, true);
        self.set_buffers();
    }

    /// Makes the kernel keep more unread bytes on a local socket, as far as it lets us. Connecting and accepting do it.
    fn set_buffers(&self) {
        if self.is_local() {
            let _ = sockopt::set_socket_send_buffer_size(self, SEND_BUFFER_BYTES);
        }
    }

    /// Makes the kernel keep about so many bytes each way; it has a least of its own.
    pub(crate) fn limit_buffers(&self, bytes: usize) {
        let _ = sockopt::set_socket_send_buffer_size(self, bytes);
        let _ = sockopt::set_socket_recv_buffer_size(self, bytes);
    }

    /// Whether both ends are on this machine by the kind of socket: then the [`Peer`] is known.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.0, Socket::Local(_))
    }

    /// Who is at the other end: on the client's side, whoever called `listen`.
    pub(crate) fn peer(&self) -> Peer {
        match &self.0 {
            Socket::Local(local_socket::Stream::UdSocket(socket)) => Peer::of_socket(socket),
            Socket::Tcp(_) => Peer::default(),
        }
    }

    /// Appends what is there, up to the spare capacity of `into`; the caller reserved it.
    ///
    /// # Errors
    /// What recv(2) says. `ConnectionReset` can come between the peer's last bytes and the end: it closed before it
    /// had read everything of ours.
    pub(crate) fn recv(&self, into: &mut Vec<u8>, wait: Wait) -> io::Result<Received> {
        if into.len() == into.capacity() {
            into.reserve(ROOM_BYTES_MIN);
        }
        let flags = match wait {
            Wait::No => RecvFlags::DONTWAIT,
            Wait::Block => RecvFlags::empty(),
        };
        self.1.recv();
        match rustix::net::recv(self, rustix::buffer::spare_capacity(into), flags) {
            Ok((0, _)) => Ok(Received::End),
            Ok((bytes, _)) => Ok(Received::Bytes(bytes)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Received::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Hands bytes to the kernel, and says how many it took. Never blocks.
    ///
    /// # Errors
    /// `WouldBlock` if the kernel takes nothing now; else the connection is over.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.1.send();
            match rustix::net::send(self, bytes, SEND_FLAGS) {
                Err(Errno::INTR) => {}
                sent => return Ok(sent?),
            }
        }
    }

    /// Blocks until one of what is asked for can be done, or the time is over: then neither is ready. Signals do not
    /// end it.
    pub(crate) fn wait_ready(&self, read: bool, write: bool, timeout: Option<Duration>) -> io::Result<Readiness> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut asked = PollFlags::empty();
        asked.set(PollFlags::IN, read);
        asked.set(PollFlags::OUT, write);
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let late = left.is_some_and(|left| left.is_zero());
            let at_once = left.and_then(|left| Timespec::try_from(left.min(TIMEOUT_MAX)).ok());
            let mut sockets = [PollFd::new(self, asked)];
            match poll(&mut sockets, at_once.as_ref()) {
                Ok(0) if !late => {}
                Ok(_) => {
                    let found = sockets[0].revents();
                    let over = found.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
                    let read = read && (over || found.contains(PollFlags::IN));
                    let write = write && (over || found.contains(PollFlags::OUT));
                    return Ok(Readiness { read, write });
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How long [`recv`](Self::recv) may block; none: for ever. One of zero is taken as the shortest there is, and one
    /// beyond [`TIMEOUT_MAX`] as that.
    pub(crate) fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.clamp(TIMEOUT_MIN, TIMEOUT_MAX));
        Ok(sockopt::set_socket_timeout(self, sockopt::Timeout::Recv, timeout)?)
    }

    /// Sends no more: the peer reads the end after what was sent.
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    /// Neither sends nor receives any more. May be called by any thread, and wakes one that is blocked in `recv` or
    /// `wait_ready`.
    pub(crate) fn shutdown_both(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Both)
    }

    /// How often it asked the kernel.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> &Counts {
        &self.1
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match rustix::net::shutdown(self, how) {
            // The peer was faster.
            Err(Errno::NOTCONN) => Ok(()),
            done => Ok(done?),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Socket::Local(local_socket::Stream::UdSocket(socket)) => socket.as_fd(),
            Socket::Tcp(socket) => socket.as_fd(),
        }
    }
}
