//! One connection's bytes, in and out. No buffer, no framing, no lock: every method takes `&self`, so one thread may
//! read while others write. Written over raw `recv` and `send`, because
//! - a timeout must not lose bytes that were read already (`read_exact` does),
//! - blocking is chosen call by call (`MSG_DONTWAIT`), while the descriptor itself stays blocking,
//! - a write must not raise SIGPIPE where a program restored its default (`MSG_NOSIGNAL`).

use super::counts::Counts;
use super::{Peer, Readiness, Received, Wait, descriptors, passed, program::Running};
use crate::wire::{Arrivals, Rest, fds_max};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, Shutdown, sockopt},
};
use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    time::{Duration, Instant},
};

/// What the kernel keeps for a slow reader, from the moment that its default is full. With it an echo of 1 MiB is 2.6 times as
/// fast; the kernel lowers it to `net.core.wmem_max`.
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
pub(crate) struct Stream {
    socket: OwnedFd,
    /// It is of this machine, and no TCP socket.
    is_local: bool,
    /// Descriptors that may come with one message. 0: none are expected, and asking for them would only cost time.
    fds_max: AtomicU8,
    /// The kernel's buffers are as they should be from now on.
    is_sized: AtomicBool,
    counts: Counts,
    /// What was started to be at the other end. Dropped behind the socket: the program reads the end before it is waited for.
    program: Option<Running>,
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
        Self::new(socket, true, None)
    }

    /// A connected socket that was passed down. It may have been anything before; from now on it blocks.
    pub(crate) fn from_passed(socket: passed::Socket) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&socket.descriptor, false)?;
        match socket.local {
            true => Ok(Self::from_local(socket.descriptor)),
            false => Self::from_tcp(socket.descriptor.into()),
        }
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
        Ok(Self::new(socket.into(), false, None))
    }

    /// A connected socket. `program`: what was started to be at its other end.
    pub(super) fn new(socket: OwnedFd, is_local: bool, program: Option<Running>) -> Self {
        #[cfg(target_vendor = "apple")]
        let _ = sockopt::set_socket_nosigpipe(&socket, true);
        // TCP sizes its buffers itself.
        let (fds_max, is_sized) = (AtomicU8::new(0), AtomicBool::new(!is_local));
        Self { socket, is_local, fds_max, is_sized, counts: Counts::default(), program }
    }

    /// Makes the kernel keep more unread bytes on a local socket, as far as it lets us. False: that has been done. Most connections
    /// never fill what they begin with, and some live for one call: so it is done when they do.
    fn enlarge_buffer(&self) -> bool {
        !self.is_sized.swap(true, Ordering::Relaxed)
            && sockopt::set_socket_send_buffer_size(self, SEND_BUFFER_BYTES).is_ok()
    }

    /// Makes the kernel keep about so many bytes each way; it has a least of its own.
    pub(crate) fn limit_buffers(&self, bytes: usize) {
        self.is_sized.store(true, Ordering::Relaxed);
        let _ = sockopt::set_socket_send_buffer_size(self, bytes);
        let _ = sockopt::set_socket_recv_buffer_size(self, bytes);
    }

    /// Whether both ends are on this machine by the kind of socket: then the [`Peer`] is known.
    pub(crate) fn is_local(&self) -> bool {
        self.is_local
    }

    /// Whether descriptors can be passed.
    pub(crate) fn carries_fds(&self) -> bool {
        self.is_local()
    }

    /// From the next read on descriptors may come, so many with one message, if it carries any.
    pub(crate) fn expect_fds(&self, most: u32) {
        let most = fds_max(most, self.carries_fds());
        self.fds_max.store(u8::try_from(most).unwrap_or(u8::MAX), Ordering::Relaxed);
    }

    /// Who is at the other end: on the client's side, whoever called `listen`.
    pub(crate) fn peer(&self) -> Peer {
        if self.is_local { Peer::of_socket(self) } else { Peer::default() }
    }

    /// The process at the other end: see [`Peer::pidfd_of`].
    pub(crate) fn pidfd(&self) -> Option<OwnedFd> {
        // A program's end was made by this process.
        let may_ask = self.is_local && self.program.is_none();
        may_ask.then(|| Peer::pidfd_of(self)).flatten()
    }

    /// Where a TCP connection comes from.
    pub(crate) fn peer_address(&self) -> Option<IpAddr> {
        let peer = (!self.is_local).then(|| rustix::net::getpeername(self).ok().flatten()).flatten()?;
        SocketAddr::try_from(peer).ok().map(|address| address.ip())
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
        self.counts.recv();
        let received = rustix::net::recv(self, rustix::buffer::spare_capacity(into), wait.flags());
        read(received.map(|(bytes, _)| bytes))
    }

    /// The same, and takes the descriptors that came with it, if any are [expected](Self::expect_fds).
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub(crate) fn recv_beside(&self, into: &mut Vec<u8>, arrivals: &mut Arrivals, wait: Wait) -> io::Result<Received> {
        let fds_max = u32::from(self.fds_max.load(Ordering::Relaxed));
        if fds_max == 0 {
            return self.recv(into, wait);
        }
        if into.len() == into.capacity() {
            into.reserve(ROOM_BYTES_MIN);
        }
        self.counts.recv();
        read(descriptors::recv(self.as_fd(), into, arrivals, fds_max, wait.flags()))
    }

    /// The same, and waits for at most this long until something is there, whatever the receive timeout; none: for ever.
    ///
    /// That is one system call more than a read that blocks, and can be less work: Linux wakes whoever blocks in a read also when the
    /// peer takes what was sent to it, because there is room again. On the peer's CPU that means two switches for nothing.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub(crate) fn recv_within(
        &self,
        into: &mut Vec<u8>,
        arrivals: &mut Arrivals,
        time: Option<Duration>,
    ) -> io::Result<Received> {
        self.wait_ready(true, false, time)?;
        self.recv_beside(into, arrivals, Wait::No)
    }

    /// Hands bytes to the kernel, and says how many it took. Never blocks.
    ///
    /// # Errors
    /// `WouldBlock` if the kernel takes nothing now; else the connection is over.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send_beside(Rest { bytes: [bytes, &[]], fds: &[] })
    }

    /// The same for a batch; its descriptors go with the first byte: if it took any bytes, it took them.
    ///
    /// # Errors
    /// As [`send`](Self::send); and `ETOOMANYREFS` of unix(7), if too many of this user's descriptors are on their way.
    pub(crate) fn send_beside(&self, rest: Rest<'_>) -> io::Result<usize> {
        loop {
            self.counts.send();
            let sent = match rest {
                Rest { bytes: [bytes, []], fds: [] } => rustix::net::send(self, bytes, SEND_FLAGS),
                Rest { bytes, fds } => descriptors::send(self.as_fd(), bytes, fds, SEND_FLAGS),
            };
            match sent {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.enlarge_buffer() => {}
                sent => return Ok(sent?),
            }
        }
    }

    /// Whether sending failed because too many descriptors of this user are on their way: `ETOOMANYREFS` of unix(7).
    pub(crate) fn is_crowded(error: &io::Error) -> bool {
        Errno::from_io_error(error) == Some(Errno::TOOMANYREFS)
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
        &self.counts
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match rustix::net::shutdown(self, how) {
            // The peer was faster.
            Err(Errno::NOTCONN) => Ok(()),
            done => Ok(done?),
        }
    }
}

impl Wait {
    fn flags(self) -> RecvFlags {
        match self {
            Wait::No => RecvFlags::DONTWAIT,
            Wait::Block => RecvFlags::empty(),
        }
    }
}

/// What came of a read into some room.
fn read(received: Result<usize, Errno>) -> io::Result<Received> {
    match received {
        Ok(0) => Ok(Received::End),
        Ok(bytes) => Ok(Received::Bytes(bytes)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Received::Nothing),
        Err(error) => Err(error.into()),
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
