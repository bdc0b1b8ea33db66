//! The poll role: one worker reads whoever is ready, runs short handlers itself, writes, and waits again.
use super::engine::{Driver, Engine, lock};
use super::link::Link;
use super::serve::End;
use super::set::{Ready, Set, ready};
use super::worker::Worker;
use crate::net::Wait;
use crate::proto::clamp;
use rustix::event::epoll::Event;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How long accepting pauses at first when the system has no more descriptors; each further failure doubles it.
const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(10);
const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Connections that one event accepts; the rest comes with the next, after calls have been served.
const ACCEPTS_MAX: usize = 64;

/// What belongs to the poll role, and passes with it from worker to worker.
#[derive(Debug, Default)]
pub(super) struct Poll {
    /// Peers that have not said hello, in the order of their deadlines.
    greeting: VecDeque<(Instant, Weak<Link>)>,
    /// Accepting pauses until then.
    paused: Option<Instant>,
    pause: Duration,
}

impl Engine {
    /// Has the poll role until it is stolen, or the server stops.
    pub(super) fn poll_role(self: &Arc<Self>, worker: &mut Worker) {
        if let Driver::Set(set) = &self.driver {
            worker.seat.polls.store(true, Ordering::Release);
            self.watched(worker, |worker| self.poll(set, worker));
        }
    }

    fn poll(self: &Arc<Self>, set: &Set, worker: &mut Worker) {
        let mut events: Vec<Event> = Vec::new();
        while !self.is_stopped() {
            if let Some(link) = self.next_ready() {
                match self.serve(worker, &link, Wait::No) {
                    End::Stolen => return,
                    End::Yields => {
                        // Whoever has become ready meanwhile goes first.
                        self.look(set, &mut events, Some(Duration::ZERO));
                        self.push_ready(link);
                    }
                    End::Drained | End::Nothing | End::Lost => {}
                }
                continue;
            }
            let timeout = self.housekeeping(set);
            if !self.begin_waiting() {
                continue;
            }
            self.look(set, &mut events, timeout);
        }
    }

    fn look(self: &Arc<Self>, set: &Set, events: &mut Vec<Event>, timeout: Option<Duration>) {
        let waited = set.wait(events, timeout);
        debug_assert!(waited.is_ok(), "a set of our own can be waited for");
        self.end_waiting(set, events);
    }

    fn end_waiting(self: &Arc<Self>, set: &Set, events: &[Event]) {
        let mut listeners = Vec::new();
        {
            let mut queue = lock(&self.ready);
            queue.waiting = false;
            for event in events {
                match ready(event) {
                    Ready::Kick => {}
                    Ready::Listener(place) => listeners.push(place),
                    Ready::Link(place) => {
                        if let Some(link) = self.link(place)
                            && !link.queued.swap(true, Ordering::Relaxed)
                        {
                            queue.links.push_back(link);
                        }
                    }
                }
            }
        }
        listeners.into_iter().for_each(|place| self.accept(set, place));
    }

    fn accept(self: &Arc<Self>, set: &Set, place: usize) {
        let Some(listener) = lock(&self.listeners).get(place).cloned().flatten() else { return };
        for _ in 0..ACCEPTS_MAX {
            match listener.accept() {
                Ok(Some(stream)) => {
                    let greeted = Instant::now() + clamp(self.limits().handshake_time_max);
                    let mut poll = lock(&self.poll);
                    poll.pause = Duration::ZERO;
                    if let Some(link) = self.admit(stream) {
                        poll.greeting.push_back((greeted, Arc::downgrade(&link)));
                    }
                }
                Ok(None) => return,
                Err(_) => return self.pause_accepting(set),
            }
        }
    }

    /// Out of descriptors: level-triggered, the listeners would be ready for ever.
    fn pause_accepting(&self, set: &Set) {
        let mut poll = lock(&self.poll);
        poll.pause = (poll.pause * 2).clamp(ACCEPT_PAUSE_MIN, ACCEPT_PAUSE_MAX);
        poll.paused = Some(Instant::now() + poll.pause);
        self.watch_listeners(set, false);
    }

    fn watch_listeners(&self, set: &Set, on: bool) {
        for (place, listener) in lock(&self.listeners).iter().enumerate() {
            listener.iter().for_each(|listener| set.watch_listener(listener, place, on));
        }
    }

    /// What time brings; gives how long the next wait may last.
    fn housekeeping(&self, set: &Set) -> Option<Duration> {
        let mut poll = lock(&self.poll);
        if poll.greeting.is_empty() && poll.paused.is_none() {
            return None;
        }
        let now = Instant::now();
        if poll.paused.is_some_and(|until| until <= now) {
            poll.paused = None;
            self.watch_listeners(set, true);
        }
        while let Some((deadline, link)) = poll.greeting.front() {
            let link = link.upgrade().filter(|link| !link.read().session.is_open());
            match link {
                Some(_) if *deadline > now => break,
                Some(link) => self.close(&link),
                None => {}
            }
            poll.greeting.pop_front();
        }
        let next = poll.greeting.front().map(|(deadline, _)| *deadline).into_iter().chain(poll.paused).min();
        next.map(|next| next.saturating_duration_since(now))
    }
}
