//! Which directories are safe to keep a socket in, and to believe a socket of. Not the sockets themselves.
//!
//! Who may write into a directory may replace what is in it: a socket there is only as trustworthy as the directory.

use super::{DirectoryError, DirectoryProblem};
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

/// The registry: for its user alone.
const MODE_PRIVATE: u32 = 0o700;
/// The write bits of group and others, see inode(7).
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// The write bit of everybody.
const WRITABLE_BY_ALL: u32 = 0o002;
/// With it, only the owner of a file may remove it (`S_ISVTX`), as in `/tmp`.
const STICKY: u32 = 0o1000;

/// Makes the directory if it is not there, for its user alone, and checks it.
pub(crate) fn create_private(path: &Path) -> Result<(), DirectoryError> {
    match fs::DirBuilder::new().mode(MODE_PRIVATE).create(path) {
        // mkdir(2) takes bits away by the umask; with 0777 nobody could use it.
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(MODE_PRIVATE))
            .map_err(|e| DirectoryError::system(path, e))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(DirectoryError::system(path, error)),
    }
    check_private(path)
}

/// A directory that nobody else can write into: ours, not a link, no write bits for others.
pub(crate) fn check_private(path: &Path) -> Result<(), DirectoryError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| DirectoryError::system(path, error))?;
    let mode = metadata.mode() & 0o7777;
    let problem = if !metadata.is_dir() {
        DirectoryProblem::NotADirectory
    } else if metadata.uid() != own_uid() {
        DirectoryProblem::Foreign { uid: metadata.uid() }
    } else if mode & WRITABLE_BY_OTHERS != 0 {
        DirectoryProblem::Writable { mode }
    } else {
        return Ok(());
    };
    Err(DirectoryError { path: path.to_owned(), problem })
}

/// A directory that the user named: any but one in which everybody may replace everybody's files. One that is the
/// user's own is the user's decision.
pub(crate) fn check_parent(path: &Path) -> Result<(), DirectoryError> {
    let metadata = fs::metadata(path).map_err(|error| DirectoryError::system(path, error))?;
    let mode = metadata.mode() & 0o7777;
    let open_to_all = mode & WRITABLE_BY_ALL != 0 && mode & STICKY == 0;
    let problem = if !metadata.is_dir() {
        DirectoryProblem::NotADirectory
    } else if open_to_all && metadata.uid() != own_uid() {
        DirectoryProblem::Writable { mode }
    } else {
        return Ok(());
    };
    Err(DirectoryError { path: path.to_owned(), problem })
}

/// Whose rights this process has when it opens files.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}
