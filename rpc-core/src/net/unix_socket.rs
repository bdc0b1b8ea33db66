//! Local sockets below the level of streams and listeners: making one, and naming one however long its path is.
//! interprocess has no connect with a deadline that holds, so both ends are made here and handed to it.

use super::AddressProblem;
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketType},
};
use std::{os::fd::OwnedFd, path::Path};

/// The bytes of `sun_path`, see unix(7) and unix(4).
#[cfg(target_os = "linux")]
const PATH_LENGTH_MAX: usize = 108;
#[cfg(not(target_os = "linux"))]
const PATH_LENGTH_MAX: usize = 104;

/// A path as a socket address, and what must stay open for as long as it is used.
#[derive(Debug)]
pub(crate) struct SocketPath {
    /// For `bind` and `connect`.
    pub(crate) address: SocketAddrUnix,
    /// The address of a long path goes through this descriptor.
    _directory: Option<OwnedFd>,
}

/// Why a path is no socket address.
#[derive(Debug)]
pub(crate) enum SocketPathProblem {
    /// It does not fit.
    TooLong(AddressProblem),
    /// Its directory cannot be opened.
    System(Errno),
}

impl SocketPath {
    pub(crate) fn new(path: &Path) -> Result<Self, SocketPathProblem> {
        match SocketAddrUnix::new(path) {
            Ok(address) => Ok(Self { address, _directory: None }),
            Err(Errno::NAMETOOLONG) => Self::through_directory(path),
            Err(error) => Err(SocketPathProblem::System(error)),
        }
    }

    /// `/proc/self/fd/N/name` leads to the same file with a short text, see proc_pid_fd(5).
    #[cfg(target_os = "linux")]
    fn through_directory(path: &Path) -> Result<Self, SocketPathProblem> {
        use rustix::fs::{Mode, OFlags};
        use std::os::fd::AsRawFd;

        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(too_long(path)) };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let directory = rustix::fs::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(SocketPathProblem::System)?;
        let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
        let address = SocketAddrUnix::new(&short).map_err(|_| too_long(path))?;
        Ok(Self { address, _directory: Some(directory) })
    }

    #[cfg(not(target_os = "linux"))]
    fn through_directory(path: &Path) -> Result<Self, SocketPathProblem> {
        Err(too_long(path))
    }
}

fn too_long(path: &Path) -> SocketPathProblem {
    let length = path.as_os_str().len();
    SocketPathProblem::TooLong(AddressProblem::PathTooLong { length, limit: PATH_LENGTH_MAX })
}

/// A new stream socket that no child process inherits.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn stream_socket() -> Result<OwnedFd, Errno> {
    use rustix::net::{SocketFlags, socket_with};

    socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// A new stream socket that no child process inherits; macOS cannot say so in one call.
#[cfg(target_vendor = "apple")]
pub(crate) fn stream_socket() -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// An abstract name as a socket address.
#[cfg(target_os = "linux")]
pub(crate) fn abstract_address(name: &str) -> Result<SocketAddrUnix, Errno> {
    SocketAddrUnix::new_abstract_name(name.as_bytes())
}

/// The parser refuses abstract names here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn abstract_address(_name: &str) -> Result<SocketAddrUnix, Errno> {
    Err(Errno::AFNOSUPPORT)
}
