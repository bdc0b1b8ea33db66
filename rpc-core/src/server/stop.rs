//! Stopping: no more connections, no more calls, the end of those in flight, then the end of everything.
use super::drained::{Drained, Goodbyes};
use super::engine::{Driver, Engine, lock};
use super::link::{Link, Sent};
use crate::proto::clamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Threads that run no handler end at once; this is only so that a bug of ours cannot keep the process.
const JOIN_TIME_MAX: Duration = Duration::from_secs(1);

impl Engine {
    /// Stops. Gives what became of the calls.
    pub(super) fn stop(self: &Arc<Self>) -> Drained {
        let deadline = Instant::now() + clamp(self.limits().drain_time_max);
        let left = || deadline.saturating_duration_since(Instant::now());
        // Before any goodbye: a client that has its own may end a call before the last is said.
        let since = Goodbyes { ended: self.services.ended(), refused: self.services.refused() };
        self.draining.store(true, Ordering::SeqCst);
        self.stop_listening();
        let slow: Vec<_> = self.all_links().into_iter().filter(|link| self.say_goodbye(link) != Sent::All).collect();
        // After the goodbye: a caller whose stream ends now, and who calls again, is refused by its own side.
        self.stopping.set();
        slow.iter().for_each(|link| self.flush_within(link, left));
        self.wait_until(left, || self.is_quiet());
        let (drained, is_stuck) = (self.drained(&since), self.jobs.load(Ordering::Acquire) > 0);
        self.end();
        let left = || (deadline + JOIN_TIME_MAX).saturating_duration_since(Instant::now());
        // A handler that is stuck is stuck: its thread is left behind.
        let patience = || if is_stuck { Duration::ZERO } else { left() };
        self.join(patience);
        drained
    }

    /// Starts no more calls of this link, and tells its client which was the last.
    fn say_goodbye(&self, link: &Arc<Link>) -> Sent {
        let mut out = Vec::new();
        let mut read = link.read();
        read.session.drain(&mut out);
        // Under the lock that starting needs: nothing comes between. And past the limit, which would close it here.
        link.push(&out, None);
        drop(read);
        match &self.driver {
            #[cfg(target_os = "linux")]
            Driver::Set(_) => {
                self.flush(link, None);
                Sent::All
            }
            Driver::Threads => link.flush(None),
        }
    }

    /// Where nobody is told when a socket takes more, this thread waits for that itself.
    fn flush_within(&self, link: &Link, left: impl Fn() -> Duration) {
        while !left().is_zero() && matches!(link.flush(None), Sent::Blocked { .. }) {
            let _ = link.stream().wait_ready(false, true, Some(left()));
        }
    }

    /// No handler runs, and every reply is sent. A call is first entered, then a job or answered, and its answer is first
    /// queued, then sent: looked at in this order, none is overlooked on its way.
    fn is_quiet(&self) -> bool {
        let links = self.all_links();
        let entered = || links.iter().any(|link| link.read().entered);
        let busy = || lock(&self.watched).iter().any(|seat| seat.active.load(Ordering::SeqCst));
        let unsent = || links.iter().any(|link| link.unsent() > 0);
        !entered() && !busy() && self.jobs.load(Ordering::SeqCst) == 0 && !unsent()
    }

    /// Closes everything, at once.
    pub(super) fn end(self: &Arc<Self>) {
        self.stopped.store(true, Ordering::SeqCst);
        for job in self.stop_threads() {
            self.drop_job(job);
        }
        #[cfg(target_os = "linux")]
        {
            self.ready.stop();
            self.kick();
        }
        self.standby.asleep.store(false, Ordering::SeqCst);
        lock(&self.standby.thread).as_ref().into_iter().for_each(std::thread::Thread::unpark);
        for link in self.all_links() {
            self.close(&link);
        }
    }
}
