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
//! Locks: `read` before the carrier's. Neither is held while a handler runs.
use super::dialogue::Dialogue;
use super::users::User;
use crate::connection::Carrier;
use crate::net::{PackedPeer, Peer, Readiness, Stream, cpu};
use crate::proto::{End, Fault, Outbox, Session, Voided, put};
use crate::service::Cancel;
use crate::wire::{Arrivals, CallId, Kind, Message};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Link {
    pub(super) carrier: Carrier,
    peer: PackedPeer,
    /// Whom it is charged to.
    pub(super) user: Arc<User>,
    /// Its place among the server's links, and in the set.
    pub(super) place: usize,
    #[cfg(target_os = "linux")]
    pub(super) turn: super::ready::Turn,
    read: Mutex<ReadSide>,
}

/// A call that runs elsewhere than on the thread that reads.
#[derive(Debug, Clone)]
pub(super) struct Detached {
    pub(super) cancel: Cancel,
    /// None, too, where nobody needs it.
    pub(super) deadline: Option<Instant>,
    /// If it has items.
    pub(super) dialogue: Option<Arc<Dialogue>>,
    pub(super) entered: Entered,
}

/// A call that runs, or waits for a thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entered {
    pub(super) id: CallId,
    pub(super) service: usize,
    pub(super) method: usize,
    /// When it came.
    pub(super) since: Instant,
}

#[derive(Debug)]
pub(super) struct ReadSide {
    pub(super) session: Session<Detached>,
    /// What was read and not yet parsed, while nobody works on it.
    pub(super) kept: Option<Box<Kept>>,
    /// Descriptors that came with bytes that are not dealt with: those of `kept`, or of what a worker has of this link.
    pub(super) arrivals: Arrivals,
    /// A call has been taken off these bytes, and its answer is not queued yet, nor is it counted among the jobs.
    pub(super) entered: bool,
    /// While it is not 0 no further call may be entered.
    pub(super) holds: i32,
    /// Nobody serves it until that is 0: what comes next is a call, as far as is known.
    pub(super) held: bool,
    /// Unsent bytes: somebody must be told when the socket takes more.
    pub(super) writing: bool,
    /// So many of them that it is not read until they are gone; since when the socket has taken nothing.
    pub(super) blocked: Option<Box<Instant>>,
    pub(super) closed: bool,
    /// What the set watches it for.
    pub(super) armed: Interest,
}

/// Bytes that were read and not yet parsed.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    /// When they were read, if a call was among them: deadlines count from then, however long they wait here.
    pub(super) read_at: Option<Instant>,
    /// They are half a frame; when the last of them came.
    pub(super) partial_since: Option<Instant>,
}

impl Kept {
    /// None if there are no bytes.
    pub(super) fn new(bytes: Vec<u8>, read_at: Option<Instant>) -> Option<Box<Self>> {
        (!bytes.is_empty()).then(|| Box::new(Self { bytes, read_at, partial_since: None }))
    }
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

/// An outbox that is in no use: lent to links that have something to send.
pub(super) type Spare = Option<Box<Outbox>>;

/// What the set watches a link for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interest {
    pub(super) read: bool,
    pub(super) write: bool,
}

impl Interest {
    pub(super) const READ: Self = Self { read: true, write: false };
    #[cfg(target_os = "linux")]
    pub(super) const NONE: Self = Self { read: false, write: false };
}

/// How far sending came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// The socket takes no more for now; whether it took something.
    Blocked {
        some: bool,
    },
    /// The connection is gone.
    Lost,
}

impl Link {
    /// A new connection of this server, which is watched for reading.
    pub(super) fn new(stream: Stream, peer: Peer, user: Arc<User>, place: usize, session: Session<Detached>) -> Self {
        let read = ReadSide {
            session,
            kept: None,
            arrivals: Arrivals::default(),
            entered: false,
            holds: 0,
            held: false,
            writing: false,
            blocked: None,
            closed: false,
            armed: Interest::READ,
        };
        Self {
            carrier: Carrier::new(stream),
            peer: PackedPeer::new(peer),
            user,
            place,
            #[cfg(target_os = "linux")]
            turn: super::ready::Turn::default(),
            read: Mutex::new(read),
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> Peer {
        self.peer.peer()
    }

    pub(super) fn stream(&self) -> &Stream {
        self.carrier.stream()
    }

    pub(super) fn read(&self) -> MutexGuard<'_, ReadSide> {
        // Only our own code runs under it, and leaves it whole.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing of it waits to be read.
    pub(super) fn is_silent(&self) -> bool {
        !self.stream().wait_ready(true, false, Some(Duration::ZERO)).is_ok_and(|Readiness { read, .. }| read)
    }

    /// Queues frames; says how many bytes now wait that nobody has granted, descriptors being counted as some. `spare` is lent
    /// as their queue, so that an idle link needs none of its own.
    pub(super) fn push(&self, frames: &[u8], spare: Option<&mut Spare>) -> usize {
        self.queue(spare, |outbox| outbox.push_bytes(frames))
    }

    /// The same for the frame of a call's answer, which is emptied.
    pub(super) fn push_answer(&self, call: CallId, frame: &mut Message, spare: Option<&mut Spare>) -> usize {
        let unsent = self.queue(spare, |outbox| outbox.push_answer(call, frame));
        // A closed link takes nothing, and its worker has no other call that would close what is left in the frame.
        frame.clear();
        unsent
    }

    fn queue(&self, spare: Option<&mut Spare>, push: impl FnOnce(&mut Outbox)) -> usize {
        let mut state = self.carrier.lock();
        if state.closed {
            return 0;
        }
        let lent = || spare.and_then(Option::take).unwrap_or_default();
        let outbox = state.outbox.get_or_insert_with(lent);
        push(outbox);
        outbox.burden()
    }

    /// What is queued, and what will be, is thrown away. Everybody who waits here wakes up.
    pub(super) fn close_send(&self) {
        let mut woken = Vec::new();
        let mut state = self.carrier.lock();
        state.closed = true;
        state.outbox.iter_mut().for_each(|outbox| outbox.discard());
        if let Some(callee) = &mut state.callee {
            callee.streams.stop_all();
            woken.extend(callee.waiting.drain(..).map(|(_, thread)| thread));
        }
        if let Some(calls) = &mut state.calls {
            calls.caller.over(End::Lost("the other side closed it".to_owned()), &mut woken);
        }
        drop(state);
        woken.into_iter().for_each(|thread| thread.unpark());
    }

    /// How many bytes wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.carrier.lock().outbox.as_ref().map_or(0, |outbox| outbox.queued())
    }

    /// How many of them nobody has granted, and what the descriptors beside them count as.
    pub(super) fn owed(&self) -> usize {
        self.carrier.lock().outbox.as_ref().map_or(0, |outbox| outbox.burden())
    }

    /// Sends what is queued, without waiting. What is no longer needed goes to `spare`, or is freed.
    pub(super) fn flush(&self, spare: Option<&mut Spare>) -> Sent {
        let mut woken = Vec::new();
        let mut state = self.carrier.lock();
        let mut void = Vec::new();
        let sent = state.outbox.as_mut().map_or(Sent::All, |outbox| self.send_all(outbox, &mut void));
        if let Some(calls) = &mut state.calls {
            void.into_iter().for_each(|(id, start)| calls.caller.not_passed(id, start, &mut woken));
            calls.caller.calls.written(&mut woken);
        }
        let emptied = state.rest();
        drop(state);
        if let Some(spare) = spare.filter(|spare| spare.is_none()) {
            *spare = emptied;
        }
        woken.into_iter().for_each(|thread| thread.unpark());
        sent
    }

    /// As much as the socket takes now. Calls of this side whose descriptors the system does not pass are put into `void`, each with
    /// where its frame began.
    fn send_all(&self, outbox: &mut Outbox, void: &mut Vec<(CallId, u64)>) -> Sent {
        outbox.settle();
        let (mut sent, before) = (Sent::All, outbox.sent());
        while sent == Sent::All && !outbox.is_empty() {
            sent = self.send(outbox, void);
        }
        if let Sent::Blocked { some } = &mut sent {
            *some = outbox.sent() != before;
        }
        sent
    }

    /// Sends the next batch, as far as the socket takes it now.
    fn send(&self, outbox: &mut Outbox, void: &mut Vec<(CallId, u64)>) -> Sent {
        let (mut batch, mut at) = (outbox.take(), 0);
        outbox.stamp(&mut batch, cpu());
        let mut sent = Sent::All;
        while sent == Sent::All && at < batch.len() {
            match self.stream().send_beside(batch.rest(at)) {
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => sent = Sent::Blocked { some: at > 0 },
                Err(error) if at == 0 && Stream::is_crowded(&error) => {
                    return match outbox.void_first(batch) {
                        Some(Voided::Answer(call)) => without_answer(outbox, call),
                        Some(Voided::Call { id, start }) => {
                            void.push((id, start));
                            Sent::All
                        }
                        None => Sent::Lost,
                    };
                }
                Err(_) => sent = Sent::Lost,
            }
        }
        outbox.wrote(batch, at);
        sent
    }
}

/// The system passes none of the descriptors of this answer: somebody else may have filled what it keeps of this user's. Its
/// caller is told so; others over this connection have done nothing.
fn without_answer(outbox: &mut Outbox, call: CallId) -> Sent {
    let (mut out, why) = (Vec::new(), "too many descriptors of the server's user are on their way (ETOOMANYREFS)");
    put(&mut out, Kind::Fault, call, &Fault::NoReply(why.to_owned()));
    outbox.push_bytes(&out);
    Sent::All
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that an idle connection takes, but for what only tests count: ten thousand of them are no burden.
    #[test]
    fn an_idle_link_is_small() {
        let bytes = size_of::<Link>() - size_of::<crate::net::Counts>();
        assert!(bytes <= 200, "{bytes} bytes");
    }
}
