//! One connection of a server: a socket, what is known of its caller, and what waits to be parsed or sent. No thread, and
//! while it is idle no buffer.
//!
//! ```text
//! Parked   armed for reading, nobody has it            ─ bytes come ─> served by one worker
//! served   ─ drained, or a partial frame ─> Parked     ─ a slow call ─> Held     ─ the socket takes no more ─> Blocked
//! Held     a call must have been entered (a one-way call: must have ended) before the next one may be ─> Parked, or ready
//! Blocked  armed for writing, not read ─ sent ─> Parked
//! Closed
//! ```
//! Locks: `read` before `send`. Neither is held while a handler runs.
use crate::net::{Peer, Stream};
use crate::proto::Session;
use crate::service::Cancel;
use crate::wire::CallId;
use std::io::ErrorKind;
#[cfg(target_os = "linux")]
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Stream,
    pub(super) peer: Peer,
    /// Its place among the server's links, and in the set.
    pub(super) place: usize,
    /// In the ready queue. Changed under that queue's lock alone.
    #[cfg(target_os = "linux")]
    pub(super) queued: AtomicBool,
    read: Mutex<ReadSide>,
    send: Mutex<SendSide>,
}

#[derive(Debug, Default)]
struct SendSide {
    queue: Vec<u8>,
    /// Nothing is queued any more: nobody would ever take it away.
    closed: bool,
}

#[derive(Debug)]
pub(super) struct ReadSide {
    pub(super) session: Session<Cancel>,
    /// Bytes that were read and not yet parsed, while nobody works on them.
    pub(super) rest: Vec<u8>,
    /// When they were read, if a call was among them: deadlines count from then, however long they wait here.
    pub(super) read_at: Option<Instant>,
    /// A call has been taken off these bytes, and its answer is not queued yet, nor is it counted among the jobs.
    pub(super) entered: bool,
    /// While it is not 0 no further call may be entered.
    pub(super) holds: i32,
    /// Unsent bytes: not read until they are gone.
    pub(super) blocked: bool,
    pub(super) closed: bool,
    /// What the set watches it for.
    pub(super) armed: Interest,
}

impl ReadSide {
    /// A call now runs elsewhere than on the reading thread. Closing has told those that it knew of that nobody waits for
    /// them; this one is told here.
    pub(super) fn detach(&mut self, id: CallId, cancel: Cancel) {
        if self.closed {
            cancel.set();
        }
        self.session.detach(id, cancel);
    }
}

/// What the set watches a link for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    Nothing,
    Read,
    Write,
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
    pub(super) fn new(stream: Stream, place: usize, armed: Interest) -> Self {
        let read = ReadSide {
            session: Session::new(),
            rest: Vec::new(),
            read_at: None,
            entered: false,
            holds: 0,
            blocked: false,
            closed: false,
            armed,
        };
        let peer = stream.peer();
        let (read, send) = (Mutex::new(read), Mutex::default());
        Self {
            stream,
            peer,
            place,
            #[cfg(target_os = "linux")]
            queued: AtomicBool::new(false),
            read,
            send,
        }
    }

    pub(super) fn read(&self) -> MutexGuard<'_, ReadSide> {
        // Only our own code runs under it, and leaves it whole.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self) -> MutexGuard<'_, SendSide> {
        self.send.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues frames; says how many bytes now wait. `spare` is lent as their buffer, so that an idle link needs none of its
    /// own.
    pub(super) fn push(&self, frames: &[u8], spare: Option<&mut Vec<u8>>) -> usize {
        let mut send = self.send();
        if send.closed {
            return 0;
        }
        if send.queue.capacity() == 0
            && let Some(spare) = spare
        {
            std::mem::swap(&mut send.queue, spare);
        }
        send.queue.extend_from_slice(frames);
        send.queue.len()
    }

    /// What is queued, and what will be, is thrown away.
    pub(super) fn close_send(&self) {
        *self.send() = SendSide { queue: Vec::new(), closed: true };
    }

    /// How many bytes wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.send().queue.len()
    }

    /// Sends what is queued, without waiting. The emptied buffer goes to `spare`, or is freed.
    pub(super) fn flush(&self, spare: Option<&mut Vec<u8>>) -> Sent {
        let out = &mut self.send().queue;
        let mut at = 0;
        while at < out.len() {
            match self.stream.send(out.get(at..).unwrap_or_default()) {
                Ok(count) => at += count,
                Err(error) => {
                    out.drain(..at);
                    return if error.kind() == ErrorKind::WouldBlock { Sent::Blocked } else { Sent::Lost };
                }
            }
        }
        out.clear();
        let empty = std::mem::take(out);
        if let Some(spare) = spare.filter(|spare| spare.capacity() == 0 && empty.capacity() <= SPARE_BYTES_MAX) {
            *spare = empty;
        }
        Sent::All
    }
}

/// A buffer that large replies needed is not kept for small ones.
const SPARE_BYTES_MAX: usize = 64 << 10;
