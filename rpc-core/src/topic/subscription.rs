//! One subscriber of a topic.
use super::Shared;
use super::queue::{Next, Queue};
use crate::{Context, Sink, Stopped, Value};
use std::sync::Arc;
use std::task::Waker;

/// One subscriber of a [`Topic`](crate::Topic): items wait for it until it [feeds](Self::feed) them to a caller. Dropping it
/// is leaving.
#[must_use = "nothing is sent until it is fed to a caller; dropping it is leaving"]
pub struct Subscription<T> {
    topic: Arc<Shared<T>>,
    queue: Arc<Queue<T>>,
}

impl<T> Subscription<T> {
    pub(super) fn new(topic: Arc<Shared<T>>, queue: Arc<Queue<T>>) -> Self {
        Self { topic, queue }
    }

    /// Sends the caller what was published since this subscription was made, and goes on until the caller has gone, the
    /// topic is closed, or the server stops.
    ///
    /// # Errors
    /// Those of [`Topic::feed`](crate::Topic::feed).
    pub fn feed(self, cx: &Context, mut out: Sink<T>) -> Result<(), Stopped>
    where
        T: Value + Sync,
    {
        let waker = Waker::from(self.queue.clone());
        self.queue.fed_to(out.flow());
        let _wakes = (cx.on_cancel(waker.clone()), cx.on_stop(waker));
        loop {
            match self.queue.next(cx) {
                Next::Item(item) => out.send(&item)?,
                Next::Closed => return Ok(()),
                Next::Cancelled => return Err(Stopped),
                Next::TooSlow(why) => return Err(out.stop(why)),
            }
        }
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.topic.leave(&self.queue);
        self.queue.leave();
    }
}

impl<T> std::fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}
