//! What others see of a worker: its orders, and the call that it is in.
//!
//! A worker that runs a handler on the thread that reads says so in one number. A standby that sees the same number at two
//! ticks may take everything behind that call away from it. Whoever changes the number first, worker or thief, owns the
//! rest of the batch.
use super::job::Job;
use super::link::Link;
use crate::service::Cancel;
use crate::wire::CallId;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Not in a handler.
const IDLE: u64 = 0;

/// The standby has taken what was behind the call.
const STOLEN: u64 = u64::MAX;

/// What a worker is to do next.
#[derive(Debug)]
pub(super) enum Order {
    /// Read and serve whoever is ready.
    #[cfg(target_os = "linux")]
    Poll,
    /// Read and serve this link alone, where there is no set.
    Own(Arc<Link>),
    /// Accept connections, where there is no set.
    Accept(usize),
    /// Watch those who run handlers.
    Standby,
    /// Run one call.
    Run(Job),
    /// End.
    Stop,
}

/// One worker, as others see it.
#[derive(Debug, Default)]
pub(super) struct Seat {
    order: Mutex<Option<Order>>,
    ordered: Condvar,
    /// Which call runs: [`IDLE`], [`STOLEN`], or a number that no other call of this worker has.
    running: AtomicU64,
    /// What the standby saw at its last tick.
    pub(super) seen: AtomicU64,
    /// May enter handlers: the standby must not sleep.
    pub(super) active: AtomicBool,
    /// Has the poll role.
    pub(super) polls: AtomicBool,
    /// The running call, for a thief. Valid while `running` does not change.
    frame_end: AtomicUsize,
    service: AtomicUsize,
    method: AtomicUsize,
    call: AtomicU32,
    batch: Mutex<Option<Batch>>,
}

/// What a worker is serving.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) link: Arc<Link>,
    pub(super) bytes: Arc<Vec<u8>>,
    /// When they were read.
    pub(super) read_at: Option<Instant>,
    /// Cancels whichever call of the batch is running.
    pub(super) cancel: Cancel,
}

/// A call, where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    pub(super) id: CallId,
    pub(super) service: usize,
    pub(super) method: usize,
    /// Where the next frame begins in the batch's bytes.
    pub(super) frame_end: usize,
}

impl Seat {
    /// Gives an order, and wakes the worker. It is idle: nobody else gives it one.
    pub(super) fn give(&self, order: Order) {
        *self.order() = Some(order);
        self.ordered.notify_one();
    }

    /// Waits for an order, for at most this long.
    pub(super) fn await_order(&self, patience: Duration) -> Option<Order> {
        let until = Instant::now() + patience;
        let mut order = self.order();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if order.is_some() || left.is_zero() {
                return order.take();
            }
            (order, _) = self.ordered.wait_timeout(order, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn order(&self) -> MutexGuard<'_, Option<Order>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this worker serves from now on; `None`: nothing.
    pub(super) fn publish(&self, batch: Option<Batch>) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = batch;
    }

    /// The worker enters a handler. `ticket` is not 0, and no other call of this worker's had it.
    pub(super) fn enter(&self, ticket: u64, call: Running) {
        self.frame_end.store(call.frame_end, Ordering::Relaxed);
        self.service.store(call.service, Ordering::Relaxed);
        self.method.store(call.method, Ordering::Relaxed);
        self.call.store(call.id.0, Ordering::Relaxed);
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
        Some(Running {
            id: CallId(self.call.load(Ordering::Relaxed)),
            service: self.service.load(Ordering::Relaxed),
            method: self.method.load(Ordering::Relaxed),
            frame_end: self.frame_end.load(Ordering::Relaxed),
        })
    }
}
