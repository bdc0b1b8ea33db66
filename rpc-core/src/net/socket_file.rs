//! The one server of a socket path: from the first look at the path to the removal of the file.
//!
//! ```text
//! lock x.sock.lock ── look at x.sock ── bind x.sock.new ── chmod ── listen ── rename to x.sock
//!      │ held by another: AlreadyRunning   └ under the lock, so nobody else touches it
//!      └ held until the drop: then x.sock (if still ours) and the lock file are removed, and the lock is released
//! ```
//!
//! A socket may be passed down to another process. The file stays with whoever holds the lock: the process that published
//! it, and when that has ended, the one that was given the socket. So at every time one process at most looks after it.
//!
//! The lock, not the socket, decides who serves. A socket that nobody listens on is stale and is replaced; a live one
//! never, even if its server knows nothing of locks. Whatever is not a socket is left alone.
//!
//! What is left to chance: a program that takes no part in this and puts a file at the path between the look and the
//! rename loses it. In a directory that is safe, only the user's own programs could.

use super::{
    ListenProblem, directory,
    lock::Lock,
    unix_socket::{self, SocketPath, SocketPathProblem},
};
use rustix::io::Errno;
use std::{
    ffi::OsString,
    fs::{self, Permissions},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

/// What a lock is called after its socket.
const LOCK: &str = ".lock";

/// What a socket is called after its final name, until it can be connected to.
const STAGING: &str = ".new";

/// A socket file that this process looks after: it removes the file at its end, if nobody else has it by then.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    /// `None`: whoever passed the socket down still holds it. Once that process has ended, the lock is ours to take.
    lock: Option<Lock>,
    /// Somebody else looks after the file from now on.
    left: bool,
}

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To this socket; or nowhere, and it is another's duty to mend that.
    Here,
    /// Nowhere: somebody has deleted the file.
    Nowhere,
    /// To something else.
    Elsewhere,
}

impl SocketFile {
    /// A listening socket at the path, with exactly that mode.
    pub(crate) fn publish(path: &Path, mode: u32, backlog: i32) -> Result<(Self, OwnedFd), ListenProblem> {
        // The working directory may change before the drop.
        let path = std::path::absolute(path).map_err(|error| explain(error, path))?;
        directory::check_parent(path.parent().unwrap_or(&path)).map_err(ListenProblem::Directory)?;
        SocketPath::new(&path).map_err(|problem| explain_path(problem, &path))?;
        let lock = Lock::take(beside(&path, LOCK))?;
        check_replaceable(&path)?;
        let (socket, identity) = publish(&path, mode, backlog)?;
        Ok((Self { path, identity, lock: Some(lock), left: false }, socket))
    }

    /// The file of a socket that was passed down by the process that published it.
    pub(crate) fn adopt(path: &Path) -> Result<Self, ListenProblem> {
        let path = std::path::absolute(path).map_err(|error| explain(error, path))?;
        let metadata = fs::symlink_metadata(&path).map_err(|error| explain(error, &path))?;
        if !metadata.file_type().is_socket() {
            return Err(foreign(&path, &metadata));
        }
        Ok(Self { identity: Identity::from(&metadata), path, lock: None, left: false })
    }

    /// The path, which is absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the file to whomever the socket was passed to: it is not removed here any more.
    pub(crate) fn leave(&mut self) {
        self.left = true;
    }

    /// Looks where the path leads, and takes the lock if whoever held it has ended.
    pub(crate) fn look(&mut self) -> Leads {
        if self.left {
            return Leads::Here;
        }
        let ours = self.has_lock();
        match Identity::of(&self.path) {
            Ok(found) if found == self.identity => Leads::Here,
            Ok(_) => Leads::Elsewhere,
            Err(_) if ours => Leads::Nowhere,
            Err(_) => Leads::Here,
        }
    }

    /// Publishes another socket at the path, which was deleted.
    pub(crate) fn publish_again(&mut self, mode: u32, backlog: i32) -> Result<OwnedFd, ListenProblem> {
        directory::check_parent(self.path.parent().unwrap_or(&self.path)).map_err(ListenProblem::Directory)?;
        // The lock may have been deleted, too, and guards nothing then.
        if !self.lock.as_ref().is_some_and(Lock::is_held) {
            self.lock = None;
            self.lock = Some(Lock::take(beside(&self.path, LOCK))?);
        }
        check_replaceable(&self.path)?;
        let (socket, identity) = publish(&self.path, mode, backlog)?;
        self.identity = identity;
        Ok(socket)
    }

    fn has_lock(&mut self) -> bool {
        if self.lock.is_none() {
            self.lock = Lock::take(beside(&self.path, LOCK)).ok();
        }
        self.lock.is_some()
    }

    /// Whether the path leads to this socket.
    fn is_there(&self) -> bool {
        Identity::of(&self.path).is_ok_and(|found| found == self.identity)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.left || !self.is_there() {
            return;
        }
        // Without the lock a successor may be at work on the path. An error leaves a stale socket, which is harmless.
        if self.has_lock() && self.lock.as_ref().is_some_and(Lock::is_held) && self.is_there() {
            let _ = fs::remove_file(&self.path);
        }
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
    let staging = staging(path);
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

/// Where a socket is made. If its own name leaves no room for an ending, it has a short one that is no other socket's.
fn staging(path: &Path) -> PathBuf {
    let staging = beside(path, STAGING);
    match SocketPath::new(&staging) {
        Err(SocketPathProblem::TooLong(_)) => {
            let mut hasher = DefaultHasher::new();
            path.file_name().hash(&mut hasher);
            path.with_file_name(format!(".{:016x}{STAGING}", hasher.finish()))
        }
        _ => staging,
    }
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
    pub(super) fn of(path: &Path) -> io::Result<Self> {
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

/// What is at the path, in the words of a refusal.
pub(super) fn foreign(path: &Path, metadata: &fs::Metadata) -> ListenProblem {
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

/// The system's error about a path.
pub(super) fn explain(error: io::Error, path: &Path) -> ListenProblem {
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
