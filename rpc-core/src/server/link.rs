//! One connection of a server: a socket, what is known of its caller, and what waits to be parsed or sent. No thread, and
//! while it is idle no buffer.
//!
//! ```text
//! Parked   armed for reading, nobody has it            ─ bytes come ─> served by one worker
//! served   ─ drained, or a partial frame ─> Parked     ─ a slow call ─> Held     ─ the socket takes no more ─> Writing
//! Held     a call must have been entered (a one-way call: must have ended) before the next one, which is here, may be ─> ready
//! Writing  armed for writing, too ─ sent ─> Parked     ─ too much waits to be sent ─> Blocked: not read until it is sent
//! Closed
//! ```
//! Locks: `read` before the line's. Neither is held while a handler runs.
use super::dialogue::Dialogue;
use super::engine::Engine;
use crate::connection::{Guard, Line};
use crate::net::{Peer, Stream};
use crate::proto::{End, Session};
use crate::service::Cancel;
use crate::wire::CallId;
use std::io::ErrorKind;
#[cfg(target_os = "linux")]
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) engine: Weak<Engine>,
    pub(super) line: Arc<Line>,
    pub(super) peer: Peer,
    /// Its place among the server's links, and in the set.
    pub(super) place: usize,
    /// In the ready queue. Changed under that queue's lock alone.
    #[cfg(target_os = "linux")]
    pub(super) queued: AtomicBool,
    read: Mutex<ReadSide>,
}

/// A call that runs elsewhere than on the thread that reads.
#[derive(Debug, Clone)]
pub(super) struct Detached {
    pub(super) cancel: Cancel,
    /// If it has items.
    pub(super) dialogue: Option<Arc<Dialogue>>,
}

#[derive(Debug)]
pub(super) struct ReadSide {
    pub(super) session: Session<Detached>,
    /// Bytes that were read and not yet parsed, while nobody works on them.
    pub(super) rest: Vec<u8>,
    /// When they were read, if a call was among them: deadlines count from then, however long they wait here.
    pub(super) read_at: Option<Instant>,
    /// A call has been taken off these bytes, and its answer is not queued yet, nor is it counted among the jobs.
    pub(super) entered: bool,
    /// While it is not 0 no further call may be entered.
    pub(super) holds: i32,
    /// Nobody serves it until that is 0: what comes next is a call, as far as is known.
    pub(super) held: bool,
    /// Unsent bytes: somebody must be told when the socket takes more.
    pub(super) writing: bool,
    /// So many of them that it is not read until they are gone.
    pub(super) blocked: bool,
    pub(super) closed: bool,
    /// What the set watches it for.
    pub(super) armed: Interest,
}

impl ReadSide {
    /// A call now runs elsewhere than on the reading thread. Closing has told those that it knew of that nobody waits for
    /// them; this one is told here.
    pub(super) fn detach(&mut self, id: CallId, call: Detached) {
        if self.closed {
            call.cancel.set();
        }
        self.session.detach(id, call);
    }
}

/// What the set watches a link for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interest {
    pub(super) read: bool,
    pub(super) write: bool,
}

impl Interest {
    pub(super) const READ: Self = Self { read: true, write: false };
}

/// How far sending came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// The socket takes no more for now.
    Blocked,
    /// The connection is gone.
    Lost,
}

impl Link {
    /// A new connection of this server, which is watched for reading.
    pub(super) fn new(engine: Weak<Engine>, stream: Stream, place: usize, session: Session<Detached>) -> Self {
        let read = ReadSide {
            session,
            rest: Vec::new(),
            read_at: None,
            entered: false,
            holds: 0,
            held: false,
            writing: false,
            blocked: false,
            closed: false,
            armed: Interest::READ,
        };
        let peer = stream.peer();
        Self {
            engine,
            line: Arc::new(Line::served(stream)),
            peer,
            place,
            #[cfg(target_os = "linux")]
            queued: AtomicBool::new(false),
            read: Mutex::new(read),
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        self.line.stream()
    }

    pub(super) fn read(&self) -> MutexGuard<'_, ReadSide> {
        // Only our own code runs under it, and leaves it whole.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues frames; says how many bytes now wait that nobody has granted. `spare` is lent as their buffer, so that an idle
    /// link needs none of its own.
    pub(super) fn push(&self, frames: &[u8], spare: Option<&mut Vec<u8>>) -> usize {
        self.queue(spare, |state| state.outbox.push_bytes(frames))
    }

    /// The same for the frame of a call's answer, which is emptied.
    pub(super) fn push_answer(&self, call: CallId, frame: &mut Vec<u8>, spare: Option<&mut Vec<u8>>) -> usize {
        self.queue(spare, |state| state.outbox.push_answer(call, frame))
    }

    fn queue(&self, spare: Option<&mut Vec<u8>>, push: impl FnOnce(&mut Guard<'_>)) -> usize {
        let mut state = self.line.lock();
        if state.closed {
            return 0;
        }
        if let Some(spare) = spare {
            state.outbox.lend(spare);
        }
        push(&mut state);
        state.outbox.owed()
    }

    /// What is queued, and what will be, is thrown away. Everybody who waits here wakes up.
    pub(super) fn close_send(&self) {
        let mut woken = Vec::new();
        let mut state = self.line.lock();
        state.closed = true;
        state.outbox.discard();
        if let Some(callee) = &mut state.callee {
            callee.streams.stop_all();
            woken.extend(callee.waiting.drain(..).map(|(_, thread)| thread));
        }
        if let Some(caller) = &mut state.caller {
            caller.over(End::Lost("the other side closed it".to_owned()), &mut woken);
        }
        drop(state);
        woken.into_iter().for_each(|thread| thread.unpark());
    }

    /// How many bytes wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.line.lock().outbox.queued()
    }

    /// How many of them nobody has granted.
    pub(super) fn owed(&self) -> usize {
        self.line.lock().outbox.owed()
    }

    /// Sends what is queued, without waiting. The emptied buffer goes to `spare`, or is freed.
    pub(super) fn flush(&self, spare: Option<&mut Vec<u8>>) -> Sent {
        let mut woken = Vec::new();
        let mut state = self.line.lock();
        state.outbox.settle();
        let mut sent = Sent::All;
        while sent == Sent::All && !state.outbox.is_empty() {
            let batch = state.outbox.take();
            let at;
            (at, sent) = self.send(&batch);
            state.outbox.wrote(batch, at);
        }
        if let Some(caller) = &mut state.caller {
            caller.calls.written(&mut woken);
        }
        let empty = if sent == Sent::All { state.outbox.take_spare() } else { Vec::new() };
        drop(state);
        if let Some(spare) = spare.filter(|spare| spare.capacity() == 0) {
            *spare = empty;
        }
        woken.into_iter().for_each(|thread| thread.unpark());
        sent
    }

    /// How much of it the socket takes now.
    fn send(&self, batch: &[u8]) -> (usize, Sent) {
        let mut at = 0;
        while at < batch.len() {
            match self.stream().send(batch.get(at..).unwrap_or_default()) {
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return (at, Sent::Blocked),
                Err(_) => return (at, Sent::Lost),
            }
        }
        (at, Sent::All)
    }
}
