//! The first bytes of a connection, and the bodies of the frames that open services.
//!
//! Both sides begin with eight bytes that will never change, whatever the version: four that no text protocol begins
//! with, then the version. So a wrong peer is always recognised, and can always be told why it is refused.
use serde::{Deserialize, Serialize};

/// No text protocol, and no TLS record, begins with these.
const MAGIC: [u8; 4] = [0x8f, b'R', b'P', b'C'];

/// The version of everything behind the preface.
const VERSION: u16 = 1;

/// The size of the preface: magic, version, two zeros.
pub(crate) const PREFACE_BYTES: usize = 8;

/// The longest body of a [`Hello`]: it is read before anybody knows who sends it.
pub(crate) const HELLO_BYTES_MAX: u32 = 1024;

/// What a peer that is not ours began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PrefaceError {
    /// Another protocol; its first bytes, made printable.
    Foreign(String),
    /// Ours, in a version that this side does not speak.
    Version(u16),
}

/// Appends this side's preface.
pub(crate) fn put_preface(out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
}

/// Whether this side's preface comes first. No frame begins so: its length would be a gigabyte.
pub(crate) fn starts_with_preface(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Looks at a peer's first bytes. `Ok(false)`: right so far, but not all here. A foreign peer is found out by its first
/// wrong byte, so nobody waits for eight bytes from one that sends four.
///
/// # Errors
/// When this is no peer of ours.
pub(crate) fn check_preface(bytes: &[u8]) -> Result<bool, PrefaceError> {
    let here = bytes.len().min(MAGIC.len());
    if bytes.get(..here) != MAGIC.get(..here) {
        return Err(PrefaceError::Foreign(printable(bytes)));
    }
    let Some(&[_, _, _, _, v0, v1, zero0, zero1]) = bytes.first_chunk::<PREFACE_BYTES>() else { return Ok(false) };
    match u16::from_le_bytes([v0, v1]) {
        VERSION if (zero0, zero1) == (0, 0) => Ok(true),
        VERSION => Err(PrefaceError::Foreign(printable(bytes))),
        other => Err(PrefaceError::Version(other)),
    }
}

/// The first line of foreign bytes, short and without control characters.
fn printable(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let short = line.get(..line.len().min(32)).unwrap_or_default();
    short.escape_ascii().to_string()
}

/// What a client says first: `PROTOCOL.md`, H2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// The largest body that the client takes.
    pub(crate) frame_bytes_max: u32,
    /// How many calls the client takes at a time; 0: it offers no services.
    pub(crate) calls_max: u32,
    /// How far the items of a stream to the client may run ahead of it, in bytes.
    pub(crate) window_bytes: u32,
    /// How many descriptors the client takes with one reply; 0: none can be passed here.
    pub(crate) fds_max: u32,
    /// The first service that it wants, if it knows already.
    pub(crate) service: Option<Wanted>,
}

/// A service that a client wants to call: the body of [`Kind::Open`](super::Kind::Open), too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    /// Of the schema that the client was built with.
    pub(crate) fingerprint: u64,
}

/// What a server answers: `PROTOCOL.md`, H3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Welcome {
    /// Another number whenever the server was started anew.
    pub(crate) instance: u64,
    pub(crate) frame_bytes_max: u32,
    pub(crate) calls_max: u32,
    /// How far the items of a stream to the server may run ahead of it, in bytes.
    pub(crate) window_bytes: u32,
    /// How many descriptors the server takes with one call; 0: none can be passed here.
    pub(crate) fds_max: u32,
    /// The answer to [`Hello::service`].
    pub(crate) service: Option<Opened>,
}

/// Random bytes of one side, for one connection; and as many of a proof.
pub(crate) type Nonce = [u8; 32];

/// What a server that has a token answers to [`Hello`]: `PROTOCOL.md`, H8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Challenge {
    pub(crate) nonce: Nonce,
}

/// What the client answers to that: `PROTOCOL.md`, H9.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) nonce: Nonce,
    pub(crate) proof: Nonce,
}

/// The server's own proof, before its [`Welcome`]: `PROTOCOL.md`, H10.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proven {
    pub(crate) proof: Nonce,
}

/// The answer to [`Wanted`], and the body of [`Kind::Opened`](super::Kind::Opened).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Opened {
    /// Its calls carry this number.
    Here(Offer),
    /// There is no such service; these there are.
    Unknown { services: Vec<String> },
}

/// A service that is open on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// What calls to it carry.
    pub(crate) service: u32,
    /// The server's schema, as postcard, if its fingerprint is not the client's.
    pub(crate) schema: Option<Vec<u8>>,
}

/// Why a server will not talk: `PROTOCOL.md`, H6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The two speak different versions of the protocol.
    #[error("it speaks protocol version {ours}, this program {theirs}")]
    Version {
        /// The server's.
        ours: u16,
        /// The client's.
        theirs: u16,
    },
    /// The server could not understand the client.
    #[error("it could not understand this program: {0}")]
    Malformed(String),
    /// The server does not serve the client, or its user.
    #[error("it does not serve this user (its program decides: `Server::allow_user`)")]
    NotAllowed,
    /// The server is stopping; another may soon be there.
    #[error("it is shutting down")]
    ShuttingDown,
    /// The server has as many connections as it takes.
    #[error("it has as many connections as it takes")]
    Overloaded,
    /// The server asks for a token, and the client has none.
    #[error("it asks for a token, and this program has none (`Connect::token`)")]
    TokenMissing,
    /// The client's token is not the server's.
    #[error("its token is not this program's")]
    WrongToken,
    /// The client broke no rule, but went too far: it kept the server waiting, or cancelled more than it let run.
    #[error("it cut this program off: {0}")]
    Cut(String),
}

impl Refusal {
    /// What a server says to a client of another version.
    pub(crate) fn version(client: u16) -> Self {
        Self::Version { ours: VERSION, theirs: client }
    }

    /// The same, found out by the client itself.
    pub(crate) fn version_of_server(server: u16) -> Self {
        Self::Version { ours: server, theirs: VERSION }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// H1: eight bytes that will never change.
    #[test]
    fn golden_preface() {
        let mut out = Vec::new();
        put_preface(&mut out);
        assert_eq!(out, [0x8f, b'R', b'P', b'C', 1, 0, 0, 0]);
        assert_eq!(check_preface(&out), Ok(true));
        for cut in 0..PREFACE_BYTES {
            assert_eq!(check_preface(&out[..cut]), Ok(false), "{cut} bytes");
        }
    }

    /// H4: a foreign peer is known by its first wrong byte.
    #[test]
    fn foreign_peers() {
        let foreign = |bytes: &[u8]| match check_preface(bytes) {
            Err(PrefaceError::Foreign(line)) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(foreign(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "GET / HTTP/1.1");
        assert_eq!(foreign(&[0x16, 3, 1]), "\\x16\\x03\\x01");
        assert_eq!(foreign(&[0x8f, b'R', b'P', b'C', 1, 0, 9, 0]), "\\x8fRPC\\x01\\x00\\t\\x00");
        assert_eq!(check_preface(&[0x8f, b'R', b'P', b'C', 7, 0, 0, 0]), Err(PrefaceError::Version(7)));
    }
}
