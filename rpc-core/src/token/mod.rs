//! The secret by which the two ends of a TCP connection know each other. It never travels: each end sends a proof that it
//! knows it, which holds for that one connection (`PROTOCOL.md`, H8).
//!
//! Without the feature `token` nobody can have one: `absent` stands in its place, and the rest of the crate is the same.
#[cfg_attr(not(feature = "token"), path = "absent.rs")]
mod secret;
mod token_error;

#[cfg(feature = "token")]
pub use secret::Token;
#[cfg(not(feature = "token"))]
pub(crate) use secret::Token;
pub(crate) use secret::nonce;
pub use token_error::TokenError;

use crate::wire::Nonce;

/// Who proves: so that nobody can be answered with his own proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// What makes the proofs of one connection unlike those of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonces {
    /// The server's.
    pub(crate) server: Nonce,
    /// The client's.
    pub(crate) client: Nonce,
}
