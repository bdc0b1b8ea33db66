//! How often limits have struck: what to look at when clients complain.
use crate::Schema;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// That new connections must wait is said again after this time, if it is still so.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// How often each limit has struck since a server's start. All of them 0 is the normal state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub struct Incidents {
    /// Connections that were refused because there, or of their user, were as many as there may be.
    pub refused: u64,
    /// Peers that were cut off because they did not say hello in time, or were too many that did not.
    pub handshakes: u64,
    /// Peers that were cut off as they kept a connection waiting: in the midst of a frame, or by not reading.
    pub stalled: u64,
    /// Clients that were cut off because replies that they did not read were too many.
    pub slow_readers: u64,
    /// Clients that were cut off because they cancelled too many calls, or left too many error replies unread.
    pub abusive: u64,
    /// How often no descriptor, or no memory, was there for one connection more. It had to wait.
    pub accept_failures: u64,
}

/// One kind of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Incident {
    Refused,
    Handshake,
    Stalled,
    SlowReader,
    Abusive,
    AcceptFailure,
}

const KINDS: usize = Incident::AcceptFailure as usize + 1;

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    counts: [AtomicU64; KINDS],
    said: Mutex<Option<Instant>>,
}

impl Counters {
    pub(super) fn count(&self, incident: Incident) {
        if let Some(count) = self.counts.get(incident as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A connection could not be accepted. Its client cannot be told, so the server's log is, now and then.
    pub(super) fn accept_failed(&self, error: &std::io::Error) {
        self.count(Incident::AcceptFailure);
        let mut said = super::engine::lock(&self.said);
        if said.is_none_or(|said| said.elapsed() >= SAY_AGAIN) {
            *said = Some(Instant::now());
            eprintln!("rpc: new connections have to wait: {error}; see `ulimit -n`, and `Limits::connections_max`");
        }
    }

    pub(super) fn so_far(&self) -> Incidents {
        let [refused, handshakes, stalled, slow_readers, abusive, accept_failures] =
            std::array::from_fn(|kind| self.counts.get(kind).map_or(0, |count| count.load(Ordering::Relaxed)));
        Incidents { refused, handshakes, stalled, slow_readers, abusive, accept_failures }
    }
}
