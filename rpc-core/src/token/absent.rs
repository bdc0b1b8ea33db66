//! What stands in for the token where the feature `token` is off: nobody can make one.
use super::{Nonces, Role};
use crate::wire::Nonce;
use std::io;

/// There is none.
#[derive(Debug, Clone)]
pub(crate) enum Token {}

impl Token {
    /// The proof of one end.
    pub(crate) fn proof(&self, _role: Role, _nonces: &Nonces) -> Nonce {
        match *self {}
    }

    /// Whether this is the proof of that end.
    pub(crate) fn is_proof(&self, _role: Role, _nonces: &Nonces, _proof: &Nonce) -> bool {
        match *self {}
    }
}

/// Bytes that nobody can guess.
pub(crate) fn nonce() -> io::Result<Nonce> {
    Err(io::ErrorKind::Unsupported.into())
}
