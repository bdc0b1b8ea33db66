//! The calling side of one connection: what is queued, what is expected, and what each frame that comes means.
//!
//! The driver writes what [`take_batch`](Caller::take_batch) gives, hands over what it reads to
//! [`received`](Caller::received), and asks [`outcome`](Caller::outcome) when it gives up. `W` wakes whoever waits.
use super::{Answer, Calls, Delivered, Fault, Outbox, Waits, put};
use crate::Outcome;
use crate::wire::{CallId, DecodeLimits, Head, Kind, Refusal, decode, set_call};

/// Answers up to this size are kept in buffers that are used again.
const SPARE_BYTES_MAX: usize = 16 << 10;

/// Buffers that wait to be used again.
const SPARES_MAX: usize = 64;

/// Queued bytes from which on a ping is not answered.
const PONGS_BYTES_MAX: usize = 64 << 10;

/// Why the connection is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer has closed, or the system says that the connection is gone.
    Lost(String),
    /// The peer broke the protocol.
    Violation(String),
}

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Caller<W> {
    pub(crate) calls: Calls<W>,
    outbox: Outbox,
    spares: Vec<Vec<u8>>,
    end: Option<End>,
    goodbye: bool,
    /// The socket takes no more. What the peer said before it closed may still be there to be read.
    deaf: bool,
}

impl<W> Caller<W> {
    /// For a peer that takes `calls_max` calls at a time.
    pub(crate) fn new(calls_max: u32) -> Self {
        Self {
            calls: Calls::new(calls_max),
            outbox: Outbox::default(),
            spares: Vec::new(),
            end: None,
            goodbye: false,
            deaf: false,
        }
    }

    /// Whether the server has said goodbye: it starts no more calls.
    pub(crate) fn is_closing(&self) -> bool {
        self.goodbye
    }

    /// Why the connection is over, if it is.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Queues a call whose frame is `frame`, but for its id. The caller has looked whether there is room.
    pub(crate) fn start(&mut self, frame: &mut Vec<u8>) -> CallId {
        let start = self.outbox.end();
        let id = self.calls.start(start..start + frame.len() as u64);
        set_call(frame, id);
        self.outbox.push(frame);
        id
    }

    /// Queues a frame that nothing comes back for; gives the position at which it ends.
    pub(crate) fn post(&mut self, frame: &mut Vec<u8>) -> std::ops::Range<u64> {
        set_call(frame, self.calls.unused());
        self.outbox.push(frame)
    }

    /// Whether a posted frame has been written.
    pub(crate) fn is_written(&self, frame: &std::ops::Range<u64>) -> bool {
        self.outbox.is_written(frame)
    }

    /// Nobody waits for a posted frame to be written any more: it is taken back if it can.
    pub(crate) fn withdraw(&mut self, frame: &std::ops::Range<u64>) -> Outcome {
        let unsent = self.end.is_some() && !self.outbox.may_be_sent(frame);
        if self.outbox.take_back(frame) || unsent { Outcome::NotSent } else { Outcome::Unknown }
    }

    /// How many bytes the kernel has taken in all.
    pub(crate) fn sent(&self) -> u64 {
        self.outbox.sent()
    }

    /// How many bytes wait to be written.
    pub(crate) fn queued(&self) -> usize {
        self.outbox.queued()
    }

    /// What waits to be written, if nobody writes; to be brought back by [`wrote`](Self::wrote).
    pub(crate) fn take_batch(&mut self) -> Option<Vec<u8>> {
        self.has_work().then(|| self.outbox.take())
    }

    fn has_work(&self) -> bool {
        self.end.is_none() && !self.deaf && self.outbox.is_ready()
    }

    /// Whether the socket takes no more, and what the peer said before is still to be read out.
    pub(crate) fn is_deaf(&self) -> bool {
        self.deaf && self.end.is_none()
    }

    /// The socket takes no more, ever.
    pub(crate) fn deafened(&mut self) {
        self.deaf = true;
    }

    /// Whether the call waits for its turn to be written. Its caller must be there to do it then, and not sit in a read.
    pub(crate) fn is_unsent(&self, id: CallId) -> bool {
        self.end.is_none() && !self.deaf && self.calls.frame(id).is_some_and(|frame| !self.outbox.is_written(&frame))
    }

    /// The kernel took `count` bytes of the batch.
    pub(crate) fn wrote(&mut self, batch: Vec<u8>, count: usize, woken: &mut Vec<W>) {
        self.outbox.wrote(batch, count);
        self.calls.written(woken);
    }

    /// A frame has come. A large body may be taken out of `body` instead of being copied.
    pub(crate) fn received(&mut self, head: Head, body: Body<'_>, limits: DecodeLimits, woken: &mut Vec<W>) {
        let bytes = body.as_slice();
        match head.kind {
            Kind::Reply | Kind::Opened | Kind::Pong => self.answer(head.call, body, woken),
            Kind::Fault => match decode::<Fault>(bytes, limits) {
                Ok(fault) => self.fault(head.call, fault, woken),
                Err(error) => self.over(End::Violation(format!("a fault that cannot be read: {error}")), woken),
            },
            // Who does not read its pongs gets no more of them: they would wait here for ever.
            Kind::Ping if self.outbox.queued() > PONGS_BYTES_MAX => {}
            Kind::Ping => {
                let mut pong = Vec::new();
                put(&mut pong, Kind::Pong, head.call, &());
                self.outbox.push(&mut pong);
            }
            Kind::Goodbye => {
                self.goodbye = true;
                self.calls.refuse_after(head.call, woken);
            }
            Kind::Refuse => {
                let why = match decode::<Refusal>(bytes, limits) {
                    Ok(refusal) => refusal.to_string(),
                    Err(_) => "it gave no reason that could be read".to_owned(),
                };
                self.over(End::Lost(format!("the server ended it: {why}")), woken);
            }
            Kind::Void => {}
            other => self.over(End::Violation(format!("a server sends no frame of kind {other:?}")), woken),
        }
    }

    /// The head of a frame over this side's limit has come; its body will be skipped.
    pub(crate) fn oversized(&mut self, head: Head, limit: u32, woken: &mut Vec<W>) {
        match head.kind {
            Kind::Reply => {
                let fault = Fault::ReplyTooLarge { size: head.length.into(), limit: limit.into() };
                self.fault(head.call, fault, woken);
            }
            Kind::Void => {}
            kind => self.over(End::Violation(format!("a {kind:?} of {} bytes, over {limit}", head.length)), woken),
        }
    }

    fn answer(&mut self, id: CallId, body: Body<'_>, woken: &mut Vec<W>) {
        let answer = match body {
            Body::Whole { bytes, start } => Answer::Body { bytes: std::mem::take(bytes), start },
            Body::Part(part) => {
                let mut bytes = self.spares.pop().unwrap_or_default();
                bytes.clear();
                bytes.extend_from_slice(part);
                Answer::Body { bytes, start: 0 }
            }
        };
        let unasked = self.calls.deliver(id, answer, woken) == Delivered::Unasked;
        // What goodbye has refused already may have been on its way: a ping, or the opening of a service.
        if unasked && !(self.goodbye && self.calls.was_given(id)) {
            self.over(End::Violation(format!("an answer to call {}, which nobody asked for", id.0)), woken);
        }
    }

    /// Unlike an answer, a fault may come for a one-way call, which nobody waits for.
    fn fault(&mut self, id: CallId, fault: Fault, woken: &mut Vec<W>) {
        let delivered = self.calls.deliver(id, Answer::Fault(fault), woken);
        if delivered == Delivered::Unasked && !self.calls.was_given(id) {
            self.over(End::Violation(format!("a fault of call {}, which was never made", id.0)), woken);
        }
    }

    /// The answer of a call, if it is there. `buffer` is exchanged for the answer's.
    pub(crate) fn take(&mut self, id: CallId, buffer: &mut Vec<u8>) -> Option<Result<usize, Fault>> {
        Some(match self.calls.take(id)? {
            Answer::Fault(fault) => Err(fault),
            Answer::Body { bytes, start } => {
                let old = std::mem::replace(buffer, bytes);
                if old.capacity() <= SPARE_BYTES_MAX && self.spares.len() < SPARES_MAX {
                    self.spares.push(old);
                }
                Ok(start)
            }
        })
    }

    /// The caller waits no longer. Takes the request back if it can, else queues a cancel.
    pub(crate) fn give_up(&mut self, id: CallId, woken: &mut Vec<W>) -> Outcome {
        let outcome = self.outcome(id);
        let taken_back = self.calls.frame(id).is_some_and(|frame| self.outbox.take_back(&frame));
        let expected = self.end.is_none() && !taken_back;
        if expected && self.calls.frame(id).is_some() {
            let mut cancel = Vec::new();
            put(&mut cancel, Kind::Cancel, id, &());
            self.outbox.push(&mut cancel);
        }
        self.calls.give_up(id, expected, woken);
        match taken_back {
            true => Outcome::NotSent,
            // What cannot be taken back will be sent, unless the connection ends first.
            false if self.end.is_none() => Outcome::Unknown,
            false => outcome,
        }
    }

    /// What has happened to an unanswered call so far.
    fn outcome(&self, id: CallId) -> Outcome {
        match self.calls.frame(id) {
            Some(frame) if !self.outbox.may_be_sent(&frame) => Outcome::NotSent,
            _ => Outcome::Unknown,
        }
    }

    /// The connection is over: everybody wakes up, and finds out why.
    pub(crate) fn over(&mut self, end: End, woken: &mut Vec<W>) {
        self.end.get_or_insert(end);
        self.calls.all_waiters(woken);
    }

    /// Somebody to wake, if there is something that a sleeper should take over.
    pub(crate) fn successor(&mut self, reading_is_free: bool) -> Option<W> {
        let mut reader = None;
        if reading_is_free {
            // Whoever waits for an answer can read without looking up: that answer ends its wait.
            reader = self.calls.any_waiter(|waits| matches!(waits, Waits::Answer(_)));
            reader = reader.or_else(|| self.calls.any_waiter(|waits| matches!(waits, Waits::Room(_))));
        }
        let write = || self.has_work().then(|| self.calls.any_waiter(|_| true)).flatten();
        reader.or_else(write)
    }
}

/// A frame's body: part of what was read, or all that a buffer holds behind `start`.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Part(&'a [u8]),
    Whole { bytes: &'a mut Vec<u8>, start: usize },
}

impl Body<'_> {
    fn as_slice(&self) -> &[u8] {
        match self {
            Body::Part(part) => part,
            Body::Whole { bytes, start } => bytes.get(*start..).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
