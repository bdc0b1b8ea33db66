//! Links that wait for the owner of the poll role: those with calls that were kept, and those that the set reports.
use super::engine::{Driver, Engine, lock};
use super::link::Link;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Links that wait for the poll role's owner.
#[derive(Debug, Default)]
pub(super) struct ReadyQueue {
    pub(super) links: VecDeque<Arc<Link>>,
    /// The owner of the poll role sleeps in the set, and must be kicked.
    pub(super) waiting: bool,
}

impl Engine {
    /// The owner of the poll role will serve it.
    pub(super) fn push_ready(&self, link: Arc<Link>) {
        let mut ready = lock(&self.ready);
        if link.queued.swap(true, Ordering::Relaxed) {
            return;
        }
        ready.links.push_back(link);
        let kick = ready.waiting;
        drop(ready);
        if kick {
            self.kick();
        }
    }

    /// Who has waited longest.
    pub(super) fn next_ready(&self) -> Option<Arc<Link>> {
        let link = lock(&self.ready).links.pop_front()?;
        link.queued.store(false, Ordering::Relaxed);
        Some(link)
    }

    /// From now on a push must kick. False: something is ready already.
    pub(super) fn begin_waiting(&self) -> bool {
        let mut ready = lock(&self.ready);
        ready.waiting = ready.links.is_empty();
        ready.waiting
    }

    /// Wakes the owner of the poll role, if it sleeps in the set.
    pub(super) fn kick(&self) {
        if let Driver::Set(set) = &self.driver {
            set.kick();
        }
    }
}
