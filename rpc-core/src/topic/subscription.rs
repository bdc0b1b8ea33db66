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
    pub fn feed(self, cx: &Context, out: Sink<T>) -> Result<(), Stopped>
    where
        T: Value + Sync,
    {
        self.feed_with(cx, out, |item, out| out.send(item))
    }

    /// The same, but `send` sends what the caller gets of each item: another value, several, or none. What is published need
    /// not be able to travel.
    ///
    /// ```
    /// # use rpc_core::{Context, Overflow, Sink, Stopped, Topic};
    /// struct Line { level: u8, text: String }
    /// # struct Log { lines: Topic<Line> }
    /// # impl Log {
    /// /// The texts of the lines from this level on.
    /// fn watch(&self, cx: &Context, level: u8, out: Sink<String>) -> Result<(), Stopped> {
    ///     let lines = self.lines.subscribe(Overflow::DropOldest(1000));
    ///     lines.feed_with(cx, out, |line, out| if line.level >= level { out.send(&line.text) } else { Ok(()) })
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Topic::feed`](crate::Topic::feed), and what `send` answers.
    pub fn feed_with<U: Value>(
        self,
        cx: &Context,
        mut out: Sink<U>,
        mut send: impl FnMut(&T, &mut Sink<U>) -> Result<(), Stopped>,
    ) -> Result<(), Stopped>
    where
        T: Send + Sync + 'static,
    {
        let waker = Waker::from(self.queue.clone());
        self.queue.fed_to(out.flow());
        let _wakes = (cx.on_cancel(waker.clone()), cx.on_stop(waker));
        loop {
            match self.queue.next(cx) {
                Next::Item(item) => send(&item, &mut out)?,
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
