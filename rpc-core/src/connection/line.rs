//! One connection that any number of threads call over. Used by both sides.
//!
//! Here is what a call does; how threads share writing and reading is in `roles`, and what they share in `carrier`. A server's connection, and a client's that offers services, is read and written by the
//! server's threads: there a caller only sleeps.
use super::ask::{Ask, Place, Request, Until, planned};
use super::carrier::{Carrier, Guard};
use super::plans::Plans;
use super::roles::Reading;
use crate::net::{Spin, Stream};
use crate::proto::{CallTerms, Caller, End, RequestHead, Ticket, Waits, put};
use crate::value::beside;
use crate::wire::{CallId, DecodeLimits, HEAD_BYTES, Inbox, Kind, Message, put_frame, put_message, set_fds};
use crate::{Error, Outcome, Outgoing, Shape};
use std::any::Any;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::Thread;
use std::time::Duration;

/// Queued bytes from which on a pipelined call is written at once, instead of with those behind it.
const COALESCE_BYTES_MAX: usize = 16 << 10;

/// What the handshake settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The largest body that the peer takes.
    pub(crate) frame_bytes_max: u32,
    /// Descriptors that the peer takes with one call; 0: none can be passed here.
    pub(crate) fds_max: u32,
    /// Those that this side takes with one answer.
    pub(crate) reply_fds_max: u32,
    pub(crate) calls: CallTerms,
}

/// Where this side calls over a connection: what the handshake settled, and which services are open.
#[derive(Debug)]
pub(crate) struct Line {
    way: Way,
    terms: Terms,
    plans: Plans,
    /// What must live as long as calls are under way.
    home: OnceLock<Weak<dyn Any + Send + Sync>>,
}

/// Whose connection it is.
#[derive(Debug)]
enum Way {
    /// The line's own: whoever waits writes and reads.
    Own(Carrier),
    /// A server's, whose threads write and read.
    Served(Arc<dyn Owner>),
}

/// Reads and writes a connection, for those who call over it.
pub(crate) trait Owner: std::fmt::Debug + Send + Sync {
    /// The connection.
    fn carrier(&self) -> &Carrier;

    /// Something has been queued.
    fn pump(self: Arc<Self>);
}

/// What is left of a call's time; `None`: it is to be looked up, `Some(None)`: there is no limit.
type Left = Option<Option<Duration>>;

/// A call that is queued, and the lock that it was queued under.
pub(crate) struct Started<'a> {
    state: Guard<'a>,
    pub(crate) id: CallId,
    /// About what is left of its time, if that is known: one that has just begun need not look at the clock.
    left: Left,
    /// Who is to be woken once the lock is free.
    woken: Vec<Thread>,
}

impl Line {
    /// A client's, over a stream whose handshake is done, and that has no receive timeout; `inbox` may hold bytes that came behind
    /// the handshake.
    pub(crate) fn called(stream: Stream, terms: Terms, inbox: Inbox, spin: Spin) -> Self {
        let line = Self::new(Way::Own(Carrier::new(stream)), terms);
        let mut reading = Box::new(Reading { inbox, timeout: None, expired: false, spin, is_new: true, alone: true });
        let mut state = line.lock();
        state.enable_calls(terms.calls, Weak::new());
        // Nobody reads what is here already: a goodbye, say. And nobody sleeps yet, who would have to be woken.
        line.route(&mut reading.inbox, &mut state, &mut Vec::new());
        *state.reading() = Some(reading);
        drop(state);
        line
    }

    /// The line over a server's connection; a new one if nobody has it.
    pub(crate) fn over(owner: Arc<dyn Owner>, terms: Terms) -> Arc<Self> {
        let way = owner.clone();
        let mut state = owner.carrier().lock();
        if let Some(line) = state.line() {
            return line;
        }
        let line = Arc::new(Self::new(Way::Served(way), terms));
        state.enable_calls(terms.calls, Arc::downgrade(&line));
        line
    }

    fn new(way: Way, terms: Terms) -> Self {
        Self { way, terms, plans: Plans::default(), home: OnceLock::new() }
    }

    /// What lives as long as the connection, and as calls that are under way over it.
    pub(crate) fn keep_alive(&self, home: Weak<dyn Any + Send + Sync>) {
        let _ = self.home.set(home);
    }

    /// What a call that outlives its connection must hold.
    pub(crate) fn home(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.home.get()?.upgrade()
    }

    /// Whether this is its connection.
    pub(crate) fn is_over(&self, carrier: &Carrier) -> bool {
        std::ptr::eq(self.carrier(), carrier)
    }

    fn carrier(&self) -> &Carrier {
        match &self.way {
            Way::Own(carrier) => carrier,
            Way::Served(owner) => owner.carrier(),
        }
    }

    pub(crate) fn stream(&self) -> &Stream {
        self.carrier().stream()
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        self.carrier().lock()
    }

    /// Who writes and reads; `None`: whoever waits.
    pub(super) fn owner(&self) -> Option<&Arc<dyn Owner>> {
        match &self.way {
            Way::Own(_) => None,
            Way::Served(owner) => Some(owner),
        }
    }

    pub(crate) fn reply_bytes_max(&self) -> u32 {
        self.terms.calls.reply_bytes_max
    }

    /// The largest body that the peer takes.
    pub(crate) fn frame_bytes_max(&self) -> u32 {
        self.terms.frame_bytes_max
    }

    /// Descriptors may come with answers from now on.
    pub(crate) fn expect_fds(&self) {
        self.stream().expect_fds(self.terms.reply_fds_max);
    }

    pub(crate) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits::for_frames_of(self.reply_bytes_max())
    }

    /// Whether it has neither ended nor been told that the server stops.
    pub(crate) fn is_open(&self) -> bool {
        let mut woken = Vec::new();
        let mut state = self.look(&mut woken);
        let (caller, _) = state.calls();
        let is_open = caller.end().is_none() && !caller.is_closing();
        self.leave(state, woken);
        is_open
    }

    /// How services are called here.
    pub(crate) fn plans(&self) -> &Plans {
        &self.plans
    }

    /// What a generated client asks for, and until when. Its service is opened if it is not yet.
    pub(crate) fn request<'a>(&self, call: Outgoing<'a>) -> Result<(Request<'a>, Until), Error> {
        let (name, mut until) = (|| call.name(), Until::after(call.time_allowed()));
        let plan = super::open::plan(self, call.service, &name, &mut until)?;
        let method = planned(plan, call.method.index, &name)?;
        let has_fds = call.service.carries_fds(call.method.index);
        Ok((Request { service: plan.service, method, args: call.args, has_fds }, until))
    }

    /// A whole call. The answer is then in `buffer` at the place given; a one-way call has none.
    pub(crate) fn call(&self, call: Outgoing<'_>, buffer: &mut Message) -> Result<Option<Place>, Error> {
        let (request, until) = self.request(call)?;
        let ask = Ask { until, name: &|| call.name() };
        if !call.has_reply() {
            return self.post(request, ask, buffer).map(|()| None);
        }
        let started = self.start(request, ask, buffer)?;
        let start = self.wait_for(started, ask, buffer)?;
        Ok(Some(Place { start, method: request.method }))
    }

    /// Queues a call, as soon as there is room for one more. Whoever begins a call goes on with the lock in hand.
    pub(crate) fn start(&self, request: Request<'_>, ask: Ask<'_>, buffer: &mut Message) -> Result<Started<'_>, Error> {
        let mut ticket = None;
        let started = self.start_in_turn(request, ask, buffer, &mut ticket);
        if let (Err(_), Some(ticket)) = (&started, ticket) {
            let (mut state, mut woken) = (self.lock(), Vec::new());
            state.calls().0.calls.leave_queue(ticket, &mut woken);
            self.leave(state, woken);
        }
        started
    }

    fn start_in_turn(
        &self,
        request: Request<'_>,
        ask: Ask<'_>,
        buffer: &mut Message,
        ticket: &mut Option<Ticket>,
    ) -> Result<Started<'_>, Error> {
        let mut left = ask.until.known;
        self.encode(request, ask, left, buffer)?;
        loop {
            let mut state = self.lock();
            let (caller, outbox) = state.calls();
            usable(caller, ask)?;
            if caller.calls.may_start(*ticket) {
                let (id, mut woken) = (caller.start(buffer, outbox), Vec::new());
                if let Some(ticket) = *ticket {
                    caller.calls.leave_queue(ticket, &mut woken);
                }
                return Ok(Started { state, id, left: Some(left), woken });
            }
            let ticket = *ticket.get_or_insert_with(|| caller.calls.queue_up());
            self.wait_for_room(state, ask, ticket)?;
            left = ask.until.left();
            renew(buffer, left);
        }
    }

    /// Sends a frame of this kind and waits for what is answered, which is then in `buffer`, at the place given.
    pub(crate) fn exchange(
        &self,
        kind: Kind,
        ask: Ask<'_>,
        buffer: &mut Message,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<usize, Error> {
        buffer.clear();
        put_message(buffer, kind, CallId::NONE, |out| {
            body(&mut out.bytes);
            Ok::<_, Error>(())
        })?;
        let mut state = self.lock();
        let (caller, outbox) = state.calls();
        usable(caller, ask)?;
        let id = caller.start(buffer, outbox);
        self.wait_for(Started { state, id, left: Some(ask.until.known), woken: Vec::new() }, ask, buffer)
    }

    /// Ends the start of a call that nobody waits for yet. What is queued is written, unless more is likely to come: then
    /// it is written together, by the first that waits for an answer.
    pub(crate) fn nudge(&self, started: Started<'_>) -> CallId {
        let Started { mut state, id, woken, .. } = started;
        let (caller, outbox) = state.calls();
        if caller.calls.in_flight() == 1 || outbox.queued() >= COALESCE_BYTES_MAX {
            self.write_and_leave(state, woken);
        } else {
            self.pass_on(state, woken);
        }
        id
    }

    /// Sends everything that is queued, as far as the socket takes it without waiting.
    pub(crate) fn flush(&self) {
        self.write_and_leave(self.lock(), Vec::new());
    }

    pub(super) fn write_and_leave(&self, state: Guard<'_>, mut woken: Vec<Thread>) {
        let state = self.write_some(state, &mut woken);
        self.leave(state, woken);
    }

    /// Waits for the answer of a call that was started earlier; it is then in `buffer`, at the place given.
    pub(crate) fn wait(&self, id: CallId, ask: Ask<'_>, buffer: &mut Message) -> Result<usize, Error> {
        self.wait_for(Started { state: self.lock(), id, left: None, woken: Vec::new() }, ask, buffer)
    }

    /// The same for one that has just been started.
    pub(crate) fn wait_for(&self, started: Started<'_>, ask: Ask<'_>, buffer: &mut Message) -> Result<usize, Error> {
        let Started { mut state, id, mut left, mut woken } = started;
        let mut has_waited = false;
        loop {
            let (caller, outbox) = state.calls();
            if let Some(answer) = caller.take(id, buffer) {
                // Whoever finds his answer already there will begin the next call before he waits in earnest: writing
                // now would cost pipelined calls one write each.
                match has_waited {
                    true => self.leave(state, woken),
                    false => self.pass_on(state, woken),
                }
                return answer.map_err(|why| why.into_error((ask.name)(), ask.until.allowed));
            }
            if let Some(end) = caller.end().cloned() {
                let outcome = caller.give_up(id, outbox, &mut woken);
                self.leave(state, woken);
                return Err(over(end, outcome));
            }
            let time = left.take().unwrap_or_else(|| ask.until.left());
            if time == Some(Duration::ZERO) {
                let outcome = caller.give_up(id, outbox, &mut woken);
                // The cancel goes out if it can; nobody waits for it.
                self.write_and_leave(state, woken);
                return Err(ask.late(outcome));
            }
            state = self.advance(state, Waits::Answer(id), ask.until, time, &mut woken);
            has_waited = true;
        }
    }

    /// Ends the start of a call with items.
    pub(super) fn open(&self, started: Started<'_>, shape: Shape) -> CallId {
        let Started { mut state, id, woken, .. } = started;
        state.calls().0.open(id, shape);
        self.write_and_leave(state, woken);
        id
    }

    /// Nobody waits for this call any more.
    pub(crate) fn forget(&self, id: CallId) {
        let mut woken = Vec::new();
        let mut state = self.lock();
        let (caller, outbox) = state.calls();
        caller.give_up(id, outbox, &mut woken);
        self.write_and_leave(state, woken);
    }

    /// Has the peer answer something at once: whoever sits in a read cannot be woken, and looks up then.
    pub(super) fn stir(&self) {
        let (mut ping, mut woken) = (Message::default(), Vec::new());
        put(&mut ping.bytes, Kind::Ping, CallId::NONE, &());
        let mut state = self.lock();
        let (caller, outbox) = state.calls();
        if caller.is_usable() {
            let id = caller.start(&mut ping, outbox);
            caller.calls.give_up(id, true, &mut woken);
        }
        self.write_and_leave(state, woken);
    }

    /// Sends a call that nothing comes back for; returns when it is written.
    pub(crate) fn post(&self, request: Request<'_>, ask: Ask<'_>, buffer: &mut Message) -> Result<(), Error> {
        self.encode(request, ask, ask.until.known, buffer)?;
        let (mut state, mut woken, mut left) = (self.lock(), Vec::new(), ask.until.known);
        let (caller, outbox) = state.calls();
        usable(caller, ask)?;
        let frame = caller.post(buffer, outbox);
        loop {
            let (caller, outbox) = state.calls();
            let end = caller.end().cloned();
            if let Some(posted) = caller.posted(&frame, outbox) {
                self.leave(state, woken);
                return posted.map_err(|why| why.into_error((ask.name)(), ask.until.allowed));
            }
            if end.is_some() || left == Some(Duration::ZERO) {
                let outcome = caller.withdraw(&frame, outbox);
                self.leave(state, woken);
                return Err(end.map_or_else(|| ask.late(outcome), |end| over(end, outcome)));
            }
            state = self.write_or_sleep(state, ask.until, left, &mut woken);
            left = ask.until.left();
        }
    }

    fn wait_for_room<'a>(&'a self, mut state: Guard<'a>, ask: Ask<'_>, ticket: Ticket) -> Result<(), Error> {
        let mut woken = Vec::new();
        let mut left = ask.until.left();
        loop {
            let (caller, _) = state.calls();
            let end = caller.end().cloned();
            // After a goodbye there is none, ever: whoever tries is told so.
            let room = caller.calls.may_start(Some(ticket)) || caller.is_closing();
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
        buffer: &mut Message,
    ) -> Result<(), Error> {
        buffer.clear();
        let head = RequestHead { service: request.service, time_left, method: request.method };
        let encoded = put_message(buffer, Kind::Call, CallId::NONE, |out| {
            head.put(&mut out.bytes);
            match request.has_fds {
                true => beside::encode(request.args, out),
                false => request.args.encode(&mut out.bytes),
            }
        });
        encoded.map_err(|error| ask.named(error))?;
        beside::arguments_fit(buffer.fds.len(), self.terms.fds_max, ask.name)?;
        let (size, limit) = ((buffer.bytes.len() - HEAD_BYTES) as u64, u64::from(self.frame_bytes_max()));
        if size > limit {
            return Err(Error::TooLarge { method: (ask.name)(), size, limit, outcome: Outcome::NotSent });
        }
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Way::Served(owner) = &self.way {
            owner.carrier().lock().rest();
        }
    }
}

/// Says anew how much time is left, in a request that has waited for room. Its arguments stay as they were encoded: others
/// wait behind whoever has a place in the queue, so no user's code may run, panic, or call for room itself there.
fn renew(buffer: &mut Message, time_left: Option<Duration>) {
    let Message { bytes, fds } = buffer;
    let Some((head, args)) = bytes.get(HEAD_BYTES..).and_then(RequestHead::take) else { return };
    let mut renewed = Vec::with_capacity(bytes.len());
    let put = put_frame(&mut renewed, Kind::Call, CallId::NONE, |out| {
        RequestHead { time_left, ..head }.put(out);
        out.extend_from_slice(args);
        Ok::<_, Infallible>(())
    });
    if put.is_ok() {
        set_fds(&mut renewed, fds.len());
        *bytes = renewed;
    }
}

fn usable(caller: &Caller<Thread>, ask: Ask<'_>) -> Result<(), Error> {
    match caller.end() {
        Some(end) => Err(over(end.clone(), Outcome::NotSent)),
        None if caller.is_closing() => Err(Error::ShuttingDown { method: (ask.name)() }),
        None => Ok(()),
    }
}

pub(super) fn over(end: End, outcome: Outcome) -> Error {
    match end {
        End::Lost(cause) => Error::Disconnected { cause, outcome },
        End::Violation(problem) => Error::Protocol { problem, outcome },
    }
}
