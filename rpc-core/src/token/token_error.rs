//! Why a secret cannot be used, in words that never show it.
use crate::SystemError;
use std::path::PathBuf;

/// Why there is no token. None of its words show the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Whoever listens in could guess it.
    #[error("a token of {bytes} bytes can be guessed: take at least {least}, such as `openssl rand -hex 32` makes")]
    TooShort {
        /// Its length.
        bytes: usize,
        /// What it takes at least.
        least: usize,
    },
    /// This is no file with a token in it.
    #[error("{}: more than {most} bytes, so no token", path.display())]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// What a token's file has at most, in bytes.
        most: usize,
    },
    /// Every user of the machine can read the file.
    #[error("{}: every user can read this token (mode {mode:04o}): chmod 600 it, and make a new token", path.display())]
    Readable {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("cannot read the token in {}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: SystemError,
    },
}
