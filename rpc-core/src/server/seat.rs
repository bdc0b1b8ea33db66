//! What others see of a worker: its orders, and what it does.
use super::job::Job;
use super::link::{Entered, Link};
use super::steal::{Running, Stage};
use crate::service::Cancel;
use crate::wire::CallId;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    /// May enter handlers: the standby must not sleep.
    pub(super) active: AtomicBool,
    /// The call that it is in.
    pub(super) stage: Stage,
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

    /// For those who only look: the call that the worker is in, and whose it is. `None`: none, or it has just ended.
    pub(super) fn glance(&self) -> Option<(Arc<Link>, Entered)> {
        let (batch, Running { call, service, method, .. }) = self.stage.glance()?;
        let since = batch.read_at.unwrap_or_else(Instant::now);
        Some((batch.link, Entered { id: CallId(call), service, method, since }))
    }
}
