//! Accepting on a set's listeners, and the pause when descriptors run out.
use super::engine::{Engine, lock};
use super::set::Set;
use std::time::{Duration, Instant};

/// The first pause when the system has nothing for one connection more; each further failure doubles it. A pause ends in a
/// new try: accept(2) fails before it takes a connection off the queue, so nobody is lost.
const PAUSE_MIN: Duration = Duration::from_millis(10);

/// For so many events one connection is accepted, and at least one; the rest comes with the next events, after others have been
/// served. So those that have come say their hello, or are seen to be gone, faster than others come. And on a server with little
/// to do nothing is accepted in vain: that costs as much as a connection, because accept(2) prepares for one first.
const EVENTS_PER_ACCEPT: usize = 4;

/// Whether, and since when, accepting pauses.
#[derive(Debug, Default)]
pub(super) struct Accepting {
    paused: Option<Instant>,
    pause: Duration,
}

impl Accepting {
    /// When there is a new try.
    pub(super) fn next(&self) -> Option<Instant> {
        self.paused
    }
}

impl Engine {
    /// Somebody waits at this listener, and so many events have come in all. This worker looks afterwards who is ready.
    pub(super) fn accept(self: &std::sync::Arc<Self>, set: &Set, place: usize, events: usize) {
        let Some(listener) = lock(&self.listeners).get(place).cloned().flatten() else { return };
        for _ in 0..(events / EVENTS_PER_ACCEPT).max(1) {
            match listener.accept() {
                Ok(Some(stream)) => {
                    lock(&self.poll).accepting.pause = Duration::ZERO;
                    // Its hello mostly has come by now: the set need not say so.
                    if let Some(link) = self.admit(stream) {
                        self.ready.push(&link);
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    self.incidents.accept_failed(&error);
                    return self.pause_accepting(set);
                }
            }
        }
    }

    /// Out of descriptors: level-triggered, the listeners would be ready for ever.
    fn pause_accepting(&self, set: &Set) {
        let accepting = &mut lock(&self.poll).accepting;
        accepting.pause = (accepting.pause * 2).max(PAUSE_MIN).min(self.limits().accept_pause_max);
        accepting.paused = Some(Instant::now() + accepting.pause);
        self.watch_listeners(set, false);
    }

    /// The pause is over: a new try.
    pub(super) fn accept_again(&self, set: &Set, now: Instant) {
        let accepting = &mut lock(&self.poll).accepting;
        if accepting.paused.is_some_and(|until| until <= now) {
            accepting.paused = None;
            self.watch_listeners(set, true);
        }
    }

    fn watch_listeners(&self, set: &Set, on: bool) {
        for (place, listener) in lock(&self.listeners).iter().enumerate() {
            listener.iter().for_each(|listener| set.watch_listener(&listener.socket(), place, on));
        }
    }
}
