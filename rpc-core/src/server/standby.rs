//! The standby: it takes over from a worker that sits in one handler, so that a slow call holds up nobody.
//!
//! It looks once a tick, and only while handlers run. A handler that it sees twice is slow: the standby takes what is
//! behind that call, and the worker's place among those that serve; the worker keeps its call, and answers it when it is done.
use super::engine::{Driver, Engine, lock};
use super::link::{Detached, Entered, Kept, Link};
use super::seat::{Batch, Order, Seat};
use super::steal::Running;
use super::worker::Worker;
use crate::Shape;
use crate::wire::CallId;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// A handler that is seen at two ticks is slow: after one to two milliseconds. Half of that costs a ping on one CPU 5 %.
const TICK: Duration = Duration::from_millis(1);

/// Ticks without any handler, after which the standby sleeps.
const QUIET_TICKS: u32 = 20;

/// A peer that does not read is tried ever more rarely, at least so often: seldom enough to cost nothing, and once it reads
/// again it has a socket full of bytes to begin with.
const TRY_PAUSE_MAX: Duration = Duration::from_millis(100);

impl Engine {
    /// Watches, and serves from the moment that there is a place to take.
    pub(super) fn standby_role(self: &Arc<Self>, worker: &mut Worker) {
        if self.stand_by() {
            #[cfg(target_os = "linux")]
            self.poll_role(worker);
            #[cfg(not(target_os = "linux"))]
            let _ = worker;
        }
    }

    /// Watches until there is a place to take: then true. False: the server stops.
    fn stand_by(self: &Arc<Self>) -> bool {
        *lock(&self.standby.thread) = Some(thread::current());
        let (mut quiet, mut pause) = (0, TICK);
        let mut seats: Vec<Arc<Seat>> = Vec::new();
        while !self.is_stopped() {
            if quiet >= QUIET_TICKS && self.sleep(pause) {
                (quiet, pause) = (0, TICK);
            }
            if quiet < QUIET_TICKS {
                thread::park_timeout(TICK);
            }
            seats.clear();
            seats.extend(lock(&self.watched).iter().cloned());
            let busy = self.flush_items() | seats.iter().any(|seat| seat.active.load(Ordering::Relaxed));
            (quiet, pause) = match (busy, quiet) {
                (true, _) => (0, TICK),
                (false, ..QUIET_TICKS) => (quiet + 1, TICK),
                (false, _) => (quiet, (pause * 2).min(TRY_PAUSE_MAX)),
            };
            for seat in &seats {
                if let Some(ticket) = seat.stage.is_stuck()
                    && self.take_over(seat, ticket)
                {
                    *lock(&self.standby.thread) = None;
                    self.order(Order::Standby);
                    return true;
                }
            }
        }
        false
    }

    /// Until somebody enters a handler: true. False: sockets that take nothing are tried again, after this pause.
    fn sleep(&self, pause: Duration) -> bool {
        self.standby.asleep.store(true, Ordering::SeqCst);
        let busy = lock(&self.watched).iter().any(|seat| seat.active.load(Ordering::SeqCst));
        let busy = busy || !lock(&self.unflushed).is_empty();
        // In one order with the stores of those who wake: either they see this thread asleep, or it sees them.
        if busy || self.stopped.load(Ordering::SeqCst) {
            self.standby.asleep.store(false, Ordering::SeqCst);
        }
        let until = (!lock(&self.unsent).is_empty()).then(|| Instant::now() + pause);
        while self.standby.asleep.load(Ordering::SeqCst) {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                // Unless somebody has woken it at this very moment.
                Some(Duration::ZERO) => return !self.standby.asleep.swap(false, Ordering::SeqCst),
                Some(left) => thread::park_timeout(left),
            }
        }
        true
    }

    /// Somebody enters a handler, or the server stops.
    pub(super) fn wake_standby(&self) {
        if self.standby.asleep.load(Ordering::SeqCst) && self.standby.asleep.swap(false, Ordering::SeqCst) {
            lock(&self.standby.thread).as_ref().into_iter().for_each(thread::Thread::unpark);
        }
    }

    /// Takes what is behind the call of `victim`, unless that is faster. True: its place among those that serve, too.
    ///
    /// All of it happens under the link's lock. A victim that returns from its handler meanwhile has an answer to send, but
    /// cannot count its call out before it is counted in here.
    fn take_over(self: &Arc<Self>, victim: &Seat, ticket: u64) -> bool {
        let Some(Batch { link, bytes, read_at, cancel }) = victim.stage.batch() else { return false };
        let mut read = link.read();
        let Some(running) = victim.stage.steal(ticket) else { return false };
        // It runs already, so there is no question whether it may.
        self.job_begins(&link, running.fds);
        let found = self.services.get(running.service).and_then(|served| served.method(running.method));
        let one_way = found.is_some_and(|(method, mark, _)| {
            mark.found_slow();
            method.shape == Shape::OneWay
        });
        read.kept = Kept::new(bytes.get(running.frame_end..).unwrap_or_default().to_vec(), read_at);
        read.entered = false;
        let Running { call, service, method, .. } = running;
        let id = CallId(call);
        let entered = Entered { id, service, method, since: read_at.unwrap_or_else(Instant::now) };
        // A method's calls are taken over until it is known as slow: too few for their deadlines to matter.
        read.detach(id, Detached { cancel, deadline: None, dialogue: None, entered });
        read.holds += i32::from(one_way);
        self.arm(&link, &mut read);
        self.resume(&link, read);
        // Replies of the calls before the slow one do not wait for it.
        self.flush_at_once(&link);
        self.inherit(&link)
    }

    /// True: somebody has to go on in place of the victim, which served the link. Where there is no set, the link has found its
    /// next worker already.
    fn inherit(&self, link: &Arc<Link>) -> bool {
        match &self.driver {
            #[cfg(target_os = "linux")]
            Driver::Set(_) => {
                if self.ready.stolen(link) {
                    self.kick();
                }
                true
            }
            Driver::Threads => {
                let _ = link;
                false
            }
        }
    }
}
