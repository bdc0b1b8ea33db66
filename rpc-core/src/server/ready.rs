//! Who serves whom: links that are ready, and the workers that take turns at them.
//!
//! Mostly there is one worker, which serves, and waits in the set when nobody is ready. Where links have to wait behind calls
//! that take long, another is called, up to the number of CPUs. One of them at a time waits in the set: whoever finds
//! nobody ready, and nobody there. Who is one too many lingers for a moment, because computing often goes on, and leaves.
//!
//! ```text
//! a link     parked ─ push ─> queued ─ next ─> served ─ done ─> parked
//!                               ^                 │ push
//!                               └─── done ── again <
//! a worker   serves ─ nobody is ready ─> waits in the set, or lingers ─ called ─> serves     lingers ─ in vain ─> leaves
//! ```
//! A link whose calls take long is heavy, and stands behind all that are light.
use super::link::Link;
use super::sync::{Arc, AtomicBool, AtomicU8, Condvar, Mutex, MutexGuard, Ordering::Relaxed};
use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;

/// How long a worker that is one too many waits to be called again. To call one that has left costs a thread's wake-up, and an
/// idle CPU's.
const LINGER: Duration = Duration::from_millis(5);

/// Nobody has it, and it is not ready.
const PARKED: u8 = 0;
/// It waits to be served.
const QUEUED: u8 = 1;
/// A worker serves it.
const SERVED: u8 = 2;
/// A worker serves it, and something has come for it meanwhile.
const AGAIN: u8 = 3;

/// Where a link stands. It changes under the queue's lock alone; that is why no operation on it has to be a stronger one.
#[derive(Debug, Default)]
pub(super) struct Turn {
    state: AtomicU8,
    heavy: AtomicBool,
}

/// Links, and how many workers there are for them.
#[derive(Debug)]
pub(super) struct Ready {
    queue: Mutex<Queue>,
    called: Condvar,
    workers_max: usize,
}

#[derive(Debug, Default)]
struct Queue {
    light: VecDeque<Arc<Link>>,
    heavy: VecDeque<Arc<Link>>,
    /// Somebody waits in the set, or is about to.
    watched: bool,
    /// How many workers serve, wait or linger here. A thief inherits the place of its victim.
    workers: usize,
    /// How many of them linger.
    lingering: usize,
    stopped: bool,
}

/// What a worker does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Serve this link, which nobody else does. `crowded`: others wait, or other workers are here.
    Serve { link: Arc<Link>, crowded: bool },
    /// Look who has become ready, without waiting: the last link took long.
    Look,
    /// Wait in the set.
    Wait,
    /// Leave.
    Leave,
}

/// A link that was served.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) link: Arc<Link>,
    /// Others would have been served meanwhile, had they been known. `None`: as at the last time.
    pub(super) long: Option<bool>,
    /// There is more that was read.
    pub(super) again: bool,
}

impl Turn {
    /// Whether its last calls took long.
    pub(super) fn is_heavy(&self) -> bool {
        self.heavy.load(Relaxed)
    }
}

impl Ready {
    /// For one worker, which is to come, and for others up to this many.
    pub(super) fn new(workers_max: usize) -> Self {
        let queue = Queue { workers: 1, ..Queue::default() };
        Self { queue: Mutex::new(queue), called: Condvar::new(), workers_max }
    }

    /// What a worker does after what it has `done`. Whoever is told to wait or to look says [`found`](Self::found) afterwards.
    pub(super) fn next(&self, done: Option<Done>) -> Next {
        let mut queue = self.lock();
        if let Some(done) = done {
            queue.end(&done.link, done.long, done.again);
            if done.long == Some(true) && !queue.watched && !queue.stopped {
                queue.watched = true;
                return Next::Look;
            }
        }
        let mut patient = true;
        loop {
            if queue.stopped {
                return queue.leave();
            }
            if let Some(link) = queue.pop() {
                // Whoever lingers waits in the set meanwhile, or serves others.
                if queue.lingering > 0 && link.turn.is_heavy() {
                    self.called.notify_one();
                }
                let crowded = !queue.is_empty() || queue.workers > 1;
                return Next::Serve { link, crowded };
            }
            if !queue.watched {
                queue.watched = true;
                return Next::Wait;
            }
            if !patient {
                return queue.leave();
            }
            queue.lingering += 1;
            let waited;
            (queue, waited) = self.called.wait_timeout(queue, LINGER).unwrap_or_else(PoisonError::into_inner);
            queue.lingering -= 1;
            patient = !waited.timed_out();
        }
    }

    /// The set has reported these. `mute` stops it from reporting one that somebody serves: it would again and again.
    pub(super) fn found(&self, links: impl Iterator<Item = Arc<Link>>, mute: impl Fn(&Link)) {
        let mut queue = self.lock();
        queue.watched = false;
        for link in links {
            if queue.push(&link) == AGAIN {
                mute(&link);
            }
        }
    }

    /// After a look: whether another worker has to be started, because somebody waits who has waited already.
    pub(super) fn call(&self) -> bool {
        let mut queue = self.lock();
        if queue.is_empty() || queue.lingering > 0 || queue.workers >= self.workers_max || queue.stopped {
            return false;
        }
        queue.workers += 1;
        true
    }

    /// The worker that was to be started does not come.
    pub(super) fn missing(&self) {
        self.lock().workers -= 1;
    }

    /// There is something to do for the link. True: whoever waits in the set has to be woken for it.
    pub(super) fn push(&self, link: &Arc<Link>) -> bool {
        let mut queue = self.lock();
        queue.push(link) == QUEUED && queue.watched
    }

    /// The worker that served the link has been stolen from. True as for [`push`](Self::push).
    pub(super) fn stolen(&self, link: &Arc<Link>) -> bool {
        let mut queue = self.lock();
        queue.end(link, Some(true), false);
        queue.watched && !queue.is_empty()
    }

    /// All workers leave. Whoever waits in the set has to be woken for it.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.called.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.light.is_empty() && self.heavy.is_empty()
    }

    /// Gives where the link stands then.
    fn push(&mut self, link: &Arc<Link>) -> u8 {
        let next = match link.turn.state.load(Relaxed) {
            PARKED => {
                let queue = if link.turn.is_heavy() { &mut self.heavy } else { &mut self.light };
                queue.push_back(link.clone());
                QUEUED
            }
            SERVED => AGAIN,
            same => same,
        };
        link.turn.state.store(next, Relaxed);
        next
    }

    /// Light ones first. After each heavy one somebody looks who has come, so these are not all that is ever served; and heavy
    /// ones have their turn once all are served that came with that look.
    fn pop(&mut self) -> Option<Arc<Link>> {
        let link = self.light.pop_front().or_else(|| self.heavy.pop_front())?;
        link.turn.state.store(SERVED, Relaxed);
        Some(link)
    }

    /// Nobody serves the link any more.
    fn end(&mut self, link: &Arc<Link>, long: Option<bool>, again: bool) {
        if let Some(long) = long {
            link.turn.heavy.store(long, Relaxed);
        }
        let again = again || link.turn.state.load(Relaxed) == AGAIN;
        link.turn.state.store(PARKED, Relaxed);
        if again {
            self.push(link);
        }
    }

    fn leave(&mut self) -> Next {
        self.workers -= 1;
        Next::Leave
    }
}
