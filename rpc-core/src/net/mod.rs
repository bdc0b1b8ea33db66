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
//! - `address`: where a service is; `address_text`: how that is written. Parsed once, never checked again.
//! - `registry`, `directory`: the user's private directory of sockets, and which directories are safe to trust.
//! - `unix_socket`: a socket path as the kernel takes it, however long.
//! - `entrance`, `listen`, `listening_socket`: where callers come in.
//! - `passed`: sockets that another process passed down. `program`: one that is started to be talked to.
//! - `sockets`: listening sockets on their way to another process.
//! - `connect`, `tcp`: both ends' way to a stream. `socket_file`, `lock`: the one server of a path.
//! - `peer`: who is at the other end. `group`: who belongs to a group.
//! - `origin`: whom a connection is charged to.
//! - `spin`: polling before blocking.
//! - `stream`: one connection; `descriptors`: what goes beside its bytes; `counts`: its system calls, in tests.
//!   `stream_other` and `pipe` are its equivalents where there are no Unix sockets.
//!
//! Invariant: a socket file that we publish is listening already, and has its final mode.
//! Invariant: nothing is deleted that is not a dead socket, or the socket that this very listener published.

mod address;
mod address_error;
mod address_text;
mod connect;
mod connect_error;
#[cfg(unix)]
mod counts;
#[cfg(unix)]
mod descriptors;
#[cfg(unix)]
mod directory;
mod directory_error;
mod entrance;
#[cfg(unix)]
mod group;
mod listen;
mod listen_error;
mod listening_socket;
#[cfg(unix)]
mod lock;
mod origin;
#[cfg(unix)]
mod passed;
mod peer;
#[cfg(windows)]
mod pipe;
#[cfg(unix)]
#[cfg_attr(not(feature = "exec"), path = "no_program.rs")]
mod program;
mod registry;
#[cfg(unix)]
mod socket_file;
#[cfg(all(unix, feature = "server"))]
mod sockets;
mod spin;
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
pub(crate) use entrance::Entrance;
#[cfg(unix)]
pub(crate) use group::group_members;
pub(crate) use listen::{ListenOptions, Listener};
pub use listen_error::{ListenError, ListenProblem};
pub(crate) use listening_socket::ListeningSocket;
pub(crate) use origin::Origin;
#[cfg(unix)]
pub use passed::PassedProblem;
pub(crate) use peer::PackedPeer;
pub use peer::Peer;
#[cfg(all(unix, feature = "server"))]
pub use sockets::Sockets;
#[cfg(all(unix, feature = "server"))]
pub(crate) use sockets::pass;
pub(crate) use spin::{Spin, cpu};
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
