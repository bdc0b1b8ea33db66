//! The standby: it takes over from a worker that sits in one handler, so that a slow call holds up nobody.
//!
//! It looks once a tick, and only while handlers run. A handler that it sees twice is slow: the standby takes what is
//! behind that call, and the poll role if the worker had it; the worker keeps its call, and answers it when it is done.
use super::engine::{Engine, lock};
use super::link::Detached;
use super::seat::{Batch, Order, Seat};
use super::worker::Worker;
use crate::Shape;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// A handler that is seen at two ticks is slow: after one to two milliseconds. Half of that costs a ping on one CPU 5 %.
const TICK: Duration = Duration::from_millis(1);

/// Ticks without any handler, after which the standby sleeps.
const QUIET_TICKS: u32 = 20;

impl Engine {
    /// Watches, and polls from the moment that there is a poll role to take.
    pub(super) fn standby_role(self: &Arc<Self>, worker: &mut Worker) {
        if self.stand_by(worker) {
            #[cfg(target_os = "linux")]
            self.poll_role(worker);
        }
    }

    /// Watches until there is a poll role to take: then true. False: the server stops.
    fn stand_by(self: &Arc<Self>, worker: &Worker) -> bool {
        *lock(&self.standby.thread) = Some(thread::current());
        let mut quiet = 0;
        let mut seats: Vec<Arc<Seat>> = Vec::new();
        while !self.is_stopped() {
            if quiet >= QUIET_TICKS {
                self.sleep();
                quiet = 0;
            }
            thread::park_timeout(TICK);
            seats.clear();
            seats.extend(lock(&self.watched).iter().cloned());
            let busy = self.flush_items() | seats.iter().any(|seat| seat.active.load(Ordering::Relaxed));
            quiet = if busy { 0 } else { quiet + 1 };
            for seat in &seats {
                if let Some(ticket) = seat.is_stuck()
                    && self.take_over(seat, ticket, worker)
                {
                    *lock(&self.standby.thread) = None;
                    self.order(Order::Standby);
                    return true;
                }
            }
        }
        false
    }

    /// Until somebody enters a handler.
    fn sleep(&self) {
        self.standby.asleep.store(true, Ordering::SeqCst);
        let busy = lock(&self.watched).iter().any(|seat| seat.active.load(Ordering::SeqCst));
        let busy = busy || !lock(&self.unflushed).is_empty() || !lock(&self.unsent).is_empty();
        // In one order with the stores of those who wake: either they see this thread asleep, or it sees them.
        if busy || self.stopped.load(Ordering::SeqCst) {
            self.standby.asleep.store(false, Ordering::SeqCst);
        }
        while self.standby.asleep.load(Ordering::SeqCst) {
            thread::park();
        }
    }

    /// Somebody enters a handler, or the server stops.
    pub(super) fn wake_standby(&self) {
        if self.standby.asleep.load(Ordering::SeqCst) && self.standby.asleep.swap(false, Ordering::SeqCst) {
            lock(&self.standby.thread).as_ref().into_iter().for_each(thread::Thread::unpark);
        }
    }

    /// Takes what is behind the call of `victim`, unless that is faster. True: the poll role, too.
    ///
    /// All of it happens under the link's lock. A victim that returns from its handler meanwhile has an answer to send, but
    /// cannot count its call out before it is counted in here.
    fn take_over(self: &Arc<Self>, victim: &Seat, ticket: u64, thief: &Worker) -> bool {
        let Some(Batch { link, bytes, read_at, cancel }) = victim.batch() else { return false };
        let mut read = link.read();
        let Some(running) = victim.steal(ticket) else { return false };
        self.jobs.fetch_add(1, Ordering::AcqRel);
        let polls = victim.polls.swap(false, Ordering::AcqRel);
        thief.seat.polls.store(polls, Ordering::Release);
        let found = self.services.get(running.service).and_then(|served| served.method(running.method));
        let one_way = found.is_some_and(|(method, mark)| {
            mark.found_slow();
            method.shape == Shape::OneWay
        });
        read.rest = bytes.get(running.frame_end..).unwrap_or_default().to_vec();
        read.read_at = read_at;
        read.entered = false;
        read.detach(running.id, Detached { cancel, dialogue: None });
        read.holds += i32::from(one_way);
        self.arm(&link, &mut read);
        self.resume(&link, read);
        // Replies of the calls before the slow one do not wait for it.
        self.flush_at_once(&link);
        polls
    }
}
