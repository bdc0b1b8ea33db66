//! Whose connections they are: what one user takes is counted, so that others get theirs.
use super::engine::Engine;
use crate::net::Origin;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// What one user takes of a server. It lives as long as a connection or a call of his does.
#[derive(Debug)]
pub(super) struct User {
    /// Whose user: the links of the server find it here.
    pub(super) engine: Weak<Engine>,
    /// Open connections.
    pub(super) connections: AtomicUsize,
    /// Those of them that have not said hello.
    pub(super) greetings: AtomicUsize,
    /// Handlers that run, or wait, on threads of their own.
    pub(super) jobs: AtomicUsize,
    /// Descriptors that came with their calls.
    fds: AtomicUsize,
}

impl User {
    /// Somebody who has nothing yet.
    pub(super) fn of(engine: &Arc<Engine>) -> Arc<Self> {
        let (connections, greetings, jobs, fds) = Default::default();
        Arc::new(Self { engine: Arc::downgrade(engine), connections, greetings, jobs, fds })
    }

    /// So many more descriptors are held by his calls. False: with these there are more than `most`.
    pub(super) fn hold_fds(&self, count: usize, most: usize) -> bool {
        let held = self.fds.fetch_add(count, Ordering::AcqRel);
        // A call without any takes nothing, whatever those hold that were not asked.
        count == 0 || held.saturating_add(count) <= most
    }

    /// They are closed, or the handler's own.
    pub(super) fn free_fds(&self, count: usize) {
        self.fds.fetch_sub(count, Ordering::AcqRel);
    }
}

/// All users that have something open.
#[derive(Debug, Default)]
pub(super) struct Users(HashMap<Origin, Arc<User>>);

impl Users {
    /// Whoever that is.
    pub(super) fn of(&mut self, origin: Origin, engine: &Arc<Engine>) -> Arc<User> {
        if let Some(user) = self.0.get(&origin) {
            return user.clone();
        }
        // Somebody new: a good moment to forget those who have gone.
        self.0.retain(|_, user| Arc::strong_count(user) > 1);
        self.0.entry(origin).or_insert_with(|| User::of(engine)).clone()
    }
}
