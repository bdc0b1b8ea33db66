//! The calling side of one connection: what is queued, what is expected, and what each frame that comes means.
//!
//! The driver writes what [`take_batch`](Caller::take_batch) gives, hands over what it reads to
//! [`received`](Caller::received), and asks [`outcome`](Caller::outcome) when it gives up. `W` wakes whoever waits. What is to be
//! sent goes to the connection's outbox, which the serving side shares.
use super::{Answer, Calls, Delivered, Fault, Outbox, Sent, Side, Streams, Taken, Unanswered, Waits};
use crate::wire::{Batch, CallId, DecodeLimits, Fds, Head, Kind, Message, Refusal, decode, is_kept, set_call};
use crate::{Outcome, Shape};
use std::collections::VecDeque;
use std::ops::Range;

/// Answers up to this size are kept in buffers that are used again.
const SPARE_BYTES_MAX: usize = 16 << 10;

/// Buffers that wait to be used again.
const SPARES_MAX: usize = 64;

/// Pongs that wait to be written, at most: no more than a peer may have calls. A ping beyond them is not answered.
const PONGS_MAX: usize = 4096;

/// Why the connection is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer has closed, or the system says that the connection is gone.
    Lost(String),
    /// The peer broke the protocol.
    Violation(String),
}

/// What the two sides have told each other about their limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallTerms {
    /// Calls that the peer takes at a time.
    pub(crate) calls_max: u32,
    /// The largest answer that this side takes.
    pub(crate) reply_bytes_max: u32,
    /// How far items to this side may run ahead of it.
    pub(crate) window_bytes: u32,
    /// How far items to the peer may run ahead of it.
    pub(crate) peer_window_bytes: u32,
}

/// What a call's caller finds, who waits for items.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Bytes, which have been appended.
    Items,
    /// Nothing so far.
    Nothing,
    /// Every item is taken, and the answer is there.
    Answered,
    /// The answer is a fault, or the connection is over.
    Failed,
}

/// A one-way call with descriptors.
#[derive(Debug)]
struct Post {
    start: u64,
    /// The system does not pass them: it will not be sent.
    void: bool,
}

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Caller<W> {
    pub(crate) calls: Calls<W>,
    streams: Streams,
    terms: CallTerms,
    /// Where pongs end that wait to be written.
    pongs: VecDeque<u64>,
    /// One-way calls with descriptors whose callers wait for the writing, by where they begin.
    posts: Vec<Post>,
    spares: Vec<Vec<u8>>,
    end: Option<End>,
    goodbye: bool,
    /// The socket takes no more. What the peer said before it closed may still be there to be read.
    deaf: bool,
}

impl<W> Caller<W> {
    /// For a peer that these terms were settled with; calls are numbered from behind `last`.
    pub(crate) fn new(terms: CallTerms, last: CallId) -> Self {
        Self {
            calls: Calls::new(terms.calls_max, last),
            streams: Streams::new(Side::Caller, terms.window_bytes),
            terms,
            pongs: VecDeque::new(),
            posts: Vec::new(),
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

    /// Whether no call is under way, and the connection in order: nothing is lost with it but the number of the last call.
    pub(crate) fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.streams.is_empty() && !self.goodbye && self.is_usable()
    }

    /// Queues a call whose frame is `frame`, but for its id. The caller has looked whether there is room.
    pub(crate) fn start(&mut self, frame: &mut Message, outbox: &mut Outbox) -> CallId {
        let start = outbox.end();
        let id = self.calls.start(start..start + frame.bytes.len() as u64);
        set_call(&mut frame.bytes, id);
        outbox.push_message(frame);
        id
    }

    /// The call that was just started has items.
    pub(crate) fn open(&mut self, id: CallId, shape: Shape) {
        self.streams.open(id, shape, self.terms.peer_window_bytes);
    }

    /// Queues a frame that nothing comes back for; gives its place among all bytes.
    pub(crate) fn post(&mut self, frame: &mut Message, outbox: &mut Outbox) -> Range<u64> {
        set_call(&mut frame.bytes, self.calls.unused());
        if !frame.fds.is_empty() {
            self.posts.push(Post { start: outbox.end(), void: false });
        }
        outbox.push_message(frame)
    }

    /// How a posted frame has ended, if it has: it is written, or never will be.
    pub(crate) fn posted(&mut self, frame: &Range<u64>, outbox: &Outbox) -> Option<Result<(), Unanswered>> {
        let void = self.posts.iter().any(|post| post.start == frame.start && post.void);
        if !void && !outbox.is_written(frame) {
            return None;
        }
        self.posts.retain(|post| post.start != frame.start);
        Some(if void { Err(Unanswered::NotPassed) } else { Ok(()) })
    }

    /// Nobody waits for a posted frame to be written any more: it is taken back if it can.
    pub(crate) fn withdraw(&mut self, frame: &Range<u64>, outbox: &mut Outbox) -> Outcome {
        self.posts.retain(|post| post.start != frame.start);
        let unsent = self.end.is_some() && !outbox.may_be_sent(frame);
        if outbox.take_back(frame) || unsent { Outcome::NotSent } else { Outcome::Unknown }
    }

    /// What waits to be written, if nobody writes; to be brought back by [`wrote`](Self::wrote).
    pub(crate) fn take_batch(&mut self, outbox: &mut Outbox) -> Option<Batch> {
        self.has_work(outbox).then(|| outbox.take())
    }

    /// Whether there is something to write, and nobody writes.
    pub(crate) fn has_work(&self, outbox: &Outbox) -> bool {
        self.is_usable() && outbox.is_ready()
    }

    /// Whether the socket takes no more, and what the peer said before is still to be read out.
    pub(crate) fn is_deaf(&self) -> bool {
        self.deaf && self.end.is_none()
    }

    /// The socket takes no more, ever.
    pub(crate) fn deafened(&mut self) {
        self.deaf = true;
    }

    /// Whether anything can be sent.
    pub(crate) fn is_usable(&self) -> bool {
        self.end.is_none() && !self.deaf
    }

    /// Whether items of this side wait in a lane.
    pub(crate) fn has_lane(&self, id: CallId, outbox: &Outbox) -> bool {
        outbox.has_lane(Side::Caller, id)
    }

    /// Whether something that this waiter has queued waits for its turn to be written. He must be there to do it then, and
    /// not sit in a read.
    pub(crate) fn is_unsent(&self, what: Waits, outbox: &Outbox) -> bool {
        let frame = |id| self.calls.frame(id).is_some_and(|frame| !outbox.is_written(&frame));
        let unsent = match what {
            Waits::Answer(id) => frame(id),
            Waits::Items(id) => frame(id) || self.streams.is_grant_unsent(id, outbox),
            // Bulk may be anywhere between its lane and the socket.
            Waits::Credit(_) => !outbox.is_idle(),
            Waits::Room(_) | Waits::Written => false,
        };
        unsent && self.is_usable()
    }

    /// The kernel took `count` bytes of the batch.
    pub(crate) fn wrote(&mut self, batch: Batch, count: usize, outbox: &mut Outbox, woken: &mut Vec<W>) {
        outbox.wrote(batch, count);
        self.calls.written(woken);
    }

    /// The system does not pass the descriptors of this call, whose frame began there and is void: nothing will come for it.
    pub(crate) fn not_passed(&mut self, id: CallId, start: u64, woken: &mut Vec<W>) {
        self.posts.iter_mut().filter(|post| post.start == start).for_each(|post| post.void = true);
        self.calls.deliver(id, Answer::Failed(Unanswered::NotPassed), woken);
        self.answered(id, woken);
        self.calls.written(woken);
    }

    /// Whether what somebody waits for is there, or will never be.
    pub(crate) fn has_come(&mut self, what: Waits) -> bool {
        let here = match what {
            Waits::Answer(id) => self.calls.is_answered(id),
            Waits::Items(id) => self.streams.has_some(id) || self.calls.is_answered(id),
            Waits::Credit(id) => self.streams.may_send(id),
            Waits::Room(_) | Waits::Written => false,
        };
        here || self.end.is_some()
    }

    /// A frame has come, with descriptors perhaps: those that are no answer's are closed. A large body may be taken out of `body`
    /// instead of being copied.
    pub(crate) fn received(
        &mut self,
        head: Head,
        body: Body<'_>,
        fds: Fds,
        limits: DecodeLimits,
        outbox: &mut Outbox,
        woken: &mut Vec<W>,
    ) {
        let bytes = body.as_slice();
        match head.kind {
            Kind::Reply if !fds.is_empty() && self.calls.has_parts(head.call) => {
                let problem = format!("descriptors with a further part of the answer to call {}", head.call.0);
                self.over(End::Violation(problem), woken);
            }
            Kind::Reply if head.more => self.part(head.call, bytes, fds, woken),
            Kind::Reply | Kind::Opened | Kind::Pong => self.answer(head.call, body, fds, woken),
            Kind::Fault => match decode::<Fault>(bytes, limits) {
                Ok(fault) => self.fault(head.call, fault, woken),
                Err(error) => self.over(End::Violation(format!("a fault that cannot be read: {error}")), woken),
            },
            Kind::Ping => self.pinged(head.call, outbox),
            Kind::Items | Kind::InputCredit | Kind::InputStop => self.items(head, bytes, outbox, woken),
            Kind::Goodbye => {
                self.goodbye = true;
                let refused = self.calls.refuse_after(head.call, woken);
                refused.into_iter().for_each(|id| self.answered(id, woken));
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

    /// Answers a ping. Who does not read its pongs gets no more of them: they would wait here for ever. Whatever else waits is this
    /// side's own.
    fn pinged(&mut self, id: CallId, outbox: &mut Outbox) {
        while self.pongs.pop_front_if(|end| *end <= outbox.sent()).is_some() {}
        if self.pongs.len() < PONGS_MAX {
            self.pongs.push_back(outbox.push_frame(Kind::Pong, id, &[]).end);
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

    /// The first part, or a further one, of an answer that comes in several.
    fn part(&mut self, id: CallId, bytes: &[u8], fds: Fds, woken: &mut Vec<W>) {
        let have = self.calls.add_part(id, bytes, fds, || self.spares.pop().unwrap_or_default());
        match have {
            None => self.unasked(id, woken),
            Some(have) => _ = self.fits(id, have, woken),
        }
    }

    /// False: so much of an answer in several parts is more than this side takes, and that is the end.
    fn fits(&mut self, id: CallId, bytes: usize, woken: &mut Vec<W>) -> bool {
        let fits = bytes <= self.terms.reply_bytes_max as usize;
        if !fits {
            self.over(End::Violation(format!("an answer to call {} that is over the limit", id.0)), woken);
        }
        fits
    }

    fn answer(&mut self, id: CallId, body: Body<'_>, fds: Fds, woken: &mut Vec<W>) {
        let answer = match (self.calls.take_parts(id), body) {
            (Some(mut message), body) => {
                message.bytes.extend_from_slice(body.as_slice());
                if !self.fits(id, message.bytes.len(), woken) {
                    return;
                }
                Answer::Body { message, start: 0 }
            }
            (None, Body::Whole { bytes, start }) => {
                Answer::Body { message: Message { bytes: std::mem::take(bytes), fds }, start }
            }
            (None, Body::Part(part)) => {
                let mut bytes = self.spares.pop().unwrap_or_default();
                bytes.extend_from_slice(part);
                Answer::Body { message: Message { bytes, fds }, start: 0 }
            }
        };
        match self.calls.deliver(id, answer, woken) {
            Delivered::Unasked => self.unasked(id, woken),
            Delivered::Taken | Delivered::Late => self.answered(id, woken),
        }
    }

    /// What goodbye has refused already may have been on its way: a ping, or the opening of a service.
    fn unasked(&mut self, id: CallId, woken: &mut Vec<W>) {
        if !(self.goodbye && self.calls.was_given(id)) {
            self.over(End::Violation(format!("an answer to call {}, which nobody asked for", id.0)), woken);
        }
    }

    /// Nothing more will come for this call, and nothing more is taken.
    fn answered(&mut self, id: CallId, woken: &mut Vec<W>) {
        if self.streams.stop(id, true) {
            self.calls.wake(Waits::Items(id), woken);
            self.calls.wake(Waits::Credit(id), woken);
        }
    }

    /// A frame about a call's items.
    fn items(&mut self, head: Head, body: &[u8], outbox: &mut Outbox, woken: &mut Vec<W>) {
        if !self.calls.was_given(head.call) {
            let problem = format!("a {:?} of call {}, which was never made", head.kind, head.call.0);
            return self.over(End::Violation(problem), woken);
        }
        match self.streams.received(head.kind, head.call, body) {
            Ok(None) => {}
            Ok(Some(what)) => {
                if self.streams.is_stopped(head.call) && head.kind == Kind::InputStop {
                    outbox.drop_items(Side::Caller, head.call);
                }
                self.calls.wake(what, woken);
            }
            Err(problem) => self.over(End::Violation(problem), woken),
        }
    }

    /// Takes the items that have come for a call; they are appended to `buffer`.
    pub(crate) fn take_items(&mut self, id: CallId, buffer: &mut Vec<u8>, outbox: &mut Outbox) -> Next {
        match self.streams.take(id, buffer, outbox) {
            Taken::Bytes => Next::Items,
            _ if self.calls.is_answered(id) => match self.calls.is_fault(id) {
                true => Next::Failed,
                false => Next::Answered,
            },
            _ if self.end.is_some() => Next::Failed,
            _ => Next::Nothing,
        }
    }

    /// Queues as many bytes of items as there is credit for.
    pub(crate) fn send_items(&mut self, id: CallId, bytes: &[u8], outbox: &mut Outbox) -> Sent {
        match self.is_usable() {
            true => self.streams.send(id, bytes, outbox),
            false => Sent::Stopped,
        }
    }

    /// The last item of this side is sent, or never will be.
    pub(crate) fn end_items(&mut self, id: CallId, complete: bool, outbox: &mut Outbox) {
        if self.end.is_none() {
            self.streams.end_input(id, complete, outbox);
        }
    }

    /// How many bytes of items have come that nobody has taken.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.streams.held()
    }

    /// How many calls with items are not closed.
    #[cfg(test)]
    pub(crate) fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Unlike an answer, a fault may come for a one-way call, which nobody waits for.
    fn fault(&mut self, id: CallId, fault: Fault, woken: &mut Vec<W>) {
        let delivered = self.calls.deliver(id, Answer::Failed(fault.into()), woken);
        self.answered(id, woken);
        if delivered == Delivered::Unasked && !self.calls.was_given(id) {
            self.over(End::Violation(format!("a fault of call {}, which was never made", id.0)), woken);
        }
    }

    /// The answer of a call, if it is there. `buffer` is exchanged for the answer's.
    pub(crate) fn take(&mut self, id: CallId, buffer: &mut Message) -> Option<Result<usize, Unanswered>> {
        Some(match self.calls.take(id)? {
            Answer::Failed(why) => Err(why),
            Answer::Body { message, start } => {
                let size = message.bytes.len();
                let Message { bytes: mut old, .. } = std::mem::replace(buffer, message);
                let is_kept =
                    old.capacity() <= SPARE_BYTES_MAX || self.spares.is_empty() && is_kept(old.capacity(), size);
                if is_kept && self.spares.len() < SPARES_MAX {
                    old.clear();
                    self.spares.push(old);
                }
                Ok(start)
            }
        })
    }

    /// The caller waits no longer. Takes the request back if it can, else queues a cancel.
    pub(crate) fn give_up(&mut self, id: CallId, outbox: &mut Outbox, woken: &mut Vec<W>) -> Outcome {
        let outcome = self.outcome(id, outbox);
        let taken_back = self.calls.frame(id).is_some_and(|frame| outbox.take_back(&frame));
        let expected = self.end.is_none() && !taken_back;
        outbox.drop_items(Side::Caller, id);
        if expected && self.calls.frame(id).is_some() {
            outbox.push_frame(Kind::Cancel, id, &[]);
        }
        self.calls.give_up(id, expected, woken);
        // The other half of the call may sleep.
        self.answered(id, woken);
        self.streams.close(id);
        match taken_back {
            true => Outcome::NotSent,
            // What cannot be taken back will be sent, unless the connection ends first.
            false if self.end.is_none() => Outcome::Unknown,
            false => outcome,
        }
    }

    /// What has happened to an unanswered call so far.
    fn outcome(&self, id: CallId, outbox: &Outbox) -> Outcome {
        match self.calls.frame(id) {
            Some(frame) if !outbox.may_be_sent(&frame) => Outcome::NotSent,
            _ => Outcome::Unknown,
        }
    }

    /// The connection is over: everybody wakes up, and finds out why.
    pub(crate) fn over(&mut self, end: End, woken: &mut Vec<W>) {
        self.end.get_or_insert(end);
        self.streams.stop_all();
        self.calls.all_waiters(woken);
    }

    /// Somebody to wake, if there is something that a sleeper should take over.
    pub(crate) fn successor(&mut self, reading_is_free: bool, outbox: &Outbox) -> Option<W> {
        let mut reader = None;
        if reading_is_free {
            // Whoever waits for a frame can read without looking up: that frame ends its wait.
            let for_a_frame = |waits| matches!(waits, Waits::Answer(_) | Waits::Items(_) | Waits::Credit(_));
            reader = self.calls.any_waiter(for_a_frame);
            reader = reader.or_else(|| self.calls.any_waiter(|waits| matches!(waits, Waits::Room(_))));
        }
        let write = || self.has_work(outbox).then(|| self.calls.any_waiter(|_| true)).flatten();
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
