//! What is measured.
use clap::ValueEnum;

/// Calls under way at a time, and tasks of [`Work::Shared`].
pub(crate) const OUTSTANDING: usize = 64;

/// Connections of [`Work::Connections`], one call at a time on each.
pub(crate) const CONNECTIONS: usize = 16;

/// Items that one call of [`Work::Items`] asks for: enough that the call itself does not count.
pub(crate) const ITEMS: u64 = 20_000;

/// What one item has, besides what its format adds.
pub(crate) const ITEM_BYTES: usize = 32;

/// The largest message of any work, and room for its head, for those that have a limit.
pub(crate) const MESSAGE_BYTES_MAX: usize = (16 << 20) + (64 << 10);

/// One kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// One call at a time: a number there, the next one back.
    Ping,
    /// One thread or task keeps 64 calls under way on one connection.
    Outstanding,
    /// 64 threads or tasks share one connection, each with one call at a time.
    Shared,
    /// 16 connections, each with one call at a time.
    Connections,
    /// 64 KiB there and back.
    #[value(name = "echo-64k")]
    Echo64K,
    /// 1 MiB there and back.
    #[value(name = "echo-1m")]
    Echo1M,
    /// 16 MiB there and back.
    #[value(name = "echo-16m")]
    Echo16M,
    /// Items of 32 bytes from the server.
    Items,
    /// Connect, one call, close.
    Connect,
}

impl Work {
    /// What its table is called.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Ping => "One call at a time: p50 and p99 in us (less is better)",
            Self::Outstanding => "64 calls under way from one thread or task: calls/s",
            Self::Shared => "64 threads or tasks on one connection, one call at a time each: calls/s",
            Self::Connections => "16 connections, one call at a time each: calls/s",
            Self::Echo64K => "Echo of 64 KiB: MiB/s each way",
            Self::Echo1M => "Echo of 1 MiB: MiB/s each way",
            Self::Echo16M => "Echo of 16 MiB: MiB/s each way",
            Self::Items => "Stream of 32-byte items from the server: items/s",
            Self::Connect => "Connect, one call, close: connects/s",
        }
    }

    /// The bytes that an echo carries.
    pub(crate) fn echo_bytes(self) -> Option<usize> {
        match self {
            Self::Echo64K => Some(64 << 10),
            Self::Echo1M => Some(1 << 20),
            Self::Echo16M => Some(16 << 20),
            _ => None,
        }
    }
}

/// Whether it is what was sent. To compare every byte would take as long as to move it.
pub(crate) fn is_same(echoed: &[u8], sent: &[u8]) -> bool {
    echoed.len() == sent.len() && echoed.last() == sent.last()
}
