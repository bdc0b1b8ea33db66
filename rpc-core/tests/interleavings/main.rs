//! What passes from worker to worker, in every order in which threads can take their steps (see loom).
//!
//! The server's own files are read here once more, with loom's locks and atomics in place of the standard library's. What
//! else they name is a stand-in: a link is a counter of messages, the set is a list.
//!
//! - `turns`: links, and who serves them. `steals`: a worker's call, and whose the rest of its batch is.
#![cfg(target_os = "linux")]

/// What `rpc-core/src/server/sync.rs` is there.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
}

mod link {
    /// A connection that counts.
    #[derive(Debug, Default)]
    pub(crate) struct Link {
        pub(crate) turn: crate::ready::Turn,
        /// A worker is at it.
        pub(crate) busy: crate::sync::AtomicBool,
    }
}

mod seat {
    /// The bytes of a batch: here, which one it is.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Batch(pub(crate) u64);
}

#[path = "../../src/server/ready.rs"]
#[expect(dead_code, reason = "clocks are not modelled")]
mod ready;
#[path = "../../src/server/steal.rs"]
#[expect(dead_code, reason = "who only looks changes nothing")]
mod steal;

mod steals;
mod turns;

/// All orders with at most this many places where a thread is interrupted: what is wrong shows with two (loom's documentation).
fn every_order(scenario: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(scenario);
}
