//! Sockets that another process has passed down: `fd:3`, as systemd, inetd or a predecessor leaves them open for us.
//! Taking one makes it an owned descriptor, closed on exec; what is done with it then is the listener's or the client's.
//!
//! A number becomes an owned descriptor without unsafe code by a detour: the kernel gives us a copy of it when we send it
//! to ourselves (`SCM_RIGHTS`, unix(7)). The original is closed.
//!
//! What was passed down is open *without* the close-on-exec flag, or it would not have come through exec(2); whatever
//! Rust code opens has the flag. So a number that somebody else in this process uses is refused, and not closed.

use super::{AddressProblem, SystemError};
use rustix::{
    fs::FileType,
    io::Errno,
    net::{AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketType, sockopt},
};
use std::{
    collections::BTreeSet,
    fmt,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// What was taken: each number once.
static TAKEN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Where a number stands between a descriptor and its socket file.
const FILE: char = '=';

/// A socket that was passed down, by its number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Passed {
    /// Its descriptor.
    pub(crate) number: i32,
    /// The socket file that leads to it, if a predecessor leaves that to us.
    pub(crate) file: Option<PathBuf>,
}

/// What is wrong with a descriptor that was to be a socket passed down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassedProblem {
    /// It was taken before.
    #[error("this process has taken that descriptor already")]
    Taken,
    /// Nothing is open there.
    #[error("no such descriptor is open: nothing was passed down as that number")]
    Closed,
    /// The process opened it itself.
    #[error("that descriptor was not passed down: this process has opened it itself")]
    Own,
    /// Something else than a socket.
    #[error("it is {what}, not a socket")]
    NotASocket {
        /// What it is.
        what: &'static str,
    },
    /// A socket of a kind that carries no stream of bytes between processes.
    #[error("it is not a stream socket of a local or TCP connection")]
    NotAStream,
    /// A stream socket that has no use yet.
    #[error("it is a socket that neither listens nor is connected")]
    Idle,
    /// A listening socket where a connected one is needed.
    #[error("it is a listening socket: a server can use it, a client needs one that is connected")]
    Listens,
    /// A connected socket where one is to be listened at.
    #[error("it is a connected socket, at which nobody can listen")]
    Connected,
    /// The system refuses to hand it over.
    #[error("it cannot be taken: {0}")]
    System(SystemError),
}

/// What kind of stream socket was passed down.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) descriptor: OwnedFd,
    /// Not a TCP one.
    pub(crate) local: bool,
    /// It listens; else it is connected.
    pub(crate) listens: bool,
}

impl Passed {
    /// What stands behind `fd:`.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressProblem> {
        let (number, file) = match text.split_once(FILE) {
            Some((number, file)) => (number, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let bad = || AddressProblem::Descriptor { text: text.to_owned() };
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: i32 = number.parse().ok().filter(|_| digits).ok_or_else(bad)?;
        // 1 and 2 are where the process prints.
        if matches!(number, 1 | 2) || file.as_ref().is_some_and(|file| !file.is_absolute()) {
            return Err(bad());
        }
        Ok(Self { number, file })
    }

    /// Takes the socket over if it `fits`, and leaves it where it is if not. The number is free afterwards, but can be taken no second
    /// time.
    pub(crate) fn take<E: From<PassedProblem>>(
        &self,
        fits: impl FnOnce(&Socket) -> Result<(), E>,
    ) -> Result<Socket, E> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.contains(&self.number) {
            return Err(PassedProblem::Taken.into());
        }
        let socket = Socket::new(copy(self.number)?)?;
        fits(&socket)?;
        close(self.number).map_err(system)?;
        taken.insert(self.number);
        Ok(socket)
    }
}

/// What systemd passes down begins here: `SD_LISTEN_FDS_START`.
const FIRST: i32 = 3;

/// What was announced to this process as passed down, see sd_listen_fds(3).
pub(super) fn announced() -> impl Iterator<Item = Passed> {
    let variable = |name| std::env::var(name).ok();
    let count = count_announced(variable("LISTEN_PID"), variable("LISTEN_FDS"), std::process::id());
    (FIRST..FIRST + count).map(|number| Passed { number, file: None })
}

/// More than anybody passes. A variable that says more is wrong, and to list as many would take all memory.
const ANNOUNCED_MAX: i32 = 4096;

/// How many there are. A child inherits the variables, too; the process id tells whom they are for.
pub(super) fn count_announced(pid: Option<String>, count: Option<String>, own: u32) -> i32 {
    let ours = pid.and_then(|pid| pid.parse::<u32>().ok()) == Some(own);
    let count = count.filter(|_| ours).and_then(|count| count.parse().ok());
    count.filter(|count| (1..=ANNOUNCED_MAX).contains(count)).unwrap_or(0)
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fd:{}", self.number)?;
        self.file.iter().try_for_each(|file| write!(f, "{FILE}{}", file.display()))
    }
}

impl Socket {
    fn new(descriptor: OwnedFd) -> Result<Self, PassedProblem> {
        check_socket(&descriptor)?;
        let stream = sockopt::socket_type(&descriptor).map_err(system)? == SocketType::STREAM;
        let family = rustix::net::getsockname(&descriptor).map_err(system)?.address_family();
        let local = family == AddressFamily::UNIX;
        if !stream || !(local || matches!(family, AddressFamily::INET | AddressFamily::INET6)) {
            return Err(PassedProblem::NotAStream);
        }
        let listens = listens(&descriptor)?;
        if !listens && rustix::net::getpeername(&descriptor).is_err() {
            return Err(PassedProblem::Idle);
        }
        Ok(Self { descriptor, local, listens })
    }
}

/// SO_ACCEPTCONN, see socket(7).
#[cfg(not(target_vendor = "apple"))]
fn listens(socket: &OwnedFd) -> Result<bool, PassedProblem> {
    sockopt::socket_acceptconn(socket).map_err(system)
}

/// There is no SO_ACCEPTCONN here. What is not connected listens, or accepting from it will say that it does not.
#[cfg(target_vendor = "apple")]
fn listens(socket: &OwnedFd) -> Result<bool, PassedProblem> {
    Ok(rustix::net::getpeername(socket).is_err())
}

fn check_socket(descriptor: &OwnedFd) -> Result<(), PassedProblem> {
    let status = rustix::fs::fstat(descriptor).map_err(system)?;
    let what = match FileType::from_raw_mode(status.st_mode) {
        FileType::Socket => return Ok(()),
        FileType::RegularFile => "a file",
        FileType::Directory => "a directory",
        FileType::Fifo => "a pipe",
        FileType::CharacterDevice => "a terminal or another device",
        _ => "something else",
    };
    Err(PassedProblem::NotASocket { what })
}

/// An owned copy of a descriptor that was passed down, closed on exec.
fn copy(number: i32) -> Result<OwnedFd, PassedProblem> {
    if number == 0 {
        return io::stdin().as_fd().try_clone_to_owned().map_err(|error| PassedProblem::System(error.into()));
    }
    let (left, right) = UnixStream::pair().map_err(|error| PassedProblem::System(error.into()))?;
    send(&left, number)?;
    // Only now: it is open, and stays so.
    if is_own(number) {
        return Err(PassedProblem::Own);
    }
    recv(&right).map_err(system)?.ok_or(PassedProblem::Closed)
}

fn send(socket: &UnixStream, number: i32) -> Result<(), PassedProblem> {
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    // nix and not rustix: only nix takes a number.
    let (bytes, numbers) = ([IoSlice::new(b"x")], [number]);
    let rights = [ControlMessage::ScmRights(&numbers)];
    match sendmsg::<()>(socket.as_raw_fd(), &bytes, &rights, MsgFlags::empty(), None) {
        Ok(_) => Ok(()),
        Err(nix::Error::EBADF) => Err(PassedProblem::Closed),
        Err(error) => Err(PassedProblem::System(io::Error::from(error).into())),
    }
}

fn recv(socket: &UnixStream) -> Result<Option<OwnedFd>, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::net::recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RECV_FLAGS)?;
    let copy = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    #[cfg(target_vendor = "apple")]
    if let Some(copy) = &copy {
        rustix::io::fcntl_setfd(copy, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok(copy)
}

#[cfg(not(target_vendor = "apple"))]
const RECV_FLAGS: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
const RECV_FLAGS: RecvFlags = RecvFlags::empty();

/// Whether a descriptor is closed on exec, by proc_pid_fdinfo(5). Where that cannot be read, nothing is known.
fn is_own(number: i32) -> bool {
    let flags = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok().and_then(|text| {
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
        u32::from_str_radix(flags.trim(), 8).ok()
    });
    flags.is_some_and(|flags| flags & rustix::fs::OFlags::CLOEXEC.bits() != 0)
}

/// Closes the original. In the place of stdin there is nothing from then on: a file that is opened later must not be it.
fn close(number: i32) -> Result<(), Errno> {
    if number == 0 {
        let nothing = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())?;
        return rustix::stdio::dup2_stdin(nothing);
    }
    nix::unistd::close(number).map_err(|error| Errno::from_raw_os_error(error as i32))
}

fn system(error: Errno) -> PassedProblem {
    PassedProblem::System(io::Error::from(error).into())
}
