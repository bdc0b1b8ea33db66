//! A secret, and the proofs that it makes: HMAC-SHA256, see RFC 2104.
use super::{Nonces, Role, TokenError};
use crate::wire::Nonce;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// What a secret has at least, in bytes. Who takes part in one handshake can try guesses at home for as long as he likes, and
/// 16 random bytes are beyond that.
const SECRET_BYTES_MIN: usize = 16;

/// What a file with a secret has at most, in bytes: another file was given by mistake.
const FILE_BYTES_MAX: usize = 4096;

/// A secret that a server and its clients know, and nobody else. Two ends that have the same one know each other over TCP.
/// Feature `token`.
///
/// It never travels: both ends prove that they know it, for this one connection. Its `Debug` form does not show it.
///
/// **TCP traffic is not encrypted.** Who can read what goes between the two reads every call and answer, and who can change it can
/// take over a connection whose two ends have proved themselves. So a token is for networks that you trust to that extent; over
/// others, take a tunnel (WireGuard, ssh).
///
/// ```
/// use rpc_core::Token;
///
/// let token = Token::new("5f0c7d1f9a3b2c4e5f0c7d1f9a3b2c4e")?;
/// assert!(Token::new("short").is_err());
/// assert_eq!(format!("{token:?}"), "Token(..)");
/// # Ok::<(), rpc_core::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Token(Arc<Hmac<Sha256>>);

impl Token {
    /// Of these bytes, of which there must be at least 16, and which should be random: `openssl rand -hex 32`.
    ///
    /// # Errors
    /// [`TokenError::TooShort`].
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, TokenError> {
        let secret = secret.as_ref();
        match Hmac::new_from_slice(secret) {
            Ok(keyed) if secret.len() >= SECRET_BYTES_MIN => Ok(Self(Arc::new(keyed))),
            _ => Err(TokenError::TooShort { bytes: secret.len(), least: SECRET_BYTES_MIN }),
        }
    }

    /// Of what is in a file, but for a line end behind it. Better than an argument or a variable, which others may see.
    ///
    /// ```no_run
    /// # use rpc_core::Token;
    /// let token = Token::from_file("/etc/kv.token")?;
    /// # Ok::<(), rpc_core::TokenError>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenError::File`] when it cannot be read, [`TokenError::Readable`] when every user of this machine could read it
    /// (a group may), [`TokenError::TooShort`] and [`TokenError::TooLong`] when it holds something else.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TokenError> {
        let path = path.as_ref();
        let failed = |error: io::Error| TokenError::File { path: path.to_owned(), error: error.into() };
        let file = File::open(path).map_err(failed)?;
        if let Some(mode) = readable_by_all(&file.metadata().map_err(failed)?) {
            return Err(TokenError::Readable { path: path.to_owned(), mode });
        }
        let mut secret = Vec::new();
        file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut secret).map_err(failed)?;
        if secret.len() > FILE_BYTES_MAX {
            return Err(TokenError::TooLong { path: path.to_owned(), most: FILE_BYTES_MAX });
        }
        let line = secret.strip_suffix(b"\n").unwrap_or(&secret);
        Self::new(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The proof of one end, for one connection.
    pub(crate) fn proof(&self, role: Role, nonces: &Nonces) -> Nonce {
        self.said(role, nonces).finalize().into_bytes().into()
    }

    /// Whether this is the proof of that end. Takes as long for one that is nearly right: else it could be found byte by byte.
    pub(crate) fn is_proof(&self, role: Role, nonces: &Nonces, proof: &Nonce) -> bool {
        self.said(role, nonces).verify_slice(proof).is_ok()
    }

    fn said(&self, role: Role, nonces: &Nonces) -> Hmac<Sha256> {
        let role: &[u8] = match role {
            Role::Client => b"rpc client",
            Role::Server => b"rpc server",
        };
        Hmac::clone(&self.0).chain_update(role).chain_update(nonces.server).chain_update(nonces.client)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Bytes that nobody can guess, and that will not come again.
pub(crate) fn nonce() -> io::Result<Nonce> {
    let mut nonce = Nonce::default();
    getrandom::fill(&mut nonce)?;
    Ok(nonce)
}

/// The permission bits of a file that everybody can read.
#[cfg(unix)]
fn readable_by_all(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    let mode = metadata.mode() & 0o7777;
    // A pipe, such as `<(pass show kv)` makes, has a mode that says nothing.
    (metadata.is_file() && mode & 0o007 != 0).then_some(mode)
}

/// Its access list decides, which safe code cannot read.
#[cfg(not(unix))]
fn readable_by_all(_metadata: &Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests;
