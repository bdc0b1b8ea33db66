//! The server's end: the thinnest driver of a [`Session`] and of the items of its calls, as `server::serve`, `server::flow`
//! and `server::link` are, with one link and a task for each handler.
use super::ledger::Ledger;
use super::scenario::{SHAPES, Scenario, call_of};
use super::tap::Tap;
use super::transport::{Received, Time, Way};
use super::world::{Gate, Task, World};
use crate::Shape;
use crate::proto::{
    Catalog, CatalogEntry, Fault, Limits, Outbox, PeerTerms, Request, Session, Side, Step, Streams, Waits, put,
};
use crate::wire::{Arrivals, CallId, Hello, Kind, Message, Wanted, put_preface};
use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;

/// As the driver has it.
const UNREAD_BYTES_MAX: usize = 256 << 10;

/// The server's end of the connection.
pub(super) struct Link {
    pub(super) world: Rc<World>,
    pub(super) scenario: Rc<Scenario>,
    pub(super) ledger: Rc<Ledger>,
    pub(super) tap: Rc<RefCell<Tap>>,
    catalog: Catalog,
    state: RefCell<State>,
    /// Who reads and parses.
    worker: Task,
}

pub(super) struct State {
    pub(super) session: Session<Rc<Cell<bool>>>,
    pub(super) outbox: Outbox,
    pub(super) streams: Streams,
    /// Handlers that sleep for something.
    pub(super) waiting: Vec<(Waits, Task)>,
    rest: Vec<u8>,
    /// What is left over is part of a frame.
    hungry: bool,
    /// The last call that was not ignored.
    last: CallId,
    read_at: Time,
    holds: u32,
    writing: bool,
    blocked: bool,
    pub(super) closed: bool,
    jobs: usize,
}

/// A call that may be run.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) number: u32,
    pub(super) shape: Shape,
    pub(super) deadline: Option<Time>,
    pub(super) peer: PeerTerms,
    pub(super) cancel: Rc<Cell<bool>>,
}

impl Call {
    pub(super) fn has_reply(&self) -> bool {
        self.shape != Shape::OneWay
    }
}

impl Link {
    /// One whose handshake is done.
    pub(super) fn new(
        world: Rc<World>,
        scenario: Rc<Scenario>,
        ledger: Rc<Ledger>,
        tap: Rc<RefCell<Tap>>,
        limits: Limits,
    ) -> Self {
        let shapes = SHAPES.to_vec();
        let entry = CatalogEntry { name: "Sim".to_owned(), fingerprint: 7, schema: Vec::new(), shapes, has_fds: false };
        let streams = Streams::new(Side::Callee, limits.window_bytes);
        let catalog = Catalog { entries: vec![entry], instance: 1, limits };
        let session = greeted(&catalog, &scenario);
        let state = State {
            session,
            outbox: Outbox::default(),
            streams,
            waiting: Vec::new(),
            rest: Vec::new(),
            hungry: true,
            last: CallId::NONE,
            read_at: 0,
            holds: 0,
            writing: false,
            blocked: false,
            closed: false,
            jobs: 0,
        };
        let worker = world.task();
        Self { world, scenario, ledger, tap, catalog, state: RefCell::new(state), worker }
    }

    pub(super) fn lock(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.catalog.limits
    }

    /// Reads, parses, runs short handlers, and sends what others have queued.
    pub(super) async fn work(self: Rc<Self>) {
        loop {
            let State { closed, blocked, hungry, writing, holds, .. } = *self.lock();
            if closed {
                return;
            }
            let reads = !blocked && holds == 0;
            if reads && !hungry {
                self.frames().await;
                continue;
            }
            let (readable, writable) = (reads.then_some(Way::Up), writing.then_some(Way::Down));
            self.world.pause(self.worker, Gate { woken: true, readable, writable, until: None }).await;
            self.world.rest(self.worker);
            if writing && self.world.transport.borrow().is_writable(Way::Down) {
                let mut state = self.lock();
                (state.writing, state.blocked) = (false, false);
                drop(state);
                self.flush();
            } else if reads && self.world.transport.borrow().is_readable(Way::Up, self.world.now()) {
                self.fill();
            }
        }
    }

    pub(super) fn worker(&self) -> Task {
        self.worker
    }

    fn fill(&self) {
        let mut state = self.lock();
        let received = self.world.read(Way::Up, &mut state.rest);
        state.read_at = self.world.now();
        match received {
            Ok(Received::Bytes(_)) => state.hungry = false,
            Ok(Received::Nothing) => {}
            Ok(Received::End) | Err(_) => {
                drop(state);
                self.close();
            }
        }
    }

    /// The frames that have come, until one is cut short, or a call holds the link.
    async fn frames(self: &Rc<Self>) {
        let bytes = std::mem::take(&mut self.lock().rest);
        let mut at = 0;
        while self.frame(&bytes, &mut at) {
            if self.world.random.borrow_mut().once_in(4) {
                self.world.yield_now(self.worker).await;
            }
        }
        let mut state = self.lock();
        if !state.closed {
            state.rest = bytes[at..].to_vec();
            state.hungry |= state.rest.is_empty();
        }
        drop(state);
        self.flush();
    }

    /// One frame. False: no further one now.
    fn frame(self: &Rc<Self>, bytes: &[u8], at: &mut usize) -> bool {
        let mut out = Vec::new();
        let mut state = self.lock();
        if state.closed || state.blocked || state.holds > 0 {
            return false;
        }
        let step = state.session.step(&bytes[*at..], &mut Arrivals::default(), &self.catalog, &mut out);
        self.world.note(|| format!("server: {:.80}", format!("{step:?}")));
        if out.get(4) == Some(&(Kind::Pong as u8)) {
            self.tap.borrow_mut().queued(call_id(&out));
        }
        let used = match step {
            Step::Partial(_) => {
                state.hungry = true;
                return false;
            }
            Step::Done(used) | Step::Refused(_, used) => {
                drop(state);
                used
            }
            Step::Cancel(id, used) => {
                drop(state);
                self.cancel(id);
                used
            }
            Step::Items(head, body, used) => {
                let woken = state.streams.received(head.kind, head.call, body).expect("the client is honest");
                woken.into_iter().for_each(|what| self.wake(&mut state, what));
                drop(state);
                used
            }
            Step::Call(request, used) => {
                state.last = request.id;
                drop(state);
                self.call(request);
                used
            }
            step => panic!("the server says of an honest client: {step:?} {}", String::from_utf8_lossy(&out)),
        };
        *at += used;
        self.push(&out);
        true
    }

    pub(super) fn wake(&self, state: &mut State, what: Waits) {
        if let Some(at) = state.waiting.iter().position(|(waits, _)| *waits == what) {
            self.world.wake(&mut vec![state.waiting.swap_remove(at).1]);
        }
    }

    /// The caller has given up.
    fn cancel(&self, id: CallId) {
        let mut state = self.lock();
        state.session.running(id).into_iter().for_each(|cancel| cancel.set(true));
        state.outbox.drop_items(Side::Callee, id);
        state.streams.stop(id, false);
        self.wake(&mut state, Waits::Items(id));
        self.wake(&mut state, Waits::Credit(id));
    }

    fn call(self: &Rc<Self>, request: Request<'_>) {
        let number = call_of(request.args);
        let deadline = request.time_left.map(|left| self.lock().read_at + left.as_micros() as Time);
        let Request { id, shape, peer, .. } = request;
        let call = Call { id, number, shape, deadline, peer, cancel: Rc::default() };
        match self.scenario.calls[number as usize].handler.starts_after {
            None if self.is_late(&call) => self.refuse(&call, &Fault::Deadline),
            None => {
                self.ledger.enters(number, id.0);
                let mut answer = self.answer(&call, true).into();
                self.ledger.returns(number);
                self.push_answer(id, &mut answer);
            }
            Some(_) => self.hand_over(call),
        }
    }

    pub(super) fn is_late(&self, call: &Call) -> bool {
        call.deadline.is_some_and(|deadline| deadline <= self.world.now())
    }

    /// Runs a call in a task of its own. The link is held until the call has been entered.
    fn hand_over(self: &Rc<Self>, call: Call) {
        let mut state = self.lock();
        let all = call.shape.has_items() && state.streams.held_up(&state.outbox) >= self.limits().streams_max as usize;
        if all || state.jobs >= self.limits().jobs_max {
            drop(state);
            return self.refuse(&call, &Fault::Overloaded);
        }
        state.jobs += 1;
        state.holds += 1;
        if call.shape.has_items() {
            state.streams.open(call.id, call.shape, call.peer.window_bytes);
        }
        state.session.detach(call.id, call.cancel.clone());
        drop(state);
        let (task, this) = (self.world.task(), self.clone());
        self.world.spawn(task, this.run(task, call));
    }

    /// A call that held the link has been entered, or has ended.
    pub(super) fn unhold(&self) {
        self.lock().holds -= 1;
        self.world.wake(&mut vec![self.worker]);
    }

    pub(super) fn refuse(&self, call: &Call, fault: &Fault) {
        if call.has_reply() {
            let mut out = Message::default();
            put(&mut out.bytes, Kind::Fault, call.id, fault);
            self.push_answer(call.id, &mut out);
        }
    }

    /// A call that ran elsewhere has its answer: its place is free.
    pub(super) fn finish(&self, id: CallId) {
        let mut state = self.lock();
        state.session.finish(id);
        state.streams.close(id);
    }

    pub(super) fn job_ended(&self) {
        self.lock().jobs -= 1;
    }

    pub(super) fn push(&self, frames: &[u8]) {
        let mut state = self.lock();
        if !state.closed && !frames.is_empty() {
            state.outbox.push_bytes(frames);
            self.cut_off(state);
        }
    }

    pub(super) fn push_answer(&self, id: CallId, frame: &mut Message) {
        let mut state = self.lock();
        if !state.closed && !frame.is_empty() {
            state.outbox.push_answer(id, frame);
            self.cut_off(state);
        }
    }

    /// A client that does not read what it asked for.
    fn cut_off(&self, state: RefMut<'_, State>) {
        let owed = state.outbox.owed();
        drop(state);
        if owed > self.limits().unsent_bytes_max + self.limits().frame_bytes_max as usize {
            assert!(!self.scenario.calm, "{owed} bytes are owed to a client that asked for less");
            self.close();
        }
    }

    /// Sends what is queued, as far as it is taken at once.
    pub(super) fn flush(&self) {
        let mut state = self.lock();
        state.outbox.settle();
        while !state.closed && !state.outbox.is_empty() {
            let (batch, mut at) = (state.outbox.take(), 0);
            let sent = loop {
                let [piece, _] = batch.rest(at).bytes;
                match self.world.write(Way::Down, piece) {
                    Ok(0) => break Ok(()),
                    Ok(count) => {
                        self.tap.borrow_mut().hears(&piece[..count]);
                        at += count;
                    }
                    Err(broken) => break Err(broken),
                }
                if at == batch.len() {
                    break Ok(());
                }
            };
            let blocked = at < batch.len();
            state.outbox.wrote(batch, at);
            if sent.is_err() {
                drop(state);
                return self.close();
            }
            if blocked {
                (state.writing, state.blocked) = (true, state.outbox.owed() > UNREAD_BYTES_MAX);
                return self.world.wake(&mut vec![self.worker]);
            }
        }
    }

    /// Ends the link: handlers are told, the connection is shut.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        self.world.note(|| "server: closes".to_owned());
        state.rest = Vec::new();
        state.session.in_flight().for_each(|cancel| cancel.set(true));
        state.outbox = Outbox::default();
        state.streams.stop_all();
        let mut woken: Vec<Task> = state.waiting.drain(..).map(|(_, task)| task).collect();
        woken.push(self.worker);
        self.world.wake(&mut woken);
        self.world.transport.borrow_mut().shut(Way::Down);
    }

    /// Starts no more calls, waits for those that run, and closes.
    pub(super) async fn drain(self: Rc<Self>, task: Task) {
        let Some(drain) = self.scenario.drain else { return };
        self.world.pause(task, Gate { until: Some(drain.at), ..Gate::default() }).await;
        self.say_goodbye();
        let end = drain.at + drain.time_max;
        while self.world.now() < end && !self.is_quiet() {
            let soon = self.world.now() + 1 + drain.time_max / 16;
            self.world.pause(task, Gate { until: Some(soon.min(end)), ..Gate::default() }).await;
        }
        self.close();
    }

    fn say_goodbye(&self) {
        let (mut state, mut out) = (self.lock(), Vec::new());
        state.session.drain(&mut out);
        assert_eq!(call_id(&out), state.last, "goodbye names another call than the last");
        drop(state);
        self.push(&out);
        self.flush();
    }

    fn is_quiet(&self) -> bool {
        let state = self.lock();
        state.closed || state.jobs == 0 && state.outbox.queued() == 0
    }

    /// Looks for handlers that sleep although what they wait for is there, and for more memory than was agreed on.
    pub(super) fn check(&self) {
        let state = &mut *self.lock();
        for (what, task) in &state.waiting {
            let come = match what {
                Waits::Items(id) => state.streams.has_some(*id),
                Waits::Credit(id) => state.streams.may_send(*id),
                _ => false,
            };
            assert!(!come || self.world.is_woken(*task), "nobody wakes handler {task}, which sleeps for {what:?}");
        }
        let windows = state.streams.len() * self.limits().window_bytes as usize;
        assert!(state.streams.held() <= windows, "{} bytes of items are held, of {windows}", state.streams.held());
    }

    /// Nothing is left over.
    pub(super) fn is_clean(&self) {
        let state = &mut *self.lock();
        assert_eq!(state.session.in_flight().count(), 0, "the server still has calls in flight");
        assert_eq!(state.streams.len(), 0, "the server still has calls with items");
        assert!(state.outbox.is_idle() || state.writing, "nobody sends what waits");
        assert_eq!((state.waiting.len(), state.jobs), (0, 0), "handlers are left over");
    }
}

/// The call of a frame.
fn call_id(frame: &[u8]) -> CallId {
    CallId(u32::from_le_bytes(frame[8..12].try_into().expect("four bytes")))
}

/// The handshake is simulated elsewhere, byte by byte.
fn greeted(catalog: &Catalog, scenario: &Scenario) -> Session<Rc<Cell<bool>>> {
    let (mut hello, mut session, mut at) = (Vec::new(), Session::new(false), 0);
    put_preface(&mut hello);
    let said = Hello {
        frame_bytes_max: scenario.sizes.frame,
        calls_max: 0,
        window_bytes: scenario.sizes.client_window,
        fds_max: 0,
        service: Some(Wanted { name: "Sim".to_owned(), fingerprint: 7 }),
    };
    put(&mut hello, Kind::Hello, CallId::NONE, &said);
    while let Step::Done(used) = session.step(&hello[at..], &mut Arrivals::default(), catalog, &mut Vec::new()) {
        at += used;
    }
    assert!(session.is_open());
    session
}
