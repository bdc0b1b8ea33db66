//! The locks and atomics of what passes from worker to worker. `tests/interleavings` reads `ready` and `steal` once more, with
//! loom's in their place.
pub(super) use std::sync::Mutex;
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(target_os = "linux")]
pub(super) use std::sync::{
    Arc, Condvar, MutexGuard,
    atomic::{AtomicBool, AtomicU8},
};
