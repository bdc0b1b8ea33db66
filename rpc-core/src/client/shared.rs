//! One socket that any number of threads call over. Whoever waits, reads.
//!
//! All state is in one mutex, held for moments and never across I/O or a user's code. Here is what a call does; how
//! threads share writing and reading is in `roles`.
use super::ask::{Ask, Place, Request, Until, planned};
use super::opening::Opening;
use super::plans::Plans;
use super::roles::Reading;
use crate::net::Stream;
use crate::proto::{Caller, End, RequestHead, Ticket, Waits};
use crate::wire::{CallId, DecodeLimits, HEAD_BYTES, Inbox, Kind, put_frame};
use crate::{Error, Outcome, Outgoing};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

/// Queued bytes from which on a pipelined call is written at once, instead of with those behind it.
const COALESCE_BYTES_MAX: usize = 16 << 10;

/// What the handshake settled.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) instance: u64,
    /// The largest body that the server takes.
    pub(super) frame_bytes_max: u32,
    pub(super) calls_max: u32,
    /// The largest body that this side takes.
    pub(super) reply_bytes_max: u32,
    pub(super) opening: Opening,
}

/// A connected socket and its callers.
#[derive(Debug)]
pub(super) struct Shared {
    stream: Stream,
    terms: Terms,
    plans: Plans,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) caller: Caller<Thread>,
    /// `None`: somebody reads.
    pub(super) reading: Option<Box<Reading>>,
}

pub(super) type Guard<'a> = MutexGuard<'a, State>;

/// What is left of a call's time; `None`: it is to be looked up, `Some(None)`: there is no limit.
type Left = Option<Option<Duration>>;

/// A call that is queued, and the lock that it was queued under.
pub(super) struct Started<'a> {
    state: Guard<'a>,
    pub(super) id: CallId,
    /// About what is left of its time, if that is known: one that has just begun need not look at the clock.
    left: Left,
    /// Who is to be woken once the lock is free.
    woken: Vec<Thread>,
}

impl Shared {
    /// Over a stream whose handshake is done; `inbox` may hold bytes that came behind it.
    pub(super) fn new(stream: Stream, terms: Terms, inbox: Inbox, timeout: Option<Duration>) -> Self {
        let caller = Caller::new(terms.calls_max);
        let state = State { caller, reading: Some(Box::new(Reading { inbox, timeout, expired: false })) };
        let shared = Self { stream, terms, plans: Plans::default(), state: Mutex::new(state) };
        // Nobody reads what is here already: a goodbye, say. And nobody sleeps yet, who would have to be woken.
        let mut state = shared.lock();
        if let State { caller, reading: Some(reading) } = &mut *state {
            shared.route(&mut reading.inbox, caller, &mut Vec::new());
        }
        drop(state);
        shared
    }

    pub(super) fn instance(&self) -> u64 {
        self.terms.instance
    }

    pub(super) fn opening(&self) -> Opening {
        self.terms.opening
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn reply_bytes_max(&self) -> u32 {
        self.terms.reply_bytes_max
    }

    pub(super) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits::for_frames_of(self.terms.reply_bytes_max)
    }

    /// How services are called here.
    pub(super) fn plans(&self) -> &Plans {
        &self.plans
    }

    /// A whole call. The answer is then in `buffer` at the place given; a one-way call has none.
    pub(super) fn call(&self, call: Outgoing<'_>, buffer: &mut Vec<u8>) -> Result<Option<Place>, Error> {
        let mut until = Until::after(call.time_allowed());
        let plan = super::opening::plan(self, call.service, &|| call.name(), &mut until)?;
        let method = planned(plan, call)?;
        let request = Request { service: plan.service, method, args: call.args };
        let ask = Ask { until, name: &|| call.name() };
        if !call.has_reply() {
            return self.post(request, ask, buffer).map(|()| None);
        }
        let started = self.start(request, ask, buffer)?;
        let start = self.wait_for(started, ask, buffer)?;
        Ok(Some(Place { start, method }))
    }

    /// Queues a call, as soon as there is room for one more. Whoever begins a call goes on with the lock in hand.
    pub(super) fn start(&self, request: Request<'_>, ask: Ask<'_>, buffer: &mut Vec<u8>) -> Result<Started<'_>, Error> {
        let mut ticket = None;
        let started = self.start_in_turn(request, ask, buffer, &mut ticket);
        if let (Err(_), Some(ticket)) = (&started, ticket) {
            let (mut state, mut woken) = (self.lock(), Vec::new());
            state.caller.calls.leave_queue(ticket, &mut woken);
            self.leave(state, woken);
        }
        started
    }

    fn start_in_turn(
        &self,
        request: Request<'_>,
        ask: Ask<'_>,
        buffer: &mut Vec<u8>,
        ticket: &mut Option<Ticket>,
    ) -> Result<Started<'_>, Error> {
        let mut left = ask.until.known;
        self.encode(request, ask, left, buffer)?;
        loop {
            let mut state = self.lock();
            self.usable(&state, ask)?;
            if state.caller.calls.may_start(*ticket) {
                let (id, mut woken) = (state.caller.start(buffer), Vec::new());
                if let Some(ticket) = *ticket {
                    state.caller.calls.leave_queue(ticket, &mut woken);
                }
                return Ok(Started { state, id, left: Some(left), woken });
            }
            let ticket = *ticket.get_or_insert_with(|| state.caller.calls.queue_up());
            self.wait_for_room(state, ask, ticket)?;
            left = ask.until.left();
            renew(buffer, left);
        }
    }

    /// Sends a frame of this kind and waits for what is answered, which is then in `buffer`, at the place given.
    pub(super) fn exchange(
        &self,
        kind: Kind,
        ask: Ask<'_>,
        buffer: &mut Vec<u8>,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<usize, Error> {
        buffer.clear();
        put_frame(buffer, kind, CallId::NONE, |out| {
            body(out);
            Ok::<_, Error>(())
        })?;
        let mut state = self.lock();
        self.usable(&state, ask)?;
        let id = state.caller.start(buffer);
        self.wait_for(Started { state, id, left: Some(ask.until.known), woken: Vec::new() }, ask, buffer)
    }

    /// Ends the start of a call that nobody waits for yet. What is queued is written, unless more is likely to come: then
    /// it is written together, by the first that waits for an answer.
    pub(super) fn nudge(&self, started: Started<'_>) -> CallId {
        let Started { state, id, woken, .. } = started;
        if state.caller.calls.in_flight() == 1 || state.caller.queued() >= COALESCE_BYTES_MAX {
            self.write_and_leave(state, woken);
        } else {
            self.pass_on(state, woken);
        }
        id
    }

    /// Sends everything that is queued, as far as the socket takes it without waiting.
    pub(super) fn flush(&self) {
        self.write_and_leave(self.lock(), Vec::new());
    }

    fn write_and_leave(&self, state: Guard<'_>, mut woken: Vec<Thread>) {
        let state = self.write_some(state, &mut woken);
        self.leave(state, woken);
    }

    /// Waits for the answer of a call that was started earlier; it is then in `buffer`, at the place given.
    pub(super) fn wait(&self, id: CallId, ask: Ask<'_>, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        self.wait_for(Started { state: self.lock(), id, left: None, woken: Vec::new() }, ask, buffer)
    }

    /// The same for one that has just been started.
    pub(super) fn wait_for(&self, started: Started<'_>, ask: Ask<'_>, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        let Started { mut state, id, mut left, mut woken } = started;
        let mut has_waited = false;
        loop {
            if let Some(answer) = state.caller.take(id, buffer) {
                // Whoever finds his answer already there will begin the next call before he waits in earnest: writing
                // now would cost pipelined calls one write each.
                match has_waited {
                    true => self.leave(state, woken),
                    false => self.pass_on(state, woken),
                }
                return answer.map_err(|fault| fault.into_error((ask.name)(), ask.until.allowed));
            }
            if let Some(end) = state.caller.end().cloned() {
                let outcome = state.caller.give_up(id, &mut woken);
                self.leave(state, woken);
                return Err(over(end, outcome));
            }
            let time = left.take().unwrap_or_else(|| ask.until.left());
            if time == Some(Duration::ZERO) {
                let outcome = state.caller.give_up(id, &mut woken);
                // The cancel goes out if it can; nobody waits for it.
                self.write_and_leave(state, woken);
                return Err(ask.late(outcome));
            }
            state = self.advance(state, Waits::Answer(id), ask.until, time, &mut woken);
            has_waited = true;
        }
    }

    /// Nobody waits for this call any more.
    pub(super) fn forget(&self, id: CallId) {
        let mut woken = Vec::new();
        let mut state = self.lock();
        state.caller.give_up(id, &mut woken);
        self.write_and_leave(state, woken);
    }

    /// Sends a call that nothing comes back for; returns when it is written.
    pub(super) fn post(&self, request: Request<'_>, ask: Ask<'_>, buffer: &mut Vec<u8>) -> Result<(), Error> {
        self.encode(request, ask, ask.until.known, buffer)?;
        let (mut state, mut woken, mut left) = (self.lock(), Vec::new(), ask.until.known);
        self.usable(&state, ask)?;
        let frame = state.caller.post(buffer);
        loop {
            let end = state.caller.end().cloned();
            if state.caller.is_written(&frame) {
                self.leave(state, woken);
                return Ok(());
            }
            if end.is_some() || left == Some(Duration::ZERO) {
                let outcome = state.caller.withdraw(&frame);
                self.leave(state, woken);
                return Err(end.map_or_else(|| ask.late(outcome), |end| over(end, outcome)));
            }
            state = match state.caller.take_batch() {
                Some(batch) => {
                    drop(state);
                    self.write(batch, Waits::Written, ask.until)
                }
                // Somebody else writes, this frame perhaps among others. The end of that wakes this thread.
                None => self.sleep(state, Waits::Written, left, &mut woken),
            };
            left = ask.until.left();
        }
    }

    fn wait_for_room<'a>(&'a self, mut state: Guard<'a>, ask: Ask<'_>, ticket: Ticket) -> Result<(), Error> {
        let mut woken = Vec::new();
        let mut left = ask.until.left();
        loop {
            let end = state.caller.end().cloned();
            // After a goodbye there is none, ever: whoever tries is told so.
            let room = state.caller.calls.may_start(Some(ticket)) || state.caller.is_closing();
            if end.is_some() || room || left == Some(Duration::ZERO) {
                self.leave(state, woken);
                return match end {
                    Some(end) => Err(over(end, Outcome::NotSent)),
                    None if room => Ok(()),
                    None => Err(ask.late(Outcome::NotSent)),
                };
            }
            state = self.advance(state, Waits::Room(ticket), ask.until, left, &mut woken);
            left = ask.until.left();
        }
    }

    fn encode(
        &self,
        request: Request<'_>,
        ask: Ask<'_>,
        time_left: Option<Duration>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        buffer.clear();
        let head = RequestHead { service: request.service, time_left, method: request.method };
        let encoded = put_frame(buffer, Kind::Call, CallId::NONE, |out| {
            head.put(out);
            request.args.encode(out)
        });
        encoded.map_err(|error| ask.named(error))?;
        let (size, limit) = ((buffer.len() - HEAD_BYTES) as u64, u64::from(self.terms.frame_bytes_max));
        if size > limit {
            return Err(Error::TooLarge { method: (ask.name)(), size, limit, outcome: Outcome::NotSent });
        }
        Ok(())
    }

    fn usable(&self, state: &State, ask: Ask<'_>) -> Result<(), Error> {
        match state.caller.end() {
            Some(end) => Err(over(end.clone(), Outcome::NotSent)),
            None if state.caller.is_closing() => Err(Error::ShuttingDown { method: (ask.name)() }),
            None => Ok(()),
        }
    }

    pub(super) fn lock(&self) -> Guard<'_> {
        // No user's code runs under this lock, so a panic under it would be a bug of ours, and the state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says anew how much time is left, in a request that has waited for room. Its arguments stay as they were encoded: others
/// wait behind whoever has a place in the queue, so no user's code may run, panic, or call for room itself there.
fn renew(buffer: &mut Vec<u8>, time_left: Option<Duration>) {
    let Some((head, args)) = buffer.get(HEAD_BYTES..).and_then(RequestHead::take) else { return };
    let mut renewed = Vec::with_capacity(buffer.len());
    let put = put_frame(&mut renewed, Kind::Call, CallId::NONE, |out| {
        RequestHead { time_left, ..head }.put(out);
        out.extend_from_slice(args);
        Ok::<_, Infallible>(())
    });
    if put.is_ok() {
        *buffer = renewed;
    }
}

fn over(end: End, outcome: Outcome) -> Error {
    match end {
        End::Lost(cause) => Error::Disconnected { cause, outcome },
        End::Violation(problem) => Error::Protocol { problem, outcome },
    }
}
