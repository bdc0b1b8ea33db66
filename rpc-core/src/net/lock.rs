//! The lock beside a socket: whoever holds it is the one server of the path. It says nothing about the socket itself.
//!
//! Invariant: the lock file is removed by its holder alone, and only while it is still the file that was locked.

use super::{
    ListenProblem,
    socket_file::{Identity, explain, foreign},
};
use rustix::fs::OFlags;
use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The lock file is nobody else's business.
const LOCK_MODE: u32 = 0o600;
/// A lock file that vanished between opening and locking is opened anew. Each time, another server has just ended.
const LOCK_TRIES: usize = 1000;

/// A lock that is held for as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock; the file is made if it is not there.
    ///
    /// # Errors
    /// [`ListenProblem::AlreadyRunning`] if another holds it; or it is no file, or cannot be opened.
    pub(super) fn take(path: PathBuf) -> Result<Self, ListenProblem> {
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
    pub(super) fn is_held(&self) -> bool {
        let ours = self.file.metadata().map(|metadata| Identity::from(&metadata));
        matches!((ours, Identity::of(&self.path)), (Ok(ours), Ok(found)) if ours == found)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_held() {
            let _ = fs::remove_file(&self.path);
        }
        // Closing would do, but for a child process between fork and exec, which holds a copy of the descriptor.
        let _ = self.file.unlock();
    }
}
