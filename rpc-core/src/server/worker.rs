//! One thread of a server: it does what it is ordered, then waits for the next order.
//!
//! ```text
//! Idle ─ Poll ──> polls, serves ─ stolen from, stopped ─> Idle         Idle ─ Run ─> runs one call ─> Idle
//! Idle ─ Standby ─> watches ─ steals from the poller, orders another standby ─> polls, serves
//! Idle ─ Own, Accept ─> where there is no set: one connection, one listener
//! ```
use super::engine::{Engine, lock};
use super::link::Spare;
use super::seat::{Order, Seat};
use crate::net::Spin;
use crate::service::Cancel;
use crate::wire::Message;
#[cfg(target_os = "linux")]
use crate::wire::is_small;
use std::sync::Arc;

/// What one read makes room for. Many small calls in one read are answered with one write.
pub(super) const READ_BYTES: usize = 64 << 10;

/// A partial frame up to this size is copied into the worker's buffer; a larger one keeps a buffer of its own, so that it is
/// not copied again with every read.
pub(super) const COPY_BYTES_MAX: usize = 16 << 10;

/// What a worker has while it works. An idle one has no buffers.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) seat: Arc<Seat>,
    /// What is read goes here. Shared while a handler borrows from it, and a thief may have to copy what is behind it. `None`: it
    /// is in use, or there is none yet.
    pub(super) bytes: Option<Arc<Vec<u8>>>,
    /// Frames on their way to a link's queue.
    pub(super) out: Message,
    /// What is lent to links whose replies are being queued.
    pub(super) spare: Spare,
    /// Cancels the call that runs, once somebody else knows of it.
    pub(super) cancel: Cancel,
    /// Counts calls, so that no two look alike to the standby.
    pub(super) ticket: u64,
    pub(super) spin: Spin,
}

impl Worker {
    fn new(seat: Arc<Seat>, spin: Spin) -> Self {
        Self { seat, bytes: None, out: Message::default(), spare: None, cancel: Cancel::default(), ticket: 0, spin }
    }

    /// The buffer to go on with: what a link kept, or this worker's own.
    pub(super) fn load(&mut self, rest: Vec<u8>) -> Arc<Vec<u8>> {
        if rest.len() > COPY_BYTES_MAX {
            return Arc::new(rest);
        }
        let mut own = self.bytes.take().unwrap_or_default();
        match Arc::get_mut(&mut own).filter(|buffer| buffer.capacity() >= READ_BYTES) {
            Some(buffer) => {
                buffer.clear();
                buffer.extend_from_slice(&rest);
                own
            }
            None => fresh(&rest),
        }
    }

    /// Whether it has much to [give back](Self::rest). A wait that may time out costs more than one that may not.
    #[cfg(target_os = "linux")]
    pub(super) fn has_large_buffers(&self) -> bool {
        let read = self.bytes.as_ref().map_or(0, |bytes| bytes.capacity());
        let lent = self.spare.as_ref().map_or(0, |outbox| outbox.capacity());
        !is_small(read + lent + self.out.bytes.capacity())
    }

    /// Nothing is to be done: it needs no buffers.
    pub(super) fn rest(&mut self) {
        (self.bytes, self.out, self.spare) = (None, Message::default(), None);
    }
}

fn fresh(rest: &[u8]) -> Arc<Vec<u8>> {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    buffer.extend_from_slice(rest);
    Arc::new(buffer)
}

impl Engine {
    /// A thread's life.
    pub(super) fn work(self: Arc<Self>, order: Option<Order>) {
        let _end = End(&self);
        let mut worker = Worker::new(Arc::default(), Spin::new(self.limits().poll_time_max));
        let mut next = order.or_else(|| self.first_job());
        loop {
            match next {
                #[cfg(target_os = "linux")]
                Some(Order::Poll) => self.poll_role(&mut worker),
                Some(Order::Own(link)) => self.own(&mut worker, &link),
                Some(Order::Accept(place)) => self.accept_for_ever(place),
                Some(Order::Standby) => self.standby_role(&mut worker),
                Some(Order::Run(job)) => self.run_job(job, &mut worker.out),
                Some(Order::Stop) => return,
                None => {}
            }
            worker.rest();
            next = self.next_order(&worker.seat);
            if next.is_none() {
                return;
            }
        }
    }

    /// Registers the worker with the standby while `work` runs handlers on this thread.
    pub(super) fn watched<R>(&self, worker: &mut Worker, work: impl FnOnce(&mut Worker) -> R) -> R {
        lock(&self.watched).push(worker.seat.clone());
        let result = work(worker);
        lock(&self.watched).retain(|seat| !Arc::ptr_eq(seat, &worker.seat));
        result
    }
}

/// Counts the thread out, even when a bug of ours ends it.
struct End<'a>(&'a Engine);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.gone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A read into no room gives 0 bytes, which is what the end of a connection gives. (read(2))
    #[test]
    fn there_is_room_to_read_after_a_rest() {
        let mut worker = Worker::new(Arc::default(), Spin::new(Duration::ZERO));
        for rest in [Vec::new(), vec![7; 3]] {
            let buffer = worker.load(rest.clone());
            assert!(*buffer == rest && buffer.capacity() - buffer.len() >= READ_BYTES / 2);
            worker.bytes = Some(buffer);
            worker.rest();
            assert_eq!(worker.bytes, None, "an idle worker has no buffer");
        }
    }
}
