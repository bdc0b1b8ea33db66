//! Starts a call for each line of stdin, as many at a time as there are permits.
use crate::arguments::Given;
use crate::failure::Failure;
use crate::lines::{Line, Lines};
use crate::method::Method;
use rpc_core::{Dynamic, PendingBytes, Pipeline};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Whoever starts calls.
pub(super) struct Feeder<'a> {
    pub(super) given: Given<'a>,
    pub(super) method: Method<'a>,
    pub(super) service: &'a Dynamic,
    /// The connection, whose calls travel together where they can.
    pub(super) pipeline: Pipeline,
    pub(super) allowed: Option<Duration>,
    pub(super) keep_going: bool,
    /// One for each call that may be under way beside those that are.
    pub(super) permits: Receiver<()>,
    pub(super) started: Sender<Started>,
    pub(super) gate: &'a Gate,
}

/// The call of a line.
pub(super) struct Started {
    pub(super) number: u64,
    /// How much of stdin had been read.
    pub(super) bytes_read: u64,
    /// The encoded arguments, in bytes.
    pub(super) sent: usize,
    /// Or why it was not started.
    pub(super) call: Result<PendingBytes, Failure>,
}

impl Feeder<'_> {
    /// Until stdin ends, a line is wrong, or nobody takes the answers any more.
    pub(super) fn run(self) {
        let mut lines = Lines::of_stdin();
        while self.is_permitted() {
            if !lines.is_next_there() {
                self.pipeline.flush();
            }
            let started = match lines.next() {
                Ok(None) => return,
                Ok(Some(line)) => match self.start(&line) {
                    Some(started) => started,
                    None => return,
                },
                Err(failure) => Started { number: 0, bytes_read: 0, sent: 0, call: Err(failure) },
            };
            let is_last = started.call.is_err() && !self.keep_going;
            if self.started.send(started).is_err() || is_last {
                return;
            }
        }
    }

    /// Waits for a permit. What is queued goes out before: its answers may be what is waited for.
    fn is_permitted(&self) -> bool {
        match self.permits.try_recv() {
            Ok(()) => true,
            Err(TryRecvError::Disconnected) => false,
            Err(TryRecvError::Empty) => {
                self.pipeline.flush();
                self.permits.recv().is_ok()
            }
        }
    }

    /// Calls for a line; `None` behind a closed gate.
    fn start(&self, line: &Line) -> Option<Started> {
        let (mut sent, number) = (0, line.number);
        let call = match self.given.encode(line) {
            Ok(_) if !self.gate.pass(number) => return None,
            Ok(bytes) => {
                sent = bytes.len();
                self.service.start(self.method.schema, &bytes, self.allowed).map_err(Failure::from)
            }
            Err(failure) => Err(failure),
        };
        Some(Started { number, bytes_read: line.bytes_read, sent, call })
    }
}

/// What every call goes through before it starts, so that after a failure it is known which did.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    last: u64,
}

impl Gate {
    /// No further call starts. Gives the last line whose call did.
    pub(super) fn close(&self) -> u64 {
        let mut state = self.lock();
        state.is_closed = true;
        state.last
    }

    fn pass(&self, number: u64) -> bool {
        let mut state = self.lock();
        if !state.is_closed {
            state.last = number;
        }
        !state.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
