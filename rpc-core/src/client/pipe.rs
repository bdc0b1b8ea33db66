//! A call with items to a handler of this process: two windows and an answer in memory, between two threads.
use crate::proto::{Inflow, Taken};
use crate::service::{Cancel, Conversation, Flow, Inlet, More, Outlet, Stopped};
use crate::wire::{Message, put_item};
use crate::{Encode, Error, Outcome};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What both ends of such a call know.
pub(super) struct Pipe {
    pub(super) name: String,
    pub(super) allowed: Option<Duration>,
    pub(super) deadline: Option<Instant>,
    pub(super) cancel: Cancel,
    pub(super) item_bytes_max: u32,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// From the caller to the handler.
    input: Inflow,
    /// From the handler to the caller.
    items: Inflow,
    /// The handler takes no more input.
    deaf: bool,
    /// What ended the call before its handler did.
    failure: Option<Error>,
    /// What the handler answered.
    answer: Option<Result<(Message, usize), Error>>,
}

/// Which way items go.
#[derive(Clone, Copy)]
enum Way {
    ToHandler,
    ToCaller,
}

impl State {
    fn inflow(&mut self, way: Way) -> &mut Inflow {
        match way {
            Way::ToHandler => &mut self.input,
            Way::ToCaller => &mut self.items,
        }
    }

    fn has_ended(&self) -> bool {
        self.answer.is_some() || self.failure.is_some()
    }

    /// Whether nobody takes items that go this way.
    fn is_stopped(&self, way: Way) -> bool {
        let deaf = matches!(way, Way::ToHandler) && self.deaf;
        deaf || self.has_ended()
    }
}

impl Pipe {
    pub(super) fn new(name: String, allowed: Option<Duration>, limits: &crate::Limits) -> Arc<Self> {
        let (input, items) = (Inflow::new(limits.window_bytes), Inflow::new(limits.window_bytes));
        let state = State { input, items, deaf: false, failure: None, answer: None };
        Arc::new(Self {
            name,
            allowed,
            deadline: allowed.map(|allowed| Instant::now() + crate::proto::clamp(allowed)),
            cancel: Cancel::default(),
            item_bytes_max: limits.frame_bytes_max,
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    /// The handler has ended.
    pub(super) fn end(&self, answer: Result<(Message, usize), Error>) {
        self.lock().answer = Some(answer);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: Error) {
        self.lock().failure.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Sleeps until something changes, or the call's time is over.
    fn wait<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let Some(deadline) = self.deadline else {
            return self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Ends a call whose time is over. Whichever side finds out, it is the reason for both: a handler that stops for it,
    /// and says no more than that, may be quicker than its caller.
    fn expire<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.has_ended() || self.deadline.is_none_or(|deadline| Instant::now() < deadline) {
            return state;
        }
        let (method, allowed) = (self.name.clone(), self.allowed.unwrap_or_default());
        state.failure = Some(Error::Deadline { method, allowed, outcome: Outcome::Unknown });
        drop(state);
        // Without the lock: a waker is somebody else's code.
        self.cancel.set();
        self.changed.notify_all();
        self.lock()
    }

    fn send(&self, way: Way, item: &dyn Encode) -> Result<(), Stopped> {
        let mut bytes = Vec::new();
        if let Err(error) = put_item(&mut bytes, |out| item.encode(out)) {
            let Error::Encode { problem, .. } = error else { return Err(Stopped) };
            self.fail(Error::Encode { method: self.name.clone(), problem, outcome: self.outcome(way) });
            return Err(Stopped);
        }
        let size = (bytes.len() - crate::wire::ITEM_HEAD_BYTES) as u64;
        if size > self.item_bytes_max.into() {
            let (method, limit) = (self.name.clone(), self.item_bytes_max.into());
            self.fail(Error::TooLarge { method, size, limit, outcome: self.outcome(way) });
            return Err(Stopped);
        }
        self.push(way, &bytes)
    }

    /// What happened to a call that one of its own items ended.
    fn outcome(&self, way: Way) -> Outcome {
        match way {
            Way::ToHandler => Outcome::Unknown,
            Way::ToCaller => Outcome::Executed,
        }
    }

    fn push(&self, way: Way, mut bytes: &[u8]) -> Result<(), Stopped> {
        let mut state = self.lock();
        loop {
            state = self.expire(state);
            if state.is_stopped(way) || self.cancel.is_set() {
                return Err(Stopped);
            }
            let inflow = state.inflow(way);
            let (now, later) = bytes.split_at(inflow.room().min(bytes.len()));
            if !now.is_empty() && !inflow.received(now) {
                return Err(Stopped);
            }
            bytes = later;
            self.changed.notify_all();
            if bytes.is_empty() {
                return Ok(());
            }
            state = self.wait(state);
        }
    }
}

/// The sending half.
struct End {
    pipe: Arc<Pipe>,
    way: Way,
    finished: bool,
    /// An item was not sent, or a part of it only: nothing may follow, and there is no good end.
    cut: bool,
}

impl Outlet for End {
    fn send(&mut self, item: &dyn Encode, _more: bool) -> Result<(), Stopped> {
        if self.cut {
            return Err(Stopped);
        }
        let sent = self.pipe.send(self.way, item);
        self.cut = sent.is_err();
        sent
    }

    fn finish(&mut self) {
        self.finished = true;
        if let Way::ToHandler = self.way {
            self.pipe.lock().input.ended(!self.cut);
            self.pipe.changed.notify_all();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let (Way::ToHandler, false) = (self.way, self.finished) {
            self.pipe.lock().input.ended(false);
            self.pipe.changed.notify_all();
        }
    }
}

/// The handler's receiving half.
struct Input(Arc<Pipe>);

impl Inlet for Input {
    fn more(&mut self, buffer: &mut Vec<u8>) -> More {
        let mut state = self.0.lock();
        loop {
            state = self.0.expire(state);
            match state.input.take(buffer) {
                Taken::Bytes => {
                    state.input.grant();
                    self.0.changed.notify_all();
                    return More::Bytes;
                }
                Taken::Finished => return More::End,
                Taken::Abandoned => return More::Stopped,
                Taken::Nothing if self.0.cancel.is_set() || state.has_ended() => return More::Stopped,
                Taken::Nothing => state = self.0.wait(state),
            }
        }
    }

    fn fail(&mut self, problem: String) {
        // Not `Malformed`, which says that no handler ran.
        self.0.fail(Error::NoReply { method: self.0.name.clone(), why: problem });
    }

    fn item_bytes_max(&self) -> u32 {
        self.0.item_bytes_max
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.0.lock().deaf = true;
        self.0.changed.notify_all();
    }
}

impl Flow for Pipe {
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet> {
        Box::new(End { pipe: self, way: Way::ToCaller, finished: false, cut: false })
    }

    fn inlet(self: Arc<Self>) -> Box<dyn Inlet> {
        Box::new(Input(self))
    }

    fn failure(&self) -> Option<Error> {
        self.lock().failure.clone()
    }

    fn abort(&self, why: String) {
        Pipe::fail(self, Error::NoReply { method: self.name.clone(), why });
    }
}

/// The caller's receiving half.
pub(super) struct CallerEnd(pub(super) Arc<Pipe>);

impl CallerEnd {
    /// The caller's sending half.
    pub(super) fn outlet(&self) -> Box<dyn Outlet> {
        Box::new(End { pipe: self.0.clone(), way: Way::ToHandler, finished: false, cut: false })
    }
}

impl Conversation for CallerEnd {
    fn items(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        let mut state = self.0.lock();
        loop {
            state = self.0.expire(state);
            if state.items.take(buffer) == Taken::Bytes {
                state.items.grant();
                self.0.changed.notify_all();
                return Ok(true);
            }
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            match &state.answer {
                Some(Ok(_)) => return Ok(false),
                Some(Err(error)) => return Err(error.clone()),
                None => state = self.0.wait(state),
            }
        }
    }

    fn answer(&mut self, answer: &mut Message) -> Result<usize, Error> {
        while self.items(&mut answer.bytes)? {
            answer.clear();
        }
        let taken = || Err(Error::NoReply { method: self.name(), why: "its answer was taken already".to_owned() });
        let given = self.0.lock().answer.take();
        let (message, start) = given.unwrap_or_else(taken)?;
        *answer = message;
        Ok(start)
    }

    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn item_bytes_max(&self) -> u32 {
        self.0.item_bytes_max
    }
}

impl Drop for CallerEnd {
    fn drop(&mut self) {
        // First the flag: whoever wakes finds it set.
        self.0.cancel.set();
        let _state = self.0.lock();
        self.0.changed.notify_all();
    }
}
