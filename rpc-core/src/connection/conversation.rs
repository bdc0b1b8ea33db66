//! A call with items over a line, as its caller holds it: two halves that two threads may use.
use super::ask::{Ask, Place, Request, Until, body};
use super::carrier::Guard;
use super::line::{Line, over};
use crate::proto::{Next, Sent, Waits};
use crate::service::{Conversation, Halves, Outlet, Stopped};
use crate::wire::{CallId, ITEM_HEAD_BYTES, Message, put_item};
use crate::{Encode, Error, Outcome, Shape};
use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Items that may wait for those behind them are sent once there is this much of them.
const BATCH_BYTES: usize = 16 << 10;

/// How long dropping an unfinished sink waits for the socket to take the news of it. It is a few bytes.
const ABANDON_TIME_MAX: Duration = Duration::from_secs(1);

/// What both halves know.
struct Common {
    line: Arc<Line>,
    _home: Option<Arc<dyn Any + Send + Sync>>,
    id: CallId,
    /// What its answer begins with.
    method: u32,
    name: String,
    until: Until,
    /// What ended the call, if that is known: whoever asks again is told the same.
    failure: OnceLock<Error>,
}

impl Line {
    /// Starts a call with items.
    pub(crate) fn converse(
        self: &Arc<Self>,
        request: Request<'_>,
        until: Until,
        name: String,
        shape: Shape,
    ) -> Result<Halves, Error> {
        let named = || name.clone();
        let ask = Ask { until, name: &named };
        let id = super::scratch::with(|buffer| {
            let started = self.start(request, ask, buffer)?;
            Ok::<_, Error>(self.open(started, shape))
        })?;
        let (line, _home, failure) = (self.clone(), self.home(), OnceLock::new());
        let common = Arc::new(Common { line, _home, id, method: request.method, name, until, failure });
        let answers = Answers(common.clone());
        Ok((Box::new(Input { common, bytes: Vec::new(), cut: false, ended: !shape.accepts() }), Box::new(answers)))
    }
}

/// The sending half.
struct Input {
    common: Arc<Common>,
    bytes: Vec<u8>,
    /// Some of it was not sent, and thrown away, perhaps in the midst of an item: nothing may follow, and it has no good end.
    cut: bool,
    ended: bool,
}

impl Outlet for Input {
    fn send(&mut self, item: &dyn Encode, more: bool) -> Result<(), Stopped> {
        if self.cut {
            return Err(Stopped);
        }
        let start = self.bytes.len();
        if let Err(error) = put_item(&mut self.bytes, |out| item.encode(out)) {
            let method = self.common.name.clone();
            return Err(self.fail(match error {
                Error::Encode { problem, .. } => Error::Encode { method, problem, outcome: Outcome::Unknown },
                other => other,
            }));
        }
        let (size, limit) =
            ((self.bytes.len() - start - ITEM_HEAD_BYTES) as u64, self.common.line.frame_bytes_max().into());
        if size > limit {
            let method = self.common.name.clone();
            return Err(self.fail(Error::TooLarge { method, size, limit, outcome: Outcome::Unknown }));
        }
        if more && self.bytes.len() < BATCH_BYTES {
            return Ok(());
        }
        self.flush()
    }

    fn finish(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            let complete = !self.cut && self.flush().is_ok();
            self.common.end(complete, self.common.until);
        }
    }
}

impl Input {
    fn flush(&mut self) -> Result<(), Stopped> {
        let sent = self.common.send(&self.bytes);
        self.bytes.clear();
        self.cut = sent.is_err();
        sent
    }

    fn fail(&mut self, error: Error) -> Stopped {
        let _ = self.common.failure.set(error);
        self.ended = true;
        self.common.line.forget(self.common.id);
        // The other half may be the one that reads, and its handler may take its time.
        self.common.line.stir();
        Stopped
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if !self.ended {
            let mut until = self.common.until;
            let soon = Instant::now() + ABANDON_TIME_MAX;
            until.deadline = Some(until.deadline.map_or(soon, |deadline| deadline.min(soon)));
            self.common.end(false, until);
        }
    }
}

impl Common {
    /// Sends bytes of items. Returns when the socket has taken them: nobody else might see to it.
    fn send(&self, bytes: &[u8]) -> Result<(), Stopped> {
        let (mut at, mut woken) = (0, Vec::new());
        let mut state = self.line.lock();
        while at < bytes.len() {
            let (caller, outbox) = state.calls();
            match caller.send_items(self.id, bytes.get(at..).unwrap_or_default(), outbox) {
                Sent::Stopped => {
                    self.line.leave(state, woken);
                    return Err(Stopped);
                }
                Sent::Some(count) if count > 0 => at += count,
                Sent::Some(_) => {
                    let left = self.until.left();
                    if left == Some(Duration::ZERO) {
                        self.line.leave(state, woken);
                        return Err(Stopped);
                    }
                    state = self.line.advance(state, Waits::Credit(self.id), self.until, left, &mut woken);
                }
            }
        }
        self.written(state, woken, self.until)
    }

    /// The last item is sent, or never will be.
    fn end(&self, complete: bool, until: Until) {
        let mut state = self.line.lock();
        let (caller, outbox) = state.calls();
        caller.end_items(self.id, complete, outbox);
        let _ = self.written(state, Vec::new(), until);
    }

    /// Waits until everything that this half has queued is written.
    fn written<'a>(&'a self, mut state: Guard<'a>, mut woken: Vec<Thread>, until: Until) -> Result<(), Stopped> {
        let mut mark = None;
        loop {
            let (caller, outbox) = state.calls();
            if mark.is_none() && !caller.has_lane(self.id, outbox) {
                mark = Some(outbox.end());
            }
            let written = mark.is_some_and(|mark| outbox.sent() >= mark);
            let (over, left) = (!caller.is_usable(), until.left());
            if written || over || left == Some(Duration::ZERO) {
                self.line.leave(state, woken);
                return if written { Ok(()) } else { Err(Stopped) };
            }
            state = self.line.write_or_sleep(state, until, left, &mut woken);
        }
    }

    /// Why nothing more comes.
    fn failed(&self, mut state: Guard<'_>, mut woken: Vec<Thread>) -> Error {
        let (caller, outbox) = state.calls();
        let error = match caller.take(self.id, &mut Message::default()) {
            Some(Err(why)) => why.into_error(self.name.clone(), self.until.allowed),
            _ => {
                let end = caller.end().cloned();
                let outcome = caller.give_up(self.id, outbox, &mut woken);
                let cut = || Error::Disconnected { cause: "its call is over".to_owned(), outcome };
                end.map_or_else(cut, |end| over(end, outcome))
            }
        };
        self.line.leave(state, woken);
        error
    }
}

/// The receiving half.
struct Answers(Arc<Common>);

impl Answers {
    fn wait(&self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        let Common { line, id, until, .. } = &*self.0;
        let mut woken = Vec::new();
        let mut state = line.lock();
        loop {
            if let Some(error) = self.0.failure.get() {
                line.leave(state, woken);
                return Err(error.clone());
            }
            let (caller, outbox) = state.calls();
            match caller.take_items(*id, buffer, outbox) {
                next @ (Next::Items | Next::Answered) => {
                    line.leave(state, woken);
                    return Ok(next == Next::Items);
                }
                Next::Failed => return Err(self.0.failed(state, woken)),
                Next::Nothing => {}
            }
            let left = until.left();
            if left == Some(Duration::ZERO) {
                let outcome = caller.give_up(*id, outbox, &mut woken);
                line.write_and_leave(state, woken);
                let name = || self.0.name.clone();
                return Err(Ask { until: *until, name: &name }.late(outcome));
            }
            state = line.advance(state, Waits::Items(*id), *until, left, &mut woken);
        }
    }
}

impl Conversation for Answers {
    fn items(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        // A fault is taken when it is told: it must not be waited for once more.
        self.wait(buffer).inspect_err(|error| {
            let _ = self.0.failure.set(error.clone());
        })
    }

    fn answer(&mut self, answer: &mut Message) -> Result<usize, Error> {
        while self.items(&mut answer.bytes)? {
            answer.clear();
        }
        let mut state = self.0.line.lock();
        let (caller, _) = state.calls();
        let start = match caller.take(self.0.id, answer) {
            Some(Ok(start)) => start,
            _ => return Err(self.0.failed(state, Vec::new())),
        };
        drop(state);
        let bad = |problem| Error::BadReply { method: self.0.name.clone(), problem };
        let rest = body(&answer.bytes, Place { start, method: self.0.method }).map_err(bad)?;
        Ok(answer.bytes.len() - rest.len())
    }

    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn item_bytes_max(&self) -> u32 {
        self.0.line.reply_bytes_max()
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.0.line.forget(self.0.id);
    }
}
