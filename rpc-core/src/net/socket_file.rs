//! The one server of a socket path: from the first look at the path to the removal of the file.
//!
//! ```text
//! lock x.sock.lock ── look at x.sock ── bind x.sock.new ── chmod ── listen ── rename to x.sock
//!      │ held by another: AlreadyRunning   └ under the lock, so nobody else touches it
//!      └ held until the drop: then x.sock (if still ours) and the lock file are removed, and the lock is released
//! ```
//!
//! The lock, not the socket, decides who serves. A socket that nobody listens on is stale and is replaced; a live one
//! never, even if its server knows nothing of locks. Whatever is not a socket is left alone.
//!
//! What is left to chance: a program that takes no part in this and puts a file at the path between the look and the
//! rename loses it. In a directory that is safe, only the user's own programs could.

use super::{
    ListenProblem, directory,
    unix_socket::{self, SocketPath, SocketPathProblem},
};
use rustix::{fs::OFlags, io::Errno};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

/// The lock file is nobody else's business.
const LOCK_MODE: u32 = 0o600;
/// A lock file that vanished between opening and locking is opened anew. Each time, another server has just ended.
const LOCK_TRIES: usize = 1000;

/// A published socket file, its single-instance lock, and the duty to remove both.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    lock: Lock,
}

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
}

impl SocketFile {
    /// A listening socket at the path, with exactly that mode.
    pub(crate) fn publish(path: &Path, mode: u32, backlog: i32) -> Result<(Self, OwnedFd), ListenProblem> {
        // The working directory may change before the drop.
        let path = std::path::absolute(path).map_err(|error| explain(error, path))?;
        directory::check_parent(path.parent().unwrap_or(&path)).map_err(ListenProblem::Directory)?;
        SocketPath::new(&path).map_err(|problem| explain_path(problem, &path))?;
        let lock = Lock::take(beside(&path, ".lock"))?;
        check_replaceable(&path)?;
        let (socket, identity) = publish(&path, mode, backlog)?;
        Ok((Self { path, identity, lock }, socket))
    }

    /// Whether the path still leads to this socket.
    fn is_there(&self) -> bool {
        Identity::of(&self.path).is_ok_and(|found| found == self.identity)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Without the lock a successor may be at work on the path. An error leaves a stale socket, which is harmless.
        if self.lock.is_held() && self.is_there() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Its lock is held for as long as this lives.
impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_held() {
            let _ = fs::remove_file(&self.path);
        }
        // Closing would do, but for a child process between fork and exec, which holds a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

impl Lock {
    fn take(path: PathBuf) -> Result<Self, ListenProblem> {
        for _ in 0..LOCK_TRIES {
            let file = Self::open(&path)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(ListenProblem::AlreadyRunning),
                Err(TryLockError::Error(error)) => return Err(explain(error, &path)),
                Ok(()) => {}
            }
            let lock = Self { path: path.clone(), file };
            // Its last holder may have removed it after we opened it: then it guards nothing any more.
            if lock.is_held() {
                // The umask may have taken every bit, and after a crash nobody could open it.
                let _ = lock.file.set_permissions(Permissions::from_mode(LOCK_MODE));
                return Ok(lock);
            }
        }
        Err(ListenProblem::AlreadyRunning)
    }

    fn open(path: &Path) -> Result<File, ListenProblem> {
        // O_NOFOLLOW: somebody's link must not make us create or lock a file elsewhere. O_NONBLOCK: nor a FIFO block us.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(LOCK_MODE).custom_flags(flags);
        let opened = options.open(path);
        if opened.as_ref().is_ok_and(|file| file.metadata().is_ok_and(|metadata| metadata.is_file())) {
            return opened.map_err(|error| explain(error, path));
        }
        match fs::symlink_metadata(path) {
            Ok(metadata) if !metadata.is_file() => Err(foreign(path, &metadata)),
            _ => Err(explain(opened.err().unwrap_or_else(|| io::ErrorKind::InvalidInput.into()), path)),
        }
    }

    /// Whether the lock file is still the one that we locked.
    fn is_held(&self) -> bool {
        let ours = self.file.metadata().map(|metadata| Identity::from(&metadata));
        matches!((ours, Identity::of(&self.path)), (Ok(ours), Ok(found)) if ours == found)
    }
}

/// What may be replaced: nothing at all, or a socket on which nobody listens.
fn check_replaceable(path: &Path) -> Result<(), ListenProblem> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| explain(error, path))?,
    };
    if !metadata.file_type().is_socket() {
        return Err(foreign(path, &metadata));
    }
    match probe(path)? {
        // connect(2): refused if nobody listens; a full backlog says that somebody does.
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(()),
        Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS | Errno::INTR) => Err(ListenProblem::AlreadyRunning),
        Err(Errno::PROTOTYPE) => {
            Err(ListenProblem::Foreign { path: path.to_owned(), what: "a socket of another kind" })
        }
        Err(error) => Err(explain(error.into(), path)),
    }
}

/// Asks a socket whether somebody listens, without waiting.
fn probe(path: &Path) -> Result<Result<(), Errno>, ListenProblem> {
    let socket_path = SocketPath::new(path).map_err(|problem| explain_path(problem, path))?;
    let said = |error: Errno| explain(error.into(), path);
    let socket = unix_socket::stream_socket().map_err(said)?;
    rustix::io::ioctl_fionbio(&socket, true).map_err(said)?;
    Ok(rustix::net::connect(&socket, &socket_path.address))
}

/// Makes a listening socket under a temporary name and renames it: whoever finds it can connect, with its final mode.
fn publish(path: &Path, mode: u32, backlog: i32) -> Result<(OwnedFd, Identity), ListenProblem> {
    let staging = beside(path, ".new");
    remove_left_over(&staging)?;
    let published = bind(&staging, mode, backlog).and_then(|socket| {
        let identity = Identity::of(&staging).map_err(|error| explain(error, &staging))?;
        fs::rename(&staging, path).map_err(|error| explain(error, path))?;
        Ok((socket, identity))
    });
    if published.is_err() {
        let _ = remove_left_over(&staging);
    }
    published
}

fn bind(path: &Path, mode: u32, backlog: i32) -> Result<OwnedFd, ListenProblem> {
    let socket_path = SocketPath::new(path).map_err(|problem| explain_path(problem, path))?;
    let said = |error: Errno| explain(error.into(), path);
    let socket = unix_socket::stream_socket().map_err(said)?;
    rustix::net::bind(&socket, &socket_path.address).map_err(said)?;
    // bind(2) takes bits away by the umask. Nobody can connect before `listen`, so the first mode does not matter.
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| explain(error, path))?;
    rustix::net::listen(&socket, backlog).map_err(said)?;
    Ok(socket)
}

/// Removes what a server left that died between bind and rename. The lock says that none is at it now.
fn remove_left_over(staging: &Path) -> Result<(), ListenProblem> {
    match fs::symlink_metadata(staging) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            fs::remove_file(staging).map_err(|error| explain(error, staging))
        }
        Ok(metadata) => Err(foreign(staging, &metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(explain(error, staging)),
    }
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|metadata| Self::from(&metadata))
    }
}

impl From<&fs::Metadata> for Identity {
    fn from(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = OsString::from(path);
    beside.push(suffix);
    beside.into()
}

fn foreign(path: &Path, metadata: &fs::Metadata) -> ListenProblem {
    let kind = metadata.file_type();
    let what = if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_file() {
        "a regular file"
    } else {
        "not a file of ours"
    };
    ListenProblem::Foreign { path: path.to_owned(), what }
}

fn explain(error: io::Error, path: &Path) -> ListenProblem {
    match error.kind() {
        io::ErrorKind::PermissionDenied => ListenProblem::Denied { path: Some(path.to_owned()) },
        _ => ListenProblem::Io(error.into()),
    }
}

fn explain_path(problem: SocketPathProblem, path: &Path) -> ListenProblem {
    match problem {
        SocketPathProblem::TooLong(problem) => ListenProblem::Address(problem),
        SocketPathProblem::System(error) => explain(error.into(), path),
    }
}
