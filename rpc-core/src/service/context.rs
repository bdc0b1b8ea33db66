//! What a handler may know about its call.
use super::Method;
use crate::net::Peer;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Facts about one call.
#[derive(Debug)]
pub struct Context {
    pub(crate) method: &'static Method,
    pub(crate) peer: Peer,
    pub(crate) deadline: Option<Instant>,
    pub(crate) cancel: Cancel,
}

impl Context {
    /// The method that is called.
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// Who calls, as the kernel tells it: see [`Peer`].
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// When the caller stops waiting; `None`: never.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is left until then; zero when it has passed. `None`: no limit.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether nobody waits for the answer any more: the caller has gone, has given up, or its time is over.
    /// A handler that runs for long may ask now and then, and end early.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_set() || self.time_left() == Some(Duration::ZERO)
    }
}

/// Tells a handler that nobody waits for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
