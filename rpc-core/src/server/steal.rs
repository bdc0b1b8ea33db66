//! Which call a worker is in, in one number; and whose what stands behind that call is.
//!
//! A standby that sees the same number at two ticks may take the rest of the batch. Whoever changes the number first, worker
//! or thief, owns it.
use super::seat::Batch;
use super::sync::{AtomicU32, AtomicU64, AtomicUsize, Mutex, Ordering, fence};
use std::sync::PoisonError;

/// Not in a handler.
const IDLE: u64 = 0;

/// The standby has taken what was behind the call.
const STOLEN: u64 = u64::MAX;

/// What a worker does, as a thief sees it.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// Which call runs: [`IDLE`], [`STOLEN`], or a number that no other call of this worker has.
    running: AtomicU64,
    /// What the standby saw at its last tick.
    seen: AtomicU64,
    /// The running call, for a thief. Valid while `running` does not change.
    frame_end: AtomicUsize,
    service: AtomicUsize,
    method: AtomicUsize,
    call: AtomicU32,
    fds: AtomicUsize,
    batch: Mutex<Option<Batch>>,
}

/// A call, where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Running {
    /// Its id.
    pub(super) call: u32,
    pub(super) service: usize,
    pub(super) method: usize,
    /// Where the next frame begins in the batch's bytes.
    pub(super) frame_end: usize,
    /// Descriptors that came with it.
    pub(super) fds: usize,
}

impl Stage {
    /// What this worker serves from now on; `None`: nothing.
    pub(super) fn publish(&self, batch: Option<Batch>) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = batch;
    }

    /// The worker enters a handler. `ticket` is not 0, and no other call of this worker's had it.
    pub(super) fn enter(&self, ticket: u64, call: Running) {
        self.frame_end.store(call.frame_end, Ordering::Relaxed);
        self.service.store(call.service, Ordering::Relaxed);
        self.method.store(call.method, Ordering::Relaxed);
        self.call.store(call.call, Ordering::Relaxed);
        self.fds.store(call.fds, Ordering::Relaxed);
        self.running.store(ticket, Ordering::Release);
    }

    /// The worker is back from the handler. False: what was behind the call has been stolen meanwhile.
    pub(super) fn leave(&self, ticket: u64) -> bool {
        let own = self.running.compare_exchange(ticket, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !own {
            self.running.store(IDLE, Ordering::Release);
        }
        own
    }

    /// For the standby: whether the worker is in the same handler as at the last tick.
    pub(super) fn is_stuck(&self) -> Option<u64> {
        let now = self.running.load(Ordering::Acquire);
        let stuck = now != IDLE && now != STOLEN && self.seen.load(Ordering::Relaxed) == now;
        self.seen.store(now, Ordering::Relaxed);
        stuck.then_some(now)
    }

    /// For the standby: what the worker serves. It belongs to the call that [`is_stuck`](Self::is_stuck) gave if that can be
    /// [stolen](Self::steal) afterwards: a worker publishes only between calls.
    pub(super) fn batch(&self) -> Option<Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// For the standby: takes what is behind the call. `None`: the worker was faster.
    pub(super) fn steal(&self, ticket: u64) -> Option<Running> {
        self.running.compare_exchange(ticket, STOLEN, Ordering::AcqRel, Ordering::Acquire).ok()?;
        self.seen.store(IDLE, Ordering::Relaxed);
        self.publish(None);
        Some(self.call())
    }

    /// For those who only look: the call that the worker is in, and its batch. `None`: none, or it has just ended.
    pub(super) fn glance(&self) -> Option<(Batch, Running)> {
        let ticket = self.running.load(Ordering::Acquire);
        if ticket == IDLE || ticket == STOLEN {
            return None;
        }
        let (batch, call) = (self.batch()?, self.call());
        // What was read belongs to that call only if it has not ended meanwhile.
        fence(Ordering::Acquire);
        (self.running.load(Ordering::Relaxed) == ticket).then_some((batch, call))
    }

    fn call(&self) -> Running {
        Running {
            call: self.call.load(Ordering::Relaxed),
            service: self.service.load(Ordering::Relaxed),
            method: self.method.load(Ordering::Relaxed),
            frame_end: self.frame_end.load(Ordering::Relaxed),
            fds: self.fds.load(Ordering::Relaxed),
        }
    }
}
