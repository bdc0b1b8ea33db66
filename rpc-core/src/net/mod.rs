//! Sockets: where a service is, how to get a connection to it, and who is at the other end.
//!
//! ```text
//! text ── Address ──┬── connect, wait ──┐
//!                   └── Listener::bind ─┴── Stream ── Peer
//! ```
//!
//! What this is: addresses, connecting with a deadline, listening as a single instance, bytes in and out, credentials.
//! What it is not: frames, buffers, threads, policy. Nothing here reads the bytes that it carries, and nothing here
//! decides whether a peer may call.
//!
//! - `address`: what a person writes; parsed once, never checked again.
//! - `registry`, `directory`: the user's private directory of sockets, and which directories are safe to trust.
//! - `unix_socket`: a socket path as the kernel takes it, however long.
//! - `connect`, `tcp`: both ends' way to a stream. `socket_file`: the one server of a path.
//! - `stream`: one connection; `counts`: its system calls, in tests. `stream_other` and `pipe` are its equivalents where there are no Unix sockets.
//!
//! Invariant: a socket file that we publish is listening already, and has its final mode.
//! Invariant: nothing is deleted that is not a dead socket, or the socket that this very listener published.

mod address;
mod address_error;
mod connect;
mod connect_error;
#[cfg(unix)]
mod counts;
#[cfg(unix)]
mod directory;
mod directory_error;
mod listen;
mod listen_error;
mod peer;
#[cfg(windows)]
mod pipe;
mod registry;
#[cfg(unix)]
mod socket_file;
#[cfg_attr(not(unix), path = "stream_other.rs")]
mod stream;
mod tcp;
#[cfg(unix)]
mod unix_socket;

#[cfg(all(test, unix))]
mod tests;

pub use address::Address;
pub use address_error::{AddressError, AddressProblem};
pub(crate) use connect::{connect, wait};
pub use connect_error::{ConnectError, ConnectProblem};
#[cfg(all(test, unix))]
pub(crate) use counts::Counts;
pub use directory_error::{DirectoryError, DirectoryProblem};
pub(crate) use listen::{ListenOptions, Listener};
pub use listen_error::{ListenError, ListenProblem};
pub use peer::Peer;
pub(crate) use stream::Stream;

/// Whether a read may block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Take what is there.
    No,
    /// Block until something is there, or the receive timeout of the stream has passed.
    Block,
}

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// So many bytes were appended; never 0.
    Bytes(usize),
    /// Nothing is there now: it would block, the timeout passed, or a signal came.
    Nothing,
    /// The peer sends no more.
    End,
}

/// What can be done with a stream without blocking. An error or a hang-up counts as both: the next call tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readiness {
    /// A read would bring bytes, the end, or an error.
    pub(crate) read: bool,
    /// A write would take bytes, or bring an error.
    pub(crate) write: bool,
}

/// What the system said, in a form that can be cloned and compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SystemError {
    /// The kind, as the standard library sorts it.
    pub kind: std::io::ErrorKind,
    /// The system's own words.
    pub text: String,
}

impl From<std::io::Error> for SystemError {
    fn from(error: std::io::Error) -> Self {
        Self { kind: error.kind(), text: error.to_string() }
    }
}
