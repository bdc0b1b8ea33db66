//! From an address to a stream, by a deadline that holds. [`connect`] tries once; [`wait`] tries until a server is there.
//!
//! A plain `connect` to a local socket whose backlog is full blocks until somebody accepts, and a nonblocking one fails
//! at once and says nothing later. So the socket blocks, with a send timeout, which bounds connect(2) too: socket(7).

use super::{Address, AddressProblem, ConnectError, ConnectProblem, Stream, address::Place, tcp};
#[cfg(unix)]
use super::{
    PassedProblem, directory,
    passed::{Passed, Socket},
    registry,
    stream::TIMEOUT_MAX,
    unix_socket::{self, SocketPath, SocketPathProblem},
};
#[cfg(unix)]
use rustix::{
    io::Errno,
    net::{SocketAddrUnix, sockopt},
};
use std::{
    io,
    time::{Duration, Instant},
};
#[cfg(unix)]
use std::{os::fd::OwnedFd, path::Path};

/// [`wait`] first looks again after this: a server that is just starting needs no more.
const PAUSE_FIRST: Duration = Duration::from_micros(200);
/// [`wait`] looks at least so often: 50 tries a second cost nothing, and 20 ms are not noticed.
const PAUSE_MAX: Duration = Duration::from_millis(20);
/// What a try gets even if the deadline has passed: so the error says what is wrong, and not only that it is late.
const TRY_MIN: Duration = Duration::from_millis(1);

/// Connects once. Interrupted system calls are repeated.
pub(crate) fn connect(address: &Address, deadline: Instant) -> Result<Stream, ConnectError> {
    let stream = match address.place() {
        Place::Tcp { port: 0, .. } => Err(ConnectProblem::Address(AddressProblem::PortZero)),
        Place::Tcp { host, port } => tcp::connect(host, *port, deadline).map_err(explain_tcp),
        #[cfg(unix)]
        Place::Name(name) => connect_name(name, deadline),
        #[cfg(unix)]
        Place::File(path) => connect_file(path, deadline),
        #[cfg(unix)]
        Place::Abstract(name) => connect_abstract(name, deadline),
        #[cfg(unix)]
        Place::Passed(passed) => connect_passed(passed),
        #[cfg(unix)]
        Place::Program(program) => program.start(),
        #[cfg(windows)]
        Place::Name(_) | Place::File(_) | Place::Abstract(_) => super::pipe::connect(address, deadline),
    };
    stream.map_err(|problem| ConnectError { address: address.clone(), problem })
}

/// Connects as soon as a server is there. A socket that is missing, or that nobody listens on, is looked at again until
/// the deadline; every other problem is told at once.
pub(crate) fn wait(address: &Address, deadline: Instant) -> Result<Stream, ConnectError> {
    let mut pause = PAUSE_FIRST;
    loop {
        let error = match connect(address, deadline) {
            Err(error) if error.may_pass() => error,
            done => return done,
        };
        let left = time_left(deadline);
        if left.is_zero() {
            return Err(error);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// What is left until a deadline; zero after it.
pub(crate) fn time_left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// What one try may take.
pub(crate) fn time_to_try(deadline: Instant) -> Duration {
    time_left(deadline).max(TRY_MIN)
}

#[cfg(unix)]
fn connect_name(name: &str, deadline: Instant) -> Result<Stream, ConnectProblem> {
    // In a directory that others may write into, anybody could pose as the server.
    if let Err(error) = directory::check_private(&registry::directory()) {
        return Err(if error.is_missing() { ConnectProblem::Missing } else { ConnectProblem::Directory(error) });
    }
    connect_file(&registry::socket_file(name), deadline)
}

#[cfg(unix)]
fn connect_file(path: &Path, deadline: Instant) -> Result<Stream, ConnectProblem> {
    let socket_path = SocketPath::new(path).map_err(|problem| match problem {
        SocketPathProblem::TooLong(problem) => ConnectProblem::Address(problem),
        SocketPathProblem::System(error) => explain(error),
    })?;
    match connect_socket(&socket_path.address, deadline) {
        Ok(socket) => Ok(Stream::from_local(socket)),
        // Linux refuses a regular file with the same error as a stale socket.
        Err(Errno::CONNREFUSED) if !is_socket(path) => Err(ConnectProblem::NotASocket),
        Err(error) => Err(explain(error)),
    }
}

#[cfg(unix)]
fn connect_abstract(name: &str, deadline: Instant) -> Result<Stream, ConnectProblem> {
    let address = unix_socket::abstract_address(name).map_err(explain)?;
    connect_socket(&address, deadline).map(Stream::from_local).map_err(explain)
}

/// A passed-down socket is connected already; a descriptor of ours blocks, whatever it did before.
#[cfg(unix)]
fn connect_passed(passed: &Passed) -> Result<Stream, ConnectProblem> {
    let is_connected = |socket: &Socket| if socket.listens { Err(PassedProblem::Listens) } else { Ok(()) };
    let socket = passed.take(is_connected).map_err(ConnectProblem::Passed)?;
    Stream::from_passed(socket).map_err(|error| ConnectProblem::Io(error.into()))
}

#[cfg(unix)]
fn connect_socket(address: &SocketAddrUnix, deadline: Instant) -> Result<OwnedFd, Errno> {
    let socket = unix_socket::stream_socket()?;
    let deadline = deadline.max(Instant::now() + TRY_MIN);
    loop {
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(time_to_try(deadline).min(TIMEOUT_MAX)))?;
        match rustix::net::connect(&socket, address) {
            Ok(()) => break,
            // Both: with a signal a millisecond, a last try could be interrupted again and again.
            Err(Errno::AGAIN | Errno::INTR) if time_left(deadline).is_zero() => return Err(Errno::TIMEDOUT),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    // The timeout stays: nothing else that sends ever blocks.
    Ok(socket)
}

/// Whether a socket is at the path. One that is gone meanwhile counts: it was one.
#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;

    std::fs::metadata(path).map_or(true, |metadata| metadata.file_type().is_socket())
}

#[cfg(unix)]
fn explain(error: Errno) -> ConnectProblem {
    match error {
        Errno::NOENT => ConnectProblem::Missing,
        Errno::CONNREFUSED => ConnectProblem::Refused,
        Errno::ACCESS | Errno::PERM => ConnectProblem::Denied,
        Errno::TIMEDOUT => ConnectProblem::TimedOut,
        // A datagram socket (Linux, BSD), or a file that is none (BSD).
        Errno::PROTOTYPE | Errno::NOTSOCK => ConnectProblem::NotASocket,
        error => ConnectProblem::Io(io::Error::from(error).into()),
    }
}

fn explain_tcp(error: io::Error) -> ConnectProblem {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectProblem::Refused,
        io::ErrorKind::TimedOut => ConnectProblem::TimedOut,
        io::ErrorKind::PermissionDenied => ConnectProblem::Denied,
        _ => ConnectProblem::Io(error.into()),
    }
}
