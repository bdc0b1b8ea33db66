//! The items that wait for one subscriber.
use super::Overflow;
use crate::Context;
use crate::service::Flow;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

/// Between publishers, who fill it, and one subscriber. Its lock is held for moments; no item is dropped under it, because
/// that is the user's code.
pub(super) struct Queue<T> {
    overflow: Overflow,
    state: Mutex<State<T>>,
    /// The subscriber has something to look at.
    filled: Condvar,
    /// A publisher has.
    emptied: Condvar,
}

struct State<T> {
    items: VecDeque<Arc<T>>,
    /// Nothing more is taken in.
    end: Option<End>,
    /// The call that it is fed to, once that has begun.
    flow: Option<Arc<dyn Flow>>,
}

/// Why nothing more is taken in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The topic is closed, or the server stops; what waits is still sent.
    Closed,
    /// The subscriber was too slow, or has left. Nothing waits.
    TooSlow,
    Left,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// It is in the queue, or its subscriber is past taking it.
    Done,
    /// It must wait for room.
    Full,
}

/// What there is for a subscriber.
pub(super) enum Next<T> {
    Item(Arc<T>),
    /// Nothing more will come, and all has been sent.
    Closed,
    /// One item too many came, for this reason.
    TooSlow(String),
    /// Nobody waits for this call any more.
    Cancelled,
}

impl<T> Queue<T> {
    pub(super) fn new(overflow: Overflow) -> Self {
        let state = Mutex::new(State { items: VecDeque::new(), end: None, flow: None });
        Self { overflow, state, filled: Condvar::new(), emptied: Condvar::new() }
    }

    /// It is fed to this call from now on.
    pub(super) fn fed_to(&self, flow: Option<Arc<dyn Flow>>) {
        let mut state = self.lock();
        state.flow = flow;
    }

    /// Takes an item in, as far as that is possible without waiting. What must go for it goes to `dropped`.
    pub(super) fn offer(&self, item: &Arc<T>, dropped: &mut VecDeque<Arc<T>>) -> Offered {
        let mut state = self.lock();
        let full = state.items.len() >= self.overflow.items_max();
        let mut too_slow = None;
        match self.overflow {
            _ if state.end.is_some() => return Offered::Done,
            Overflow::Wait(_) if full => return Offered::Full,
            Overflow::DropOldest(_) | Overflow::LatestOnly if full => {
                dropped.extend(state.items.pop_front());
                state.items.push_back(item.clone());
            }
            Overflow::Disconnect(_) if full => {
                state.end = Some(End::TooSlow);
                dropped.append(&mut state.items);
                too_slow = state.flow.take();
            }
            _ => state.items.push_back(item.clone()),
        }
        drop(state);
        self.filled.notify_one();
        // Its handler may wait for a caller that takes nothing, and would not look here.
        too_slow.into_iter().for_each(|flow| flow.abort(self.too_slow()));
        Offered::Done
    }

    fn too_slow(&self) -> String {
        format!("the subscriber is too slow: more than {} items waited for it", self.overflow.items_max())
    }

    /// Takes an item in as soon as there is room, or drops it when its subscriber takes no more.
    pub(super) fn push_when_there_is_room(&self, item: &Arc<T>) {
        let full = |state: &mut State<T>| state.end.is_none() && state.items.len() >= self.overflow.items_max();
        let mut state = self.emptied.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if state.end.is_none() {
            state.items.push_back(item.clone());
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Waits for the next item for the caller of `cx`, whose cancellation must [wake](Wake) this queue, as must the server's stop.
    pub(super) fn next(&self, cx: &Context) -> Next<T> {
        let mut state = self.lock();
        loop {
            if cx.is_cancelled() {
                return Next::Cancelled;
            }
            if cx.is_stopping() && state.end.is_none() {
                state.end = Some(End::Closed);
                self.emptied.notify_all();
            }
            if let Some(item) = state.items.pop_front() {
                drop(state);
                self.emptied.notify_one();
                return Next::Item(item);
            }
            match state.end {
                Some(End::Closed) => return Next::Closed,
                Some(End::TooSlow) => return Next::TooSlow(self.too_slow()),
                Some(End::Left) => return Next::Cancelled,
                None => {}
            }
            state = match cx.time_left() {
                Some(left) => self.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Nothing more will be published.
    pub(super) fn close(&self) {
        self.lock().end.get_or_insert(End::Closed);
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    /// The subscriber takes no more.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.end = Some(End::Left);
        let dropped = (std::mem::take(&mut state.items), state.flow.take());
        drop(state);
        self.emptied.notify_all();
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No user's code runs under this lock, so a panic under it would be a bug of ours, and the state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the subscriber, because its call is cancelled or its server stops.
impl<T: Send + Sync + 'static> Wake for Queue<T> {
    fn wake(self: Arc<Self>) {
        // Under the lock, so that it does not come between the subscriber's look at the flag and its sleep.
        let _state = self.lock();
        self.filled.notify_all();
    }
}
