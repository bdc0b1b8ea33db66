//! A connected socket, and what is to be sent over it: the one thing that whoever calls and whoever serves share.
//!
//! All state is in one mutex, held for moments and never across a user's code. Of what an active connection needs an idle one has
//! only empty places: each is made at its first use, and a server's connection gives it back when it rests.
use super::line::Line;
use super::roles::Reading;
use crate::net::Stream;
use crate::proto::{CallTerms, Caller, End, Outbox, Streams, Waits};
use crate::wire::CallId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Thread;

/// A connected socket, and its send half.
#[derive(Debug)]
pub(crate) struct Carrier {
    stream: Stream,
    state: Mutex<State>,
}

/// The send half, and the calls of both sides.
#[derive(Debug)]
pub(crate) struct State {
    /// `None`: nothing waits to be sent, and nobody has to know how much was.
    pub(crate) outbox: Option<Box<Outbox>>,
    /// This side's calls; `None`: it makes none.
    pub(crate) calls: Option<Box<Calls>>,
    /// The items of the other side's calls, and who waits for them; `None`: there are none.
    pub(crate) callee: Option<Box<Callee>>,
    /// The last number of this side's calls, while there are none: numbers go on from here.
    last: CallId,
    /// Nothing is queued any more: nobody would ever take it away.
    pub(crate) closed: bool,
}

/// This side's calls.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) caller: Caller<Thread>,
    /// What they are made over, where a server's threads write and read.
    line: Weak<Line>,
    /// Where its callers do; `None`: one of them reads.
    pub(super) reading: Option<Box<Reading>>,
}

/// The items of the other side's calls.
#[derive(Debug)]
pub(crate) struct Callee {
    pub(crate) streams: Streams,
    pub(crate) waiting: Vec<(Waits, Thread)>,
}

/// Why there are calls.
const CALLED: &str = "a line has a caller before it is called over";

pub(crate) type Guard<'a> = MutexGuard<'a, State>;

impl Carrier {
    /// Nobody calls over it yet.
    pub(crate) fn new(stream: Stream) -> Self {
        let state = State { outbox: None, calls: None, callee: None, last: CallId::NONE, closed: false };
        Self { stream, state: Mutex::new(state) }
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        // No user's code runs under this lock, so a panic under it would be a bug of ours, and the state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where frames are queued.
    pub(crate) fn outbox(&mut self) -> &mut Outbox {
        self.outbox.get_or_insert_default()
    }

    /// What calls need. Only lines that can be called over get here.
    pub(crate) fn calls(&mut self) -> (&mut Caller<Thread>, &mut Outbox) {
        let calls = self.calls.as_mut().expect(CALLED);
        (&mut calls.caller, self.outbox.get_or_insert_default())
    }

    /// The reading role, unless somebody has it. Only lines that can be called over get here.
    pub(super) fn reading(&mut self) -> &mut Option<Box<Reading>> {
        &mut self.calls.as_mut().expect(CALLED).reading
    }

    /// The line that this side calls over, if somebody has it.
    pub(crate) fn line(&self) -> Option<Arc<Line>> {
        self.calls.as_ref()?.line.upgrade()
    }

    /// From now on this side may call, over this line.
    pub(crate) fn enable_calls(&mut self, terms: CallTerms, line: Weak<Line>) {
        let (last, closed) = (self.last, self.closed);
        let calls = self.calls.get_or_insert_with(|| {
            let mut caller = Caller::new(terms, last);
            if closed {
                caller.over(End::Lost("the other side closed it".to_owned()), &mut Vec::new());
            }
            Box::new(Calls { caller, line: Weak::new(), reading: None })
        });
        calls.line = line;
    }

    /// Whether this side has made such a call, which is over, as all of its calls are.
    pub(crate) fn had_call(&self, id: CallId) -> bool {
        self.calls.is_none() && id != CallId::NONE && !id.is_after(self.last)
    }

    /// Gives back what an idle connection of a server needs not. The emptied outbox is for whoever can use it.
    pub(crate) fn rest(&mut self) -> Option<Box<Outbox>> {
        if self.outbox.as_ref().is_some_and(|outbox| !outbox.is_idle()) {
            return None;
        }
        self.callee.take_if(|callee| callee.streams.is_empty() && callee.waiting.is_empty());
        let is_over = |calls: &mut Box<Calls>| calls.line.strong_count() == 0 && calls.caller.is_idle();
        if let Some(calls) = self.calls.take_if(is_over) {
            self.last = calls.caller.calls.last();
        }
        if self.calls.is_some() || self.callee.is_some() {
            // They know where their frames stand among all bytes that were sent.
            self.outbox.iter_mut().for_each(|outbox| outbox.shrink());
            return None;
        }
        let mut outbox = self.outbox.take()?;
        outbox.restart();
        Some(outbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Kind, Message, put_part};

    const TERMS: CallTerms = CallTerms { calls_max: 9, reply_bytes_max: 9, window_bytes: 9, peer_window_bytes: 9 };

    fn start(state: &mut State) -> CallId {
        let mut frame = Message::default();
        put_part(&mut frame.bytes, Kind::Call, CallId::NONE, b"body", false);
        let (caller, outbox) = state.calls();
        caller.start(&mut frame, outbox)
    }

    #[test]
    fn what_rests_keeps_only_the_number_of_its_last_call() {
        let carrier = Carrier::new(Stream::pair().unwrap().0);
        let mut state = carrier.lock();
        state.enable_calls(TERMS, Weak::new());
        let first = start(&mut state);
        assert!(state.rest().is_none() && state.outbox.is_some(), "it has something to send");
        let batch = state.outbox().take();
        let length = batch.len();
        state.outbox().wrote(batch, length);
        assert!(state.rest().is_none() && state.calls.is_some(), "an answer will come");
        state.calls().0.calls.give_up(first, false, &mut Vec::new());
        let outbox = state.rest().expect("nobody needs it");
        assert_eq!((outbox.sent(), outbox.queued()), (0, 0));
        assert!(state.calls.is_none() && state.outbox.is_none());
        assert!(state.had_call(first) && !state.had_call(first.next()) && !state.had_call(CallId::NONE));
        state.enable_calls(TERMS, Weak::new());
        assert_eq!(start(&mut state), first.next());
    }
}
