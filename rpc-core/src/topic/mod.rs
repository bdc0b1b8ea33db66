//! Topics: what one publishes, many are sent.
//!
//! - `overflow`: what happens when a subscriber is slow. `queue`: the items that wait for one subscriber.
//! - `subscription`: one subscriber, and how its items get to its caller.
mod overflow;
mod queue;
mod subscription;

pub use overflow::Overflow;
pub use subscription::Subscription;

use crate::{Context, Sink, Stopped, Value};
use queue::{Offered, Queue};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sends what is published to every subscriber: to the callers of streaming methods that [`feed`](Self::feed) from it.
///
/// ```
/// use rpc_core::{Context, Overflow, Sink, Stopped, Topic};
///
/// #[derive(Default)]
/// struct Clock {
///     ticks: Topic<u64>,
/// }
///
/// impl Clock {
///     /// The handler of a method that streams `u64`: its caller sees the ticks from now on, until it hangs up.
///     fn ticks(&self, cx: &Context, out: Sink<u64>) -> Result<(), Stopped> {
///         self.ticks.feed(cx, out, Overflow::DropOldest(16))
///     }
///
///     /// Anything that has the topic may publish, on any thread.
///     fn tick(&self, now: u64) {
///         self.ticks.publish(now);
///     }
/// }
/// ```
///
/// Every subscriber sees the items in the order in which they were published, which is the same for all. An item is shared by its
/// subscribers, not copied, and encoded once for each of them. What a subscriber misses, and who waits, when it is slower than
/// the publisher is for its [`Overflow`] to say. Items that have been handed to a subscriber's connection are on their way:
/// up to the stream's window (256 KiB) they are beyond any policy.
///
/// [`close`](Self::close), or dropping the topic, ends its subscribers: each is sent what waits for it, and then its call
/// ends well. So it is when their server stops.
pub struct Topic<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    /// Held while one item is published: so all subscribers see the same order.
    publishing: Mutex<()>,
    members: Mutex<Members<T>>,
}

struct Members<T> {
    queues: Vec<Arc<Queue<T>>>,
    closed: bool,
}

impl<T> Topic<T> {
    /// With no subscribers yet.
    pub fn new() -> Self {
        let members = Members { queues: Vec::new(), closed: false };
        Self { shared: Arc::new(Shared { publishing: Mutex::new(()), members: Mutex::new(members) }) }
    }

    /// Sends an item to all who are subscribed now. Waits for subscribers that have [`Overflow::Wait`] and are behind, once all
    /// others have it; others who publish wait, too. After [`close`](Self::close) nobody is sent anything.
    pub fn publish(&self, item: T) {
        // Dropped after the turn: that is the user's code, which may publish.
        let (item, mut dropped) = (Arc::new(item), VecDeque::new());
        let _turn = self.shared.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let queues = self.shared.members().queues.clone();
        let full = queues.into_iter().filter(|queue| queue.offer(&item, &mut dropped) == Offered::Full);
        full.collect::<Vec<_>>().into_iter().for_each(|queue| queue.push_when_there_is_room(&item));
    }

    /// No more items: every subscriber is sent what waits for it, and ends. Later ones end at once.
    pub fn close(&self) {
        let mut members = self.shared.members();
        members.closed = true;
        members.queues.iter().for_each(|queue| queue.close());
    }

    /// How many are subscribed now.
    pub fn subscribers(&self) -> usize {
        self.shared.members().queues.len()
    }

    /// Subscribes, without sending anything yet: what is published from now on waits, as `overflow` says. For a handler that
    /// sends something else first, such as the state that the items then change:
    ///
    /// ```
    /// # use rpc_core::{Context, Overflow, Sink, Stopped, Topic};
    /// # struct Gauge { level: std::sync::Mutex<u64>, changes: Topic<u64> }
    /// # impl Gauge {
    /// fn watch(&self, cx: &Context, mut out: Sink<u64>) -> Result<(), Stopped> {
    ///     let changes = self.changes.subscribe(Overflow::LatestOnly);
    ///     out.send(&*self.level.lock().unwrap())?;
    ///     changes.feed(cx, out)
    /// }
    /// # }
    /// ```
    pub fn subscribe(&self, overflow: Overflow) -> Subscription<T> {
        let queue = Arc::new(Queue::new(overflow));
        let mut members = self.shared.members();
        match members.closed {
            true => queue.close(),
            false => members.queues.push(queue.clone()),
        }
        drop(members);
        Subscription::new(self.shared.clone(), queue)
    }

    /// Sends the caller of this method what is published from now on, until it has gone, the topic is closed, or the server
    /// stops. It keeps the handler's thread, which a streaming method has for itself, and sleeps when there is nothing to send.
    ///
    /// # Errors
    /// [`Stopped`]: the caller has gone or given up, its time is over, or it was too slow for [`Overflow::Disconnect`]. Return
    /// it: in the last case it tells the caller so.
    pub fn feed(&self, cx: &Context, out: Sink<T>, overflow: Overflow) -> Result<(), Stopped>
    where
        T: Value + Sync,
    {
        self.subscribe(overflow).feed(cx, out)
    }
}

impl<T> Shared<T> {
    fn members(&self) -> MutexGuard<'_, Members<T>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This subscriber has gone.
    fn leave(&self, queue: &Arc<Queue<T>>) {
        self.members().queues.retain(|other| !Arc::ptr_eq(other, queue));
    }
}

impl<T> Default for Topic<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Topic<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T> std::fmt::Debug for Topic<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Topic({} subscribers)", self.subscribers())
    }
}
