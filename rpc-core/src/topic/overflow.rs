//! What happens when a subscriber is slow.

/// What happens when items are published faster than a subscriber takes them. Numbers are items that may wait for it, in
/// memory; 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The publisher waits for it (backpressure): nothing is lost, and the slowest subscriber sets the pace for all. A caller
    /// that stays connected and does not read stops the publisher.
    Wait(usize),
    /// It misses the oldest items that still wait.
    DropOldest(usize),
    /// It misses all but the latest item (conflation): for states, of which only the last one counts.
    LatestOnly,
    /// It is disconnected, also while it takes nothing at all: its stream ends with an error that says so.
    Disconnect(usize),
}

impl Overflow {
    /// How many items may wait.
    pub(super) fn items_max(self) -> usize {
        match self {
            Overflow::Wait(items) | Overflow::DropOldest(items) | Overflow::Disconnect(items) => items.max(1),
            Overflow::LatestOnly => 1,
        }
    }
}
