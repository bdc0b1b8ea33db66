//! Peers that keep a connection waiting: half a frame has come, or nothing is taken of what they asked for.
//!
//! What counts is the time without a byte, so that a slow network is no offence. Such links are not listed: while there may
//! be some, the owner of the poll role looks at all links, four times in the time that they have.
use super::engine::Engine;
use super::incidents::Incident;
use super::link::{Link, ReadSide};
use crate::wire::Refusal;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Looks within the time that a stalled peer has.
#[cfg(target_os = "linux")]
const LOOKS: u32 = 4;

/// What the peer is told.
const STALLED: &str = "it sent half a frame, or read nothing, for too long";

/// Whom a link waits for.
#[derive(Debug, PartialEq, Eq)]
enum Wait {
    /// Nobody, or not for long.
    No,
    /// Its peer, who may still go on.
    Some,
    /// Its peer, whose time is over.
    Frame,
    Reader,
}

impl Engine {
    /// A link waits for its peer: somebody will look whether that goes on.
    pub(super) fn may_stall(&self) {
        if !self.stalling.load(Ordering::Relaxed) && !self.stalling.swap(true, Ordering::SeqCst) {
            #[cfg(target_os = "linux")]
            self.kick();
        }
    }

    /// How long until the next look.
    #[cfg(target_os = "linux")]
    pub(super) fn stall_look(&self) -> Duration {
        (self.limits().stall_time_max / LOOKS).max(Duration::from_millis(1))
    }

    /// Cuts off those whose time is over. True: others may still go on.
    #[cfg(target_os = "linux")]
    pub(super) fn cut_stalled(self: &Arc<Self>) -> bool {
        self.stalling.store(false, Ordering::SeqCst);
        self.all_links().iter().filter(|link| self.waits_for_peer(link)).count() > 0
    }

    /// Whether a link still waits for its peer. One that has waited too long is closed.
    pub(super) fn waits_for_peer(self: &Arc<Self>, link: &Arc<Link>) -> bool {
        if link.read().blocked.is_some() {
            // The set reports only a socket that is nearly empty again: whether a slow reader takes something is tried.
            self.flush(link, None);
        }
        let waits = link.read().waits(Instant::now(), self.limits().stall_time_max);
        match waits {
            Wait::No => return false,
            Wait::Some => return true,
            // This process may have been stopped, and not the peer.
            Wait::Frame if !link.is_silent() => return true,
            Wait::Frame | Wait::Reader => self.incidents.count(Incident::Stalled),
        }
        // Who does not read is not told either: then this only closes.
        self.turn_away(link, &Refusal::Cut(STALLED.to_owned()));
        false
    }
}

impl ReadSide {
    fn waits(&self, now: Instant, patience: Duration) -> Wait {
        let is_over = |since: Instant| now.saturating_duration_since(since) >= patience;
        let began = self.kept.as_ref().and_then(|kept| kept.partial_since);
        match (self.blocked.as_deref(), began) {
            _ if self.closed => Wait::No,
            (Some(since), _) if is_over(*since) => Wait::Reader,
            // It is not read meanwhile, so it cannot go on.
            (Some(_), _) => Wait::Some,
            (None, Some(since)) if is_over(since) && self.holds <= 0 => Wait::Frame,
            (None, Some(_)) => Wait::Some,
            (None, None) => Wait::No,
        }
    }
}
