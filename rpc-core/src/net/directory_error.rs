//! Why a directory is not safe to keep a socket in, in words for whoever keeps one there.

use super::SystemError;
use std::io;
use std::path::{Path, PathBuf};

/// A directory that cannot hold a socket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the directory {} {problem}", path.display())]
pub struct DirectoryError {
    /// The directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: DirectoryProblem,
}

impl DirectoryError {
    pub(crate) fn system(path: &Path, error: io::Error) -> Self {
        Self { path: path.to_owned(), problem: DirectoryProblem::System(error.into()) }
    }

    /// It is not there, so nothing is in it.
    #[cfg(unix)]
    pub(crate) fn is_missing(&self) -> bool {
        matches!(&self.problem, DirectoryProblem::System(error) if error.kind == io::ErrorKind::NotFound)
    }
}

/// What is wrong with a directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryProblem {
    /// A file, or a link, which somebody else may point elsewhere.
    #[error("is not a directory but a file or a link")]
    NotADirectory,
    /// Another user made it.
    #[error("belongs to user {uid}, who could replace what is in it")]
    Foreign {
        /// Its owner.
        uid: u32,
    },
    /// Others may replace what is in it.
    #[error("can be written by others (mode {mode:o}), who could replace what is in it")]
    Writable {
        /// Its permission bits.
        mode: u32,
    },
    /// The system says no.
    #[error("cannot be used: {0}")]
    System(SystemError),
}
