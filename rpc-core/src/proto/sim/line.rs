//! The client's end: the thinnest driver of a [`Caller`] for many tasks, as `connection::roles` is for many threads. It is
//! that, line by line, but for sockets and locks.
use super::tap::Tap;
use super::transport::{Received, Time, Way};
use super::world::{Gate, Task, World};
use crate::proto::{Body, CallTerms, Caller, End, Outbox, Waits};
use crate::wire::{Batch, CallId, DecodeLimits, Found, Inbox};
use std::cell::{RefCell, RefMut};
use std::rc::Rc;

/// As the driver has it.
const ROLE_CHECK: Time = 10_000;
const COALESCE_BYTES_MAX: usize = 16 << 10;

pub(super) type Until = Option<Time>;

/// The client's end of the connection.
pub(super) struct Line {
    pub(super) world: Rc<World>,
    state: RefCell<State>,
    terms: CallTerms,
    tap: Rc<RefCell<Tap>>,
}

pub(super) struct State {
    pub(super) caller: Caller<Task>,
    pub(super) outbox: Outbox,
    /// `None`: somebody reads.
    reading: Option<Inbox>,
    /// Who sleeps for what: only to find those that nobody wakes.
    asleep: Vec<(Task, Waits)>,
}

impl Line {
    pub(super) fn new(world: Rc<World>, terms: CallTerms, tap: Rc<RefCell<Tap>>) -> Self {
        let reading = Some(Inbox::new(terms.reply_bytes_max));
        let state =
            State { caller: Caller::new(terms, CallId::NONE), outbox: Outbox::default(), reading, asleep: Vec::new() };
        Self { world, state: RefCell::new(state), terms, tap }
    }

    pub(super) fn lock(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Does something with the state, and wakes whom that concerns.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut Caller<Task>, &mut Outbox, &mut Vec<Task>) -> R) -> R {
        let (mut state, mut woken) = (self.lock(), Vec::new());
        let State { caller, outbox, .. } = &mut *state;
        let result = change(caller, outbox, &mut woken);
        drop(state);
        self.world.wake(&mut woken);
        result
    }

    /// How far the server may run ahead.
    pub(super) fn window(&self) -> u32 {
        self.terms.window_bytes
    }

    /// A ping has been queued.
    pub(super) fn pinged(&self, id: CallId) {
        self.tap.borrow_mut().queued(id);
    }

    fn send(&self, bytes: &[u8]) -> Result<usize, ()> {
        let count = self.world.write(Way::Up, bytes).map_err(|_| ())?;
        self.tap.borrow_mut().hears(&bytes[..count]);
        Ok(count)
    }

    fn take_batch(&self) -> Option<Batch> {
        self.with(|caller, outbox, _| caller.take_batch(outbox))
    }

    /// One step towards whatever the task waits for: writes, or reads, or sleeps while others do.
    pub(super) async fn advance(&self, task: Task, what: Waits, until: Until) {
        if let Some(batch) = self.take_batch() {
            return self.write(task, batch, what, until).await;
        }
        if self.with(|caller, outbox, _| caller.is_unsent(what, outbox)) {
            return self.sleep(task, what, until).await;
        }
        let Some(inbox) = self.lock().reading.take() else { return self.sleep(task, what, until).await };
        let soon = self.world.now() + ROLE_CHECK;
        let until = match what {
            Waits::Room(_) => Some(until.map_or(soon, |until| until.min(soon))),
            _ => until,
        };
        self.world.pause(task, Gate { readable: Some(Way::Down), until, ..Gate::default() }).await;
        self.read(inbox);
    }

    /// One step towards having something written.
    pub(super) async fn write_or_sleep(&self, task: Task, until: Until) {
        match self.take_batch() {
            Some(batch) => self.write(task, batch, Waits::Written, until).await,
            None => self.sleep(task, Waits::Written, until).await,
        }
    }

    async fn sleep(&self, task: Task, what: Waits, until: Until) {
        self.world.note(|| format!("task {task} sleeps for {what:?}"));
        self.with(|caller, _, _| caller.calls.wait(what, task));
        self.lock().asleep.push((task, what));
        self.world.park(task, until).await;
        self.lock().asleep.retain(|(other, _)| *other != task);
        self.with(|caller, _, _| caller.calls.unwait(what, |waiter| *waiter == task));
    }

    /// Reads once and hands out what came. Puts the role back.
    fn read(&self, mut inbox: Inbox) {
        let received = self.world.read(Way::Down, inbox.room());
        match received {
            Ok(Received::Nothing) => {}
            Ok(Received::Bytes(_)) => self.route(&mut inbox),
            Ok(Received::End) | Err(_) => self.over(),
        }
        if self.with(|caller, _, _| caller.is_deaf()) {
            self.read_out(&mut inbox);
        }
        self.lock().reading = Some(inbox);
    }

    fn over(&self) {
        self.with(|caller, _, woken| caller.over(End::Lost("gone".to_owned()), woken));
    }

    fn route(&self, inbox: &mut Inbox) {
        let limits = DecodeLimits::for_frames_of(self.terms.reply_bytes_max);
        while let Some(found) = inbox.next().expect("the server sends frames") {
            match found {
                Found::Oversized(head) => panic!("the server sends a {:?} over the limit", head.kind),
                Found::Frame(head, place, fds) => self.with(|caller, outbox, woken| {
                    self.world.note(|| format!("client: {:?} of call {}", head.kind, head.call.0));
                    if let Some(bytes) = inbox.whole(&place) {
                        caller.received(head, Body::Whole { bytes, start: place.start }, fds, limits, outbox, woken);
                        inbox.clear();
                    } else {
                        let body = inbox.bytes().get(place).unwrap_or_default();
                        caller.received(head, Body::Part(body), fds, limits, outbox, woken);
                    }
                }),
            }
            let end = self.with(|caller, _, _| caller.end().cloned());
            assert!(!matches!(end, Some(End::Violation(_))), "the client says of an honest server: {end:?}");
        }
    }

    /// Writes the whole batch; where nothing more is taken, reads meanwhile, and stops once it has what it waits for.
    async fn write(&self, task: Task, batch: Batch, what: Waits, until: Until) {
        let mut at = 0;
        while at < batch.len() {
            self.world.yield_now(task).await;
            match self.send(batch.rest(at).bytes[0]) {
                Ok(0) => {
                    if self.world.is_over(until) || self.with(|caller, _, _| caller.has_come(what)) {
                        break;
                    }
                    self.read_while_blocked(task, until).await;
                }
                Ok(count) => at += count,
                Err(()) => {
                    self.with(|caller, outbox, woken| caller.wrote(batch, at, outbox, woken));
                    return self.end_writing();
                }
            }
        }
        self.with(|caller, outbox, woken| caller.wrote(batch, at, outbox, woken));
    }

    fn end_writing(&self) {
        self.with(|caller, _, _| caller.deafened());
        self.shut();
        let Some(mut inbox) = self.lock().reading.take() else { return };
        self.read_out(&mut inbox);
        self.lock().reading = Some(inbox);
    }

    /// The last words of a peer that takes no more, and then the end.
    fn read_out(&self, inbox: &mut Inbox) {
        while let Ok(Received::Bytes(_)) = self.world.read(Way::Down, inbox.room()) {
            self.route(inbox);
        }
        self.over();
    }

    async fn read_while_blocked(&self, task: Task, until: Until) {
        let inbox = self.lock().reading.take();
        let (readable, until) = match inbox {
            Some(_) => (Some(Way::Down), until),
            None => (None, Some(self.world.now() + ROLE_CHECK)),
        };
        self.world.pause(task, Gate { readable, writable: Some(Way::Up), until, woken: false }).await;
        if let Some(inbox) = inbox {
            self.read(inbox);
        }
    }

    /// Writes what is taken at once.
    async fn write_some(&self, task: Task) {
        let Some(batch) = self.take_batch() else { return };
        self.world.yield_now(task).await;
        let count = self.send(batch.rest(0).bytes[0]).unwrap_or(0);
        self.with(|caller, outbox, woken| caller.wrote(batch, count, outbox, woken));
    }

    pub(super) async fn write_and_leave(&self, task: Task) {
        self.write_some(task).await;
        self.leave(task).await;
    }

    /// Ends a task's part: somebody who sleeps takes over what it stops doing.
    pub(super) async fn leave(&self, task: Task) {
        let mut stuck = false;
        while !self.pass_on() && !stuck {
            let sent = self.lock().outbox.sent();
            self.write_some(task).await;
            stuck = self.lock().outbox.sent() == sent;
        }
    }

    /// Wakes somebody who takes over; false: there is nobody, or nothing to take over.
    pub(super) fn pass_on(&self) -> bool {
        let free = self.lock().reading.is_some();
        self.with(|caller, outbox, woken| {
            woken.extend(caller.successor(free, outbox));
            !woken.is_empty()
        })
    }

    /// Ends the start of a call that nobody waits for yet.
    pub(super) async fn nudge(&self, task: Task) {
        if self.with(|caller, outbox, _| caller.calls.in_flight() == 1 || outbox.queued() >= COALESCE_BYTES_MAX) {
            self.write_and_leave(task).await;
        } else {
            self.pass_on();
        }
    }

    /// Nobody waits for this call any more.
    pub(super) async fn forget(&self, task: Task, id: CallId) {
        self.with(|caller, outbox, woken| caller.give_up(id, outbox, woken));
        self.write_and_leave(task).await;
    }

    /// Reads and writes what nobody waits for: late answers, and cancels that were not taken at once. Callers leave both to
    /// the next one, and this is the last.
    pub(super) async fn settle(self: Rc<Self>, task: Task) {
        while self.with(|caller, outbox, _| caller.is_usable() && !(outbox.is_idle() && caller.calls.is_empty())) {
            self.advance(task, Waits::Answer(CallId::NONE), None).await;
        }
    }

    /// The client closes.
    pub(super) fn shut(&self) {
        self.world.transport.borrow_mut().shut(Way::Up);
    }

    /// Looks for tasks that sleep although what they wait for is there, and for more memory than was agreed on.
    pub(super) fn check(&self) {
        let state = &mut *self.lock();
        for (task, what) in &state.asleep {
            let come = match what {
                Waits::Room(ticket) => {
                    let over = state.caller.end().is_some() || state.caller.is_closing();
                    over || state.caller.calls.may_start(Some(*ticket))
                }
                what => state.caller.has_come(*what),
            };
            assert!(!come || self.world.is_woken(*task), "nobody wakes task {task}, which sleeps for {what:?}");
        }
        let windows = state.caller.streams() * self.terms.window_bytes as usize;
        assert!(state.caller.held() <= windows, "{} bytes of items are held, of {windows}", state.caller.held());
    }

    /// Looks for work that nobody does although somebody sleeps who could.
    pub(super) fn settled(&self) {
        let state = &mut *self.lock();
        let is_frame = |waits: Waits| matches!(waits, Waits::Answer(_) | Waits::Items(_) | Waits::Credit(_));
        let waiting = state.asleep.iter().find(|(_, what)| is_frame(*what));
        if state.caller.end().is_none() {
            // Who writes looks after a while whether it could read, too.
            let reads = state.reading.is_none() || state.outbox.is_in_hand();
            assert!(waiting.is_none() || reads, "nobody reads for {waiting:?}");
            let unwritten = !state.asleep.is_empty() && state.caller.has_work(&state.outbox);
            assert!(!unwritten, "nobody writes for {:?}", state.asleep);
        }
    }

    /// Nothing is left over. `healthy`: nothing has gone wrong on the way, and the other end is still there.
    pub(super) fn is_clean(&self, healthy: bool) {
        let state = &mut *self.lock();
        assert_eq!(state.caller.streams(), 0, "the client still has calls with items");
        assert!(state.asleep.is_empty(), "tasks sleep for ever: {:?}", state.asleep);
        assert!(state.caller.calls.is_quiet(), "somebody is still listed as waiting: {:?}", state.caller.calls);
        if healthy {
            assert!(state.outbox.is_idle(), "the client has not sent everything");
            assert!(state.caller.calls.is_empty(), "calls are left over: {:?}", state.caller.calls);
        }
    }
}
