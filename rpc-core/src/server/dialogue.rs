//! A call with items on the serving side: what its handler's `out` and `input` do.
//!
//! A handler that sends many items in a row has them sent together: when there is a frame full of them, when it ends, waits
//! for input, or by the standby, a millisecond later. An item that comes after a pause goes out at once.
use super::call::Call;
use super::counts::Counts;
use super::engine::{Engine, lock, try_lock};
use super::link::{Detached, Link};
use crate::connection::{Callee, Guard, State};
use crate::proto::{Sent, Side, Streams, Taken, Waits};
use crate::service::{Cancel, Flow, Inlet, More, Outlet, Stopped};
use crate::wire::{CallId, Head, ITEM_HEAD_BYTES, Kind, put_item};
use crate::{Encode, Error, Outcome};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Items that wait for those behind them are sent once there is this much of them: few enough writes, and far less than a window.
const BATCH_BYTES: usize = 32 << 10;

/// After a pause of this length an item is sent at once: long against a write, short against a person.
const PAUSE: Duration = Duration::from_micros(100);

/// A cancel that comes so long before the deadline is not due to that.
const EARLY: Duration = Duration::from_secs(1);

/// One call with items that is being served.
pub(super) struct Dialogue {
    engine: Arc<Engine>,
    link: Arc<Link>,
    id: CallId,
    service: usize,
    method: usize,
    cancel: Cancel,
    deadline: Option<Instant>,
    item_bytes_max: u32,
    pending: Mutex<Pending>,
    /// Somebody else sends what is pending: the standby, at its next tick or when credit comes.
    listed: AtomicBool,
    /// Its handler sends what there is, and waits until that is sent.
    flushing: AtomicBool,
    failure: Mutex<Option<Error>>,
}

/// Items on their way into frames.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    /// How many there were since they were counted.
    items: u64,
    flushed: Option<Instant>,
    /// Some of it was not sent, and thrown away, perhaps in the midst of an item: nothing may follow.
    cut: bool,
}

impl Engine {
    /// Whether the link has as many calls with items as it may.
    pub(super) fn has_all_streams(&self, link: &Link) -> bool {
        let mut state = link.carrier.lock();
        let State { callee, outbox, .. } = &mut *state;
        let open = callee.as_ref().map_or(0, |callee| callee.streams.held_up(outbox.get_or_insert_default()));
        open >= self.limits().streams_max as usize
    }

    /// A call with items begins.
    pub(super) fn open_items(self: &Arc<Self>, link: &Arc<Link>, call: Call, cancel: Cancel) -> Arc<Dialogue> {
        let window_bytes = self.limits().window_bytes;
        let new = || Box::new(Callee { streams: Streams::new(Side::Callee, window_bytes), waiting: Vec::new() });
        link.carrier.lock().callee.get_or_insert_with(new).streams.open(call.id, call.shape, call.peer.window_bytes);
        Arc::new(Dialogue {
            engine: self.clone(),
            link: link.clone(),
            id: call.id,
            service: call.service,
            method: call.method,
            cancel,
            deadline: call.deadline,
            item_bytes_max: call.peer.frame_bytes_max,
            pending: Mutex::default(),
            listed: AtomicBool::new(false),
            flushing: AtomicBool::new(false),
            failure: Mutex::default(),
        })
    }

    /// A frame about a call's items has come.
    pub(super) fn items(&self, link: &Link, head: Head, body: &[u8]) -> Result<(), String> {
        let woken = match &mut link.carrier.lock().callee {
            Some(callee) => callee.received(head, body)?,
            None => None,
        };
        if let Some(thread) = woken {
            thread.unpark();
        } else if head.kind == Kind::Credit
            && let Some(dialogue) = link.read().session.running(head.call).and_then(|call| call.dialogue.clone())
            && dialogue.listed.load(Ordering::Acquire)
        {
            self.flush_later(&dialogue);
        }
        Ok(())
    }

    /// The caller has given up.
    ///
    /// # Errors
    /// When it has given up too many whose handlers still run: that.
    pub(super) fn cancel(&self, link: &Link, id: CallId) -> Result<(), String> {
        // First the flag: whoever wakes finds it set. And without a lock, because a waker may be a user's code.
        let running = link.read().session.running(id).map(|call| call.cancel.clone());
        running.iter().for_each(Cancel::set);
        if running.is_some() {
            self.allows_cancels(link)?;
        }
        link.carrier.lock().outbox.iter_mut().for_each(|outbox| outbox.drop_items(Side::Callee, id));
        self.stop_items(link, id);
        Ok(())
    }

    /// Nothing is sent for this call any more, and nothing more will come for it.
    fn stop_items(&self, link: &Link, id: CallId) {
        let mut state = link.carrier.lock();
        let Some(callee) = &mut state.callee else { return };
        callee.streams.stop(id, false);
        let woken = callee.wake_both(id);
        drop(state);
        woken.into_iter().flatten().for_each(|thread| thread.unpark());
    }

    /// The handler has ended. Its `out` and `input` may have been given to threads that sleep.
    pub(super) fn close_items(&self, link: &Link, id: CallId) {
        let mut state = link.carrier.lock();
        let Some(callee) = &mut state.callee else { return };
        callee.streams.close(id);
        let woken = callee.wake_both(id);
        drop(state);
        woken.into_iter().flatten().for_each(|thread| thread.unpark());
    }

    /// A call that was given up keeps its place until its handler ends. Who gives up most of his calls, and early, only wants
    /// to keep the server busy; that a call's time is over is no offence.
    fn allows_cancels(&self, link: &Link) -> Result<(), String> {
        let soon = Instant::now() + EARLY;
        let is_early = |call: &&Detached| call.cancel.is_set() && call.deadline.is_none_or(|deadline| deadline > soon);
        let (cancelled, most) = (link.read().session.in_flight().filter(is_early).count(), self.limits().cancelled_max);
        match cancelled > most {
            true => Err(format!("{cancelled} calls that it cancelled early still run, and {most} may")),
            false => Ok(()),
        }
    }

    /// The standby sends what waits here.
    fn flush_later(&self, dialogue: &Arc<Dialogue>) {
        lock(&self.unflushed).push(Arc::downgrade(dialogue));
        self.wake_standby();
    }

    /// Sends what has waited for others behind it, or for its socket. False: nothing has, or sockets take nothing.
    pub(super) fn flush_items(self: &Arc<Self>) -> bool {
        let waiting = std::mem::take(&mut *lock(&self.unflushed));
        let blocked = std::mem::take(&mut *lock(&self.unsent));
        let moved = blocked.iter().filter(|link| self.try_to_send(link)).count();
        let busy = !waiting.is_empty() || moved > 0;
        for dialogue in waiting.iter().filter_map(Weak::upgrade) {
            match try_lock(&dialogue.pending) {
                Some(mut pending) => {
                    dialogue.queue_some(&mut pending);
                    drop(pending);
                    self.flush_at_once(&dialogue.link);
                }
                None if dialogue.flushing.load(Ordering::Acquire) => {}
                // Its handler adds an item, and trusts that it is listed.
                None => lock(&self.unflushed).push(Arc::downgrade(&dialogue)),
            }
        }
        busy
    }
}

impl Callee {
    fn received(&mut self, head: Head, body: &[u8]) -> Result<Option<thread::Thread>, String> {
        let what = self.streams.received(head.kind, head.call, body)?;
        Ok(what.and_then(|what| self.wake(what)))
    }

    /// Whoever sleeps for either half of this call.
    fn wake_both(&mut self, id: CallId) -> [Option<thread::Thread>; 2] {
        [self.wake(Waits::Items(id)), self.wake(Waits::Credit(id))]
    }

    fn wake(&mut self, what: Waits) -> Option<thread::Thread> {
        let at = self.waiting.iter().position(|(waits, _)| *waits == what)?;
        Some(self.waiting.swap_remove(at).1)
    }
}

impl Dialogue {
    /// The handler has ended: its last items go out before its answer.
    pub(super) fn finish(&self) {
        let _ = self.flush(&mut lock(&self.pending));
    }

    fn counts(&self) -> Option<&Counts> {
        self.engine.services.counts(self.service, self.method)
    }

    /// Bytes go out, and with them all items that are not counted yet.
    fn count_out(&self, pending: &mut Pending, bytes: usize) {
        let items = std::mem::take(&mut pending.items);
        self.counts().inspect(|counts| counts.go_out(items, bytes));
    }

    fn is_over(&self) -> bool {
        self.cancel.is_set() || self.left() == Some(Duration::ZERO)
    }

    fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
    }

    #[cold]
    fn unencoded(&self, error: Error) -> Stopped {
        self.fail(match error {
            Error::Encode { method, problem, .. } => Error::Encode { method, problem, outcome: Outcome::Executed },
            other => other,
        });
        Stopped
    }

    #[cold]
    fn too_large(&self, size: usize) -> Stopped {
        let (size, limit) = (size as u64, self.item_bytes_max.into());
        self.fail(Error::TooLarge { method: String::new(), size, limit, outcome: Outcome::Executed });
        Stopped
    }

    /// Sends what waits, as far as there is credit. The rest is sent when credit comes.
    fn flush_some(&self, pending: &mut Pending) {
        if self.queue_some(pending) {
            self.engine.flush(&self.link, None);
        }
    }

    /// The same without sending it. False: nothing was queued.
    fn queue_some(&self, pending: &mut Pending) -> bool {
        let mut state = self.link.carrier.lock();
        let sent = self.queue(&mut state, &pending.bytes);
        drop(state);
        let count = sent.unwrap_or(pending.bytes.len());
        self.count_out(pending, count);
        pending.bytes.drain(..count);
        self.listed.store(!pending.bytes.is_empty(), Ordering::Release);
        count > 0
    }

    /// Queues as many bytes as there is credit for. `None`: nobody takes them.
    fn queue(&self, state: &mut Guard<'_>, bytes: &[u8]) -> Option<usize> {
        let state = &mut **state;
        let callee = state.callee.as_mut().filter(|_| !state.closed)?;
        match callee.streams.send(self.id, bytes, state.outbox.get_or_insert_default()) {
            Sent::Some(count) => Some(count),
            Sent::Stopped => None,
        }
    }

    /// Sends what waits; waits for credit.
    fn flush(&self, pending: &mut Pending) -> Result<(), Stopped> {
        self.flushing.store(true, Ordering::Release);
        self.count_out(pending, pending.bytes.len());
        let sent = self.flush_all(&pending.bytes);
        pending.bytes.clear();
        pending.cut |= sent.is_err();
        pending.flushed = Some(Instant::now());
        // Nothing waits: whoever adds something lists it anew.
        self.listed.store(false, Ordering::Release);
        self.flushing.store(false, Ordering::Release);
        sent
    }

    fn flush_all(&self, bytes: &[u8]) -> Result<(), Stopped> {
        let mut at = 0;
        while at < bytes.len() {
            let mut state = self.link.carrier.lock();
            let sent = self.queue(&mut state, bytes.get(at..).unwrap_or_default());
            at += sent.filter(|_| !self.is_over()).ok_or(Stopped)?;
            if at < bytes.len() {
                self.sleep(state, Waits::Credit(self.id));
            } else {
                drop(state);
                self.engine.flush(&self.link, None);
            }
        }
        Ok(())
    }

    /// Sleeps until somebody brings what this thread waits for.
    fn sleep(&self, mut state: Guard<'_>, what: Waits) {
        let Some(callee) = &mut state.callee else { return };
        callee.waiting.push((what, thread::current()));
        drop(state);
        self.engine.flush(&self.link, None);
        match self.left() {
            Some(left) => thread::park_timeout(left),
            None => thread::park(),
        }
        let this = thread::current().id();
        if let Some(callee) = &mut self.link.carrier.lock().callee {
            callee.waiting.retain(|(waits, thread)| *waits != what || thread.id() != this);
        }
    }
}

impl std::fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dialogue({})", self.id.0)
    }
}

impl Flow for Dialogue {
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet> {
        Box::new(Out(self))
    }

    fn inlet(self: Arc<Self>) -> Box<dyn Inlet> {
        Box::new(In(self))
    }

    fn failure(&self) -> Option<Error> {
        lock(&self.failure).clone()
    }

    fn abort(&self, why: String) {
        self.fail(Error::NoReply { method: String::new(), why });
        self.engine.stop_items(&self.link, self.id);
    }
}

/// A handler's `out`.
struct Out(Arc<Dialogue>);

impl Outlet for Out {
    fn send(&mut self, item: &dyn Encode, more: bool) -> Result<(), Stopped> {
        let dialogue = &*self.0;
        if dialogue.cancel.is_set() {
            return Err(Stopped);
        }
        let mut pending = lock(&dialogue.pending);
        if pending.cut {
            return Err(Stopped);
        }
        let start = pending.bytes.len();
        put_item(&mut pending.bytes, |out| item.encode(out)).map_err(|error| dialogue.unencoded(error))?;
        let size = pending.bytes.len() - start - ITEM_HEAD_BYTES;
        if size > dialogue.item_bytes_max as usize {
            pending.bytes.truncate(start);
            return Err(dialogue.too_large(size));
        }
        pending.items += 1;
        let after_a_pause = || pending.flushed.is_none_or(|flushed| flushed.elapsed() >= PAUSE);
        if pending.bytes.len() >= BATCH_BYTES || start == 0 && !more && after_a_pause() {
            return dialogue.flush(&mut pending);
        }
        // It changes under the lock of what is pending alone; to look first saves most items an atomic operation.
        if !dialogue.listed.load(Ordering::Acquire) {
            dialogue.listed.store(true, Ordering::Release);
            drop(pending);
            dialogue.engine.flush_later(&self.0);
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.0.finish();
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        // It may have been given to another thread. Where that outlives the call, nobody takes anything.
        self.0.finish();
    }
}

/// A handler's `input`.
struct In(Arc<Dialogue>);

impl Inlet for In {
    fn more(&mut self, buffer: &mut Vec<u8>) -> More {
        let dialogue = &*self.0;
        // The caller may wait for what the handler has sent before it sends more.
        if let Some(mut pending) = try_lock(&dialogue.pending)
            && !pending.bytes.is_empty()
        {
            dialogue.flush_some(&mut pending);
        }
        let before = buffer.len();
        loop {
            let mut state = dialogue.link.carrier.lock();
            let State { callee, outbox, .. } = &mut *state;
            let Some(callee) = callee else { return More::Stopped };
            let outbox = outbox.get_or_insert_default();
            match callee.streams.take(dialogue.id, buffer, outbox) {
                Taken::Bytes => {
                    let grants = outbox.is_fresh();
                    drop(state);
                    if grants {
                        dialogue.engine.flush(&dialogue.link, None);
                    }
                    dialogue.counts().inspect(|counts| counts.came_in(0, buffer.len() - before));
                    return More::Bytes;
                }
                Taken::Finished => return More::End,
                Taken::Abandoned => return More::Stopped,
                Taken::Nothing if dialogue.is_over() => return More::Stopped,
                Taken::Nothing => dialogue.sleep(state, Waits::Items(dialogue.id)),
            }
        }
    }

    fn took(&mut self, items: u64) {
        self.0.counts().inspect(|counts| counts.came_in(items, 0));
    }

    fn fail(&mut self, problem: String) {
        // Not `Malformed`, which says that no handler ran.
        self.0.fail(Error::NoReply { method: String::new(), why: problem });
    }

    fn item_bytes_max(&self) -> u32 {
        self.0.engine.limits().frame_bytes_max
    }
}

impl Drop for In {
    fn drop(&mut self) {
        let mut state = self.0.link.carrier.lock();
        let State { callee, outbox, .. } = &mut *state;
        let Some(callee) = callee else { return };
        callee.streams.stop_input(self.0.id, outbox.get_or_insert_default());
        drop(state);
        self.0.engine.flush(&self.0.link, None);
    }
}
