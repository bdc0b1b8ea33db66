//! How long a loop goes on.
use std::time::{Duration, Instant};

/// Calls before the clock starts, of each that calls.
const WARM: Amount = Amount::Times(50);

/// The same for what is slow: large echoes, streams, connects.
const WARM_BRIEF: Amount = Amount::Times(2);

/// An end: a number of times, or a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    Times(u64),
    Until(Instant),
}

impl Amount {
    /// [`WARM`].
    pub(crate) fn warm() -> Self {
        WARM
    }

    /// [`WARM_BRIEF`].
    pub(crate) fn warm_brief() -> Self {
        WARM_BRIEF
    }

    /// From now on.
    pub(crate) fn of(time: Duration) -> Self {
        Self::Until(Instant::now() + time)
    }

    /// Whether that is enough, after so many times.
    pub(crate) fn is_done(self, times: u64) -> bool {
        match self {
            Self::Times(enough) => times >= enough,
            Self::Until(end) => Instant::now() >= end,
        }
    }
}
