//! Writing and reading on behalf of all callers of one socket: the roles that pass between threads.
//!
//! - *writing*: one thread has the batch of queued frames. Others queue theirs behind it.
//! - *reading*: one thread has the [`Reading`]. A thread that waits for an answer takes it if it is free, reads and routes
//!   frames until its own answer is there, then puts it back and wakes one of those who sleep.
//!
//! Invariant: whoever leaves with a role free, or something to write, wakes somebody who sleeps and can take it over.
use super::ask::Until;
use super::carrier::{Guard, State};
use super::line::Line;
use crate::net::{Received, Spin, Stream, Wait, cpu};
use crate::proto::{Body, Caller, End, Voided, Waits};
use crate::wire::{Batch, Found, Inbox};
use std::io::{self, ErrorKind};
use std::thread::{self, Thread};
use std::time::Duration;

/// A thread that can neither write nor read looks this often whether the reading role has become free: both sides may be
/// waiting for the other to read.
const ROLE_CHECK: Duration = Duration::from_millis(10);

/// A thread that reads because it waits for leave to send looks this often whether the other half of its call has been dropped
/// meanwhile: whoever drops it cannot wake a thread that blocks in a read.
const HALF_CHECK: Duration = Duration::from_millis(100);

/// The reading role.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) inbox: Inbox,
    /// What the socket's receive timeout is set to.
    pub(super) timeout: Option<Duration>,
    /// It has run out since it was set.
    pub(super) expired: bool,
    pub(super) spin: Spin,
    /// Nobody has blocked in a read yet.
    pub(super) is_new: bool,
    /// Nobody sleeps who would have the CPU while this thread does not poll.
    pub(super) alone: bool,
}

impl Line {
    /// One step towards whatever the caller waits for: writes, or reads, or sleeps while others do.
    pub(super) fn advance<'a>(
        &'a self,
        mut state: Guard<'a>,
        what: Waits,
        until: Until,
        left: Option<Duration>,
        woken: &mut Vec<Thread>,
    ) -> Guard<'a> {
        if let Some(batch) = self.take_batch(&mut state) {
            drop(state);
            wake(woken);
            return self.write(batch, what, until);
        }
        // Another's write has this one's frame behind it: whoever leaves it unfinished wakes a sleeper, and no reader.
        let (caller, outbox) = state.calls();
        if caller.is_unsent(what, outbox) {
            return self.sleep(state, what, left, woken);
        }
        let Some(mut reading) = state.reading().take() else { return self.sleep(state, what, left, woken) };
        reading.alone = !state.calls().0.calls.has_sleepers();
        drop(state);
        wake(woken);
        if let Waits::Room(_) = what {
            // Room may come without anything to read, when somebody gives up. So this thread looks up now and then.
            let pause = left.map_or(ROLE_CHECK, |left| left.min(ROLE_CHECK));
            let _ = self.stream().wait_ready(true, false, Some(pause));
            return self.read(reading, Wait::No, left, woken);
        }
        let left = match what {
            Waits::Credit(_) => Some(left.map_or(HALF_CHECK, |left| left.min(HALF_CHECK))),
            _ => left,
        };
        self.read(reading, Wait::Block, left, woken)
    }

    /// What waits to be written, for this thread to write it; `None`: it is, or others do it.
    fn take_batch(&self, state: &mut State) -> Option<Batch> {
        if self.owner().is_some() {
            return None;
        }
        let (caller, outbox) = state.calls();
        let mut batch = caller.take_batch(outbox)?;
        outbox.stamp(&mut batch, cpu());
        Some(batch)
    }

    /// One step towards having something written: writes it, or sleeps while others write.
    pub(super) fn write_or_sleep<'a>(
        &'a self,
        mut state: Guard<'a>,
        until: Until,
        left: Option<Duration>,
        woken: &mut Vec<Thread>,
    ) -> Guard<'a> {
        match self.take_batch(&mut state) {
            Some(batch) => {
                drop(state);
                wake(woken);
                self.write(batch, Waits::Written, until)
            }
            // Somebody else writes, this thread's part perhaps among others. The end of that wakes it.
            None => self.sleep(state, Waits::Written, left, woken),
        }
    }

    /// Lets others do what there is to do, until they wake this thread.
    pub(super) fn sleep<'a>(
        &'a self,
        mut state: Guard<'a>,
        what: Waits,
        left: Option<Duration>,
        woken: &mut Vec<Thread>,
    ) -> Guard<'a> {
        state.calls().0.calls.wait(what, thread::current());
        drop(state);
        wake(woken);
        // Only now: what it brings about finds this thread among the sleepers.
        self.pump_out();
        match left {
            Some(left) => thread::park_timeout(left),
            None => thread::park(),
        }
        let mut state = self.lock();
        let this = thread::current().id();
        state.calls().0.calls.unwait(what, |waiter| waiter.id() == this);
        state
    }

    /// Has written what is queued, where others do that.
    fn pump_out(&self) {
        if let Some(owner) = self.owner()
            && self.lock().outbox().is_fresh()
        {
            owner.clone().pump();
        }
    }

    /// Reads what is here, if nobody else does: while no call is under way, nobody hears of a goodbye or an end.
    pub(super) fn look(&self, woken: &mut Vec<Thread>) -> Guard<'_> {
        let mut state = self.lock();
        match state.reading().take() {
            Some(reading) => {
                drop(state);
                self.read(reading, Wait::No, None, woken)
            }
            None => state,
        }
    }

    /// Reads once and hands out what came. Puts the role back.
    fn read<'a>(
        &'a self,
        mut reading: Box<Reading>,
        wait: Wait,
        left: Option<Duration>,
        woken: &mut Vec<Thread>,
    ) -> Guard<'a> {
        let received = match self.poll(&mut reading, wait) {
            Some(received) => received,
            None if reading.is_new => self.read_first(&mut reading, left),
            None => {
                self.limit_reading(&mut reading, left);
                self.receive(&mut reading.inbox, Wait::Block)
            }
        };
        let mut state = self.lock();
        match received {
            Ok(Received::Nothing) => reading.expired |= wait == Wait::Block,
            Ok(Received::Bytes(_)) => {
                reading.spin.heard(reading.inbox.bytes());
                self.route(&mut reading.inbox, &mut state, woken);
            }
            Ok(Received::End) => {
                let caller = state.calls().0;
                caller.over(End::Lost(closed(caller)), woken);
            }
            Err(error) => state.calls().0.over(End::Lost(lost(&error)), woken),
        }
        // Another thread found this out, and could not read: it must not depend on this one's going on.
        if state.calls().0.is_deaf() {
            self.read_out(&mut reading, &mut state, "the server closed it", woken);
        }
        if state.calls().0.end().is_some() {
            reading.inbox.close();
        }
        *state.reading() = Some(reading);
        state
    }

    /// Reads without blocking, once or for a moment; `None`: block.
    fn poll(&self, reading: &mut Reading, wait: Wait) -> Option<io::Result<Received>> {
        let Reading { inbox, spin, alone, .. } = reading;
        match wait {
            Wait::No => Some(self.receive(inbox, Wait::No)),
            Wait::Block if !*alone => None,
            Wait::Block => spin.poll(|| match self.receive(inbox, Wait::No) {
                Ok(Received::Nothing) => None,
                received => Some(received),
            }),
        }
    }

    fn receive(&self, inbox: &mut Inbox, wait: Wait) -> io::Result<Received> {
        let (room, arrivals) = inbox.room_beside();
        self.stream().recv_beside(room, arrivals, wait)
    }

    /// The first read that blocks: many connections are there for one call, and need no timeout of the socket's for it.
    fn read_first(&self, reading: &mut Reading, left: Option<Duration>) -> io::Result<Received> {
        reading.is_new = false;
        let (room, arrivals) = reading.inbox.room_beside();
        self.stream().recv_within(room, arrivals, left)
    }

    /// Sees to it that a blocking read ends when the caller's time does. The socket's timeout is changed as seldom as can
    /// be: one that is shorter than needed makes the thread look up early, once.
    fn limit_reading(&self, reading: &mut Reading, left: Option<Duration>) {
        let fits = match (reading.timeout, left) {
            (Some(set), Some(left)) => set <= left,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        if (!fits || reading.expired) && self.stream().set_recv_timeout(left).is_ok() {
            (reading.timeout, reading.expired) = (left, false);
        }
    }

    /// Hands out the frames that have come. A peer that breaks the protocol is not listened to any more.
    pub(super) fn route(&self, inbox: &mut Inbox, state: &mut State, woken: &mut Vec<Thread>) {
        let limits = self.decode_limits();
        let (caller, outbox) = state.calls();
        while caller.end().is_none() {
            match inbox.next() {
                Ok(None) => return,
                Err(error) => caller.over(End::Violation(error.to_string()), woken),
                Ok(Some(Found::Oversized(head))) => caller.oversized(head, self.reply_bytes_max(), woken),
                Ok(Some(Found::Frame(head, place, fds))) => {
                    if let Some(bytes) = inbox.whole(&place) {
                        caller.received(head, Body::Whole { bytes, start: place.start }, fds, limits, outbox, woken);
                        // What was not taken out is dealt with all the same.
                        inbox.clear();
                    } else {
                        let body = inbox.bytes().get(place).unwrap_or_default();
                        caller.received(head, Body::Part(body), fds, limits, outbox, woken);
                    }
                }
            }
        }
        // It learns that nobody listens, and need not keep what it has for this connection.
        let _ = self.stream().shutdown_both();
    }

    /// Writes the whole batch. Where the socket takes no more, this thread reads meanwhile, if nobody else does: two
    /// peers that both only write would wait for each other for ever. And it stops there once it has what it waits for: much of
    /// the batch may be others', who take over when it leaves.
    pub(super) fn write(&self, batch: Batch, what: Waits, until: Until) -> Guard<'_> {
        let (mut at, mut woken) = (0, Vec::new());
        loop {
            match self.stream().send_beside(batch.rest(at)) {
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if until.is_over() || self.lock().calls().0.has_come(what) {
                        break;
                    }
                    self.read_while_blocked(until, &mut woken);
                    wake(&mut woken);
                    continue;
                }
                Err(error) if at == 0 && Stream::is_crowded(&error) => {
                    let mut state = self.lock();
                    not_passed(&mut state, batch, &mut woken);
                    drop(state);
                    wake(&mut woken);
                    return self.lock();
                }
                Err(error) => {
                    let mut state = self.lock();
                    let (caller, outbox) = state.calls();
                    caller.wrote(batch, at, outbox, &mut woken);
                    self.end_writing(&mut state, &error, &mut woken);
                    drop(state);
                    wake(&mut woken);
                    return self.lock();
                }
            }
            if at >= batch.len() {
                break;
            }
        }
        let mut state = self.lock();
        let (caller, outbox) = state.calls();
        caller.wrote(batch, at, outbox, &mut woken);
        if !woken.is_empty() {
            drop(state);
            wake(&mut woken);
            state = self.lock();
        }
        state
    }

    /// The peer has closed, but may have said why, or answered, before it did. Only a reader can tell: this thread if nobody
    /// reads, else the one that does: its read now ends.
    fn end_writing(&self, state: &mut State, error: &io::Error, woken: &mut Vec<Thread>) {
        state.calls().0.deafened();
        let _ = self.stream().shutdown_both();
        let Some(mut reading) = state.reading().take() else { return };
        self.read_out(&mut reading, state, &lost(error), woken);
        *state.reading() = Some(reading);
    }

    /// The last words of a peer that takes no more, and then the end. The socket is shut, so this does not wait.
    fn read_out(&self, reading: &mut Reading, state: &mut State, cause: &str, woken: &mut Vec<Thread>) {
        while let Ok(Received::Bytes(_)) = self.receive(&mut reading.inbox, Wait::No) {
            self.route(&mut reading.inbox, state, woken);
        }
        reading.inbox.close();
        state.calls().0.over(End::Lost(cause.to_owned()), woken);
    }

    fn read_while_blocked(&self, until: Until, woken: &mut Vec<Thread>) {
        let reading = self.lock().reading().take();
        let pause = if reading.is_some() { until.left() } else { Some(ROLE_CHECK) };
        let ready = self.stream().wait_ready(reading.is_some(), true, pause);
        let Some(reading) = reading else { return };
        if ready.is_ok_and(|ready| ready.read) {
            drop(self.read(reading, Wait::No, None, woken));
        } else {
            *self.lock().reading() = Some(reading);
        }
    }

    /// Writes what the socket takes at once. Its caller [leaves](Self::leave) afterwards: others may have queued meanwhile.
    pub(super) fn write_some<'a>(&'a self, mut state: Guard<'a>, woken: &mut Vec<Thread>) -> Guard<'a> {
        let Some(batch) = self.take_batch(&mut state) else { return state };
        drop(state);
        let sent = self.stream().send_beside(batch.rest(0));
        let mut state = self.lock();
        if sent.as_ref().is_err_and(Stream::is_crowded) {
            not_passed(&mut state, batch, woken);
            return state;
        }
        let (caller, outbox) = state.calls();
        caller.wrote(batch, sent.unwrap_or(0), outbox, woken);
        state
    }

    /// Ends a thread's part: somebody who sleeps takes over what it stops doing.
    pub(super) fn leave<'a>(&'a self, mut state: Guard<'a>, mut woken: Vec<Thread>) {
        let mut stuck = false;
        loop {
            let reading_is_free = state.reading().is_some();
            let (caller, outbox) = state.calls();
            if let Some(successor) = caller.successor(reading_is_free, outbox) {
                woken.push(successor);
                break;
            }
            if stuck {
                break;
            }
            // Nobody sleeps. Who queues something while this is written finds a writer, and sleeps: look once more.
            let sent = outbox.sent();
            state = self.write_some(state, &mut woken);
            stuck = state.outbox().sent() == sent;
        }
        drop(state);
        wake(&mut woken);
        self.pump_out();
    }

    /// The same for a thread that did not have to wait: what is queued may stay so.
    pub(super) fn pass_on<'a>(&'a self, mut state: Guard<'a>, mut woken: Vec<Thread>) {
        let reading_is_free = state.reading().is_some();
        let (caller, outbox) = state.calls();
        woken.extend(caller.successor(reading_is_free, outbox));
        drop(state);
        wake(&mut woken);
    }
}

/// The system passes none of the descriptors of this call now: somebody may have filled what it keeps of this user's. Its caller
/// is told so; the others' calls go on.
fn not_passed(state: &mut State, batch: Batch, woken: &mut Vec<Thread>) {
    let (caller, outbox) = state.calls();
    if let Some(Voided::Call { id, start }) = outbox.void_first(batch) {
        caller.not_passed(id, start, woken);
    }
}

fn wake(woken: &mut Vec<Thread>) {
    if !woken.is_empty() {
        woken.drain(..).for_each(|thread| thread.unpark());
    }
}

/// Why a connection ends that can be used no more. A reset is a peer's that has closed it and left something unread.
fn lost(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => "the server closed it".to_owned(),
        _ => error.to_string(),
    }
}

/// Why a connection ends that the server has closed.
fn closed(caller: &Caller<Thread>) -> String {
    match caller.is_closing() {
        true => "the server has stopped, and waited no longer for calls in flight".to_owned(),
        false => "the server closed it".to_owned(),
    }
}
