//! The poll role: a worker reads whoever is ready, runs short handlers itself, writes, and waits again.
//!
//! Who serves which link, and who of several workers waits in the set, is in `ready`.
use super::accept::Accepting;
use super::engine::{Driver, Engine, lock};
use super::link::Link;
use super::ready::{Done, Next};
use super::seat::Order;
use super::serve::End;
use super::set::{Ready, Set, ready};
use super::worker::Worker;
use crate::net::Wait;
use rustix::event::epoll::Event;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A link that was served for so long holds up others: well above what it costs to call another worker, and well below what a
/// standby notices.
const LONG: Duration = Duration::from_micros(100);

/// One of so many links that are served alone is timed: looking at the clock costs a lone call 1 %. A prime, because connections
/// often take turns.
const TIMED_EVERY: u32 = 13;

/// A worker that waited for so long gives large buffers back: their messages may have been the last.
const SILENCE: Duration = Duration::from_secs(1);

/// What belongs to the poll role, and passes with it from worker to worker.
#[derive(Debug, Default)]
pub(super) struct Poll {
    pub(super) accepting: Accepting,
    /// When links are looked at next, whether their peers keep them waiting.
    look: Option<Instant>,
}

impl Engine {
    /// Serves, and waits, until there is nothing more to do here, somebody else does it, or the server stops.
    pub(super) fn poll_role(self: &Arc<Self>, worker: &mut Worker) {
        if let Driver::Set(set) = &self.driver {
            self.watched(worker, |worker| self.poll(set, worker));
        }
    }

    fn poll(self: &Arc<Self>, set: &Set, worker: &mut Worker) {
        let mut events: Vec<Event> = Vec::new();
        let (mut done, mut turns) = (None, 0_u32);
        loop {
            match self.ready.next(done.take()) {
                Next::Serve { link, crowded } => {
                    turns = turns.wrapping_add(1);
                    let is_timed = crowded || link.turn.is_heavy() || turns.is_multiple_of(TIMED_EVERY);
                    match self.serve_once(worker, link, is_timed) {
                        Some(served) => done = Some(served),
                        // Whoever has stolen it has this worker's place, too.
                        None => return,
                    }
                }
                Next::Look => {
                    wait(set, &mut events, Some(Duration::ZERO));
                    self.found(set, &events);
                    if self.ready.call() && self.try_order(Order::Poll).is_err() {
                        self.ready.missing();
                    }
                }
                Next::Wait => {
                    let timeout = self.housekeeping(set);
                    let polled = worker.spin.poll(|| {
                        wait(set, &mut events, Some(Duration::ZERO));
                        (!events.is_empty()).then_some(())
                    });
                    if polled.is_none() {
                        let silence = worker.has_large_buffers().then_some(SILENCE);
                        wait(set, &mut events, [timeout, silence].into_iter().flatten().min());
                        if events.is_empty() {
                            worker.rest();
                        }
                    }
                    self.found(set, &events);
                }
                Next::Leave => return,
            }
        }
    }

    fn serve_once(self: &Arc<Self>, worker: &mut Worker, link: Arc<Link>, is_timed: bool) -> Option<Done> {
        let start = is_timed.then(Instant::now);
        let again = match self.serve(worker, &link, Wait::No) {
            End::Stolen => return None,
            End::Yields => true,
            End::Drained | End::Nothing | End::Lost => false,
        };
        let long = start.map(|start| again || start.elapsed() > LONG);
        Some(Done { link, long: long.or(again.then_some(true)), again })
    }

    fn found(self: &Arc<Self>, set: &Set, events: &[Event]) {
        let links = events.iter().filter_map(|event| match ready(event) {
            Ready::Link(place) => self.link(place),
            Ready::Listener(_) | Ready::Kick => None,
        });
        self.ready.found(links, |link| self.ignore(link, &mut link.read()));
        for event in events.iter() {
            if let Ready::Listener(place) = ready(event) {
                self.accept(set, place, events.len());
            }
        }
    }

    /// The link waits for a worker, or for the one that serves it.
    pub(super) fn push_ready(&self, link: &Arc<Link>) {
        if self.ready.push(link) {
            self.kick();
        }
    }

    /// Wakes the owner of the poll role, if it sleeps in the set.
    pub(super) fn kick(&self) {
        if let Driver::Set(set) = &self.driver {
            set.kick();
        }
    }

    /// What time brings; gives how long the next wait may last.
    fn housekeeping(self: &Arc<Self>, set: &Set) -> Option<Duration> {
        let first = self.next_time()?;
        let now = Instant::now();
        if first > now {
            return Some(first - now);
        }
        self.accept_again(set, now);
        self.close_late_greetings(now);
        self.look_for_stalls(now);
        self.next_time().map(|next| next.saturating_duration_since(now))
    }

    /// When there is something to do although nobody is ready.
    fn next_time(&self) -> Option<Instant> {
        let greeting = lock(&self.greetings).next();
        let mut poll = lock(&self.poll);
        if poll.look.is_none() && self.stalling.load(Ordering::SeqCst) {
            poll.look = Some(Instant::now() + self.stall_look());
        }
        [greeting, poll.accepting.next(), poll.look].into_iter().flatten().min()
    }

    fn look_for_stalls(self: &Arc<Self>, now: Instant) {
        if lock(&self.poll).look.take_if(|look| *look <= now).is_some() && self.cut_stalled() {
            self.stalling.store(true, Ordering::SeqCst);
        }
    }
}

fn wait(set: &Set, events: &mut Vec<Event>, timeout: Option<Duration>) {
    let waited = set.wait(events, timeout);
    debug_assert!(waited.is_ok(), "a set of our own can be waited for");
}
