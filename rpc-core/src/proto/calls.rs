//! The calling side's table of calls in flight.
//!
//! ```text
//! start ─> Waiting ─ deliver ─> Answered ─ take ─> (gone)
//!             └─ give_up ─> Abandoned ─ deliver ─> (gone)
//! ```
//! An abandoned call keeps its place until its answer comes, because at the server it keeps its place as well. The table
//! also knows who sleeps until what: that is data, and waking is the driver's part.
use super::Fault;
use crate::Error;
use crate::wire::{CallId, Fds, Message};
use std::collections::{HashMap, VecDeque, hash_map::Entry};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::time::Duration;

/// What came back for a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The bytes of a reply, of an opened service, or of a pong: what was asked for.
    Body { message: Message, start: usize },
    /// Why there is none.
    Failed(Unanswered),
}

/// Why a call has no answer while its connection goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The server's reason.
    Fault(Fault),
    /// It was not sent: the system does not pass its descriptors.
    NotPassed,
}

/// What the system means by `ETOOMANYREFS`, see unix(7). Whose descriptors they are depends on who sends them.
pub(crate) const CROWDED: &str = "too many descriptors of this process's user are on their way, sent and not received yet (ETOOMANYREFS); \
     try again later";

impl Unanswered {
    /// As the caller of `method` sees it.
    pub(crate) fn into_error(self, method: String, allowed: Option<Duration>) -> Error {
        match self {
            Self::Fault(fault) => fault.into_error(method, allowed),
            Self::NotPassed => Error::System {
                doing: format!("{method}: sending the request's descriptors"),
                text: CROWDED.to_owned(),
            },
        }
    }
}

impl From<Fault> for Unanswered {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Whether a delivered answer was expected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Its caller has it.
    Taken,
    /// Its caller has given up.
    Late,
    /// Nobody asked: the peer broke the protocol.
    Unasked,
}

/// What somebody sleeps for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// The answer of this call.
    Answer(CallId),
    /// Items of this call, or its answer.
    Items(CallId),
    /// Leave to send more items of this call, or its answer.
    Credit(CallId),
    /// Room for one more call, in the order of these tickets.
    Room(Ticket),
    /// The end of somebody else's writing. Such a sleeper cannot read for others.
    Written,
}

/// A place in the queue of those who wait for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

#[derive(Debug)]
enum Slot {
    /// `parts`: what has come of an answer that comes in several.
    Waiting {
        frame: Range<u64>,
        parts: Option<Message>,
    },
    Answered {
        answer: Answer,
    },
    Abandoned,
}

/// Calls in flight, and who waits for what. `W` wakes a waiter.
///
/// Invariant: `in_flight` counts the slots that wait, or are abandoned.
#[derive(Debug)]
pub(crate) struct Calls<W> {
    slots: HashMap<CallId, Slot, BuildHasherDefault<IdHasher>>,
    waiting: Vec<(Waits, W)>,
    /// Who comes first, starts first: else a busy thread would take every place before a sleeping one is awake.
    queue: VecDeque<Ticket>,
    tickets: u64,
    last: CallId,
    /// Slots without an answer.
    in_flight: usize,
    calls_max: usize,
}

impl<W> Calls<W> {
    /// For a peer that takes `calls_max` calls at a time; they are numbered from behind `last`.
    pub(crate) fn new(calls_max: u32, last: CallId) -> Self {
        Self {
            slots: HashMap::default(),
            waiting: Vec::new(),
            queue: VecDeque::new(),
            tickets: 0,
            last,
            in_flight: 0,
            calls_max: calls_max.max(1) as usize,
        }
    }

    /// Whether one more call may start now: whoever has no ticket comes after all that have.
    pub(crate) fn may_start(&self, ticket: Option<Ticket>) -> bool {
        self.has_room() && self.queue.front() == ticket.as_ref()
    }

    fn has_room(&self) -> bool {
        self.in_flight < self.calls_max
    }

    /// The last place in the queue for room.
    pub(crate) fn queue_up(&mut self) -> Ticket {
        self.tickets += 1;
        self.queue.push_back(Ticket(self.tickets));
        Ticket(self.tickets)
    }

    /// Whoever has this place starts, or gives up.
    pub(crate) fn leave_queue(&mut self, ticket: Ticket, woken: &mut Vec<W>) {
        self.queue.retain(|other| *other != ticket);
        self.wake_first(woken);
    }

    /// The id of a new call whose frame stands at `frame` among all bytes that are ever written; see [`may_start`](Self::may_start).
    pub(crate) fn start(&mut self, frame: Range<u64>) -> CallId {
        let id = self.unused();
        self.slots.insert(id, Slot::Waiting { frame, parts: None });
        self.in_flight += 1;
        id
    }

    /// An id for a frame that nothing comes back for.
    pub(crate) fn unused(&mut self) -> CallId {
        self.last = self.last.next();
        while self.slots.contains_key(&self.last) {
            self.last = self.last.next();
        }
        self.last
    }

    /// An answer has come. Who is to be woken is put into `woken`.
    pub(crate) fn deliver(&mut self, id: CallId, answer: Answer, woken: &mut Vec<W>) -> Delivered {
        match self.slots.get_mut(&id) {
            Some(Slot::Abandoned) => {
                self.slots.remove(&id);
                self.ended(woken);
                Delivered::Late
            }
            Some(slot @ Slot::Waiting { .. }) => {
                *slot = Slot::Answered { answer };
                self.wake(Waits::Answer(id), woken);
                self.ended(woken);
                Delivered::Taken
            }
            Some(Slot::Answered { .. }) => Delivered::Unasked,
            None => Delivered::Unasked,
        }
    }

    /// The answer, if it is there: then the call is over.
    pub(crate) fn take(&mut self, id: CallId) -> Option<Answer> {
        let Entry::Occupied(slot) = self.slots.entry(id) else { return None };
        if !matches!(slot.get(), Slot::Answered { .. }) {
            return None;
        }
        match slot.remove() {
            Slot::Answered { answer } => Some(answer),
            Slot::Waiting { .. } | Slot::Abandoned => None,
        }
    }

    /// Part of an answer has come, of which there will be more. Gives how much of it there is now; `None`: nobody asked.
    /// The first goes into the buffer that `empty` gives.
    pub(crate) fn add_part(
        &mut self,
        id: CallId,
        bytes: &[u8],
        fds: Fds,
        empty: impl FnOnce() -> Vec<u8>,
    ) -> Option<usize> {
        match self.slots.get_mut(&id)? {
            Slot::Waiting { parts, .. } => {
                let parts = parts.get_or_insert_with(|| Message { bytes: empty(), fds });
                parts.bytes.extend_from_slice(bytes);
                Some(parts.bytes.len())
            }
            Slot::Abandoned => Some(0),
            Slot::Answered { .. } => None,
        }
    }

    /// Whether a part of its answer has come.
    pub(crate) fn has_parts(&self, id: CallId) -> bool {
        matches!(self.slots.get(&id), Some(Slot::Waiting { parts: Some(_), .. }))
    }

    /// What has come of an answer whose last part is here.
    pub(crate) fn take_parts(&mut self, id: CallId) -> Option<Message> {
        match self.slots.get_mut(&id)? {
            Slot::Waiting { parts, .. } => parts.take(),
            Slot::Answered { .. } | Slot::Abandoned => None,
        }
    }

    /// Whether the answer, or a fault, has come and is not taken.
    pub(crate) fn is_answered(&self, id: CallId) -> bool {
        matches!(self.slots.get(&id), Some(Slot::Answered { .. }))
    }

    /// Whether it has failed.
    pub(crate) fn is_fault(&self, id: CallId) -> bool {
        matches!(self.slots.get(&id), Some(Slot::Answered { answer: Answer::Failed(_) }))
    }

    /// Nobody waits for this call any more. `expected`: an answer will still come.
    pub(crate) fn give_up(&mut self, id: CallId, expected: bool, woken: &mut Vec<W>) {
        match self.slots.remove(&id) {
            Some(Slot::Waiting { .. }) if expected => {
                self.slots.insert(id, Slot::Abandoned);
            }
            Some(Slot::Waiting { .. }) => self.ended(woken),
            Some(Slot::Abandoned) => {
                self.slots.insert(id, Slot::Abandoned);
            }
            Some(Slot::Answered { .. }) | None => {}
        }
    }

    /// Where the frame of an unanswered call stands among all bytes that are ever written.
    pub(crate) fn frame(&self, id: CallId) -> Option<Range<u64>> {
        match self.slots.get(&id)? {
            Slot::Waiting { frame, .. } => Some(frame.clone()),
            Slot::Answered { .. } | Slot::Abandoned => None,
        }
    }

    /// Whether an id may have been given out already, to a call or to a frame that nothing comes back for.
    pub(crate) fn was_given(&self, id: CallId) -> bool {
        id != CallId::NONE && !id.is_after(self.last)
    }

    /// The server starts no calls after `last`: those are answered here. Gives which they are.
    pub(crate) fn refuse_after(&mut self, last: CallId, woken: &mut Vec<W>) -> Vec<CallId> {
        let late =
            |(id, slot): (&CallId, &Slot)| (matches!(slot, Slot::Waiting { .. }) && id.is_after(last)).then_some(*id);
        let refused: Vec<CallId> = self.slots.iter().filter_map(late).collect();
        for id in &refused {
            self.deliver(*id, Answer::Failed(Fault::ShuttingDown.into()), woken);
        }
        // Nor those that wait for room, of whom each finds out by itself.
        while let Some(waker) = self.any_waiter(|waits| matches!(waits, Waits::Room(_))) {
            woken.push(waker);
        }
        refused
    }

    /// Somebody goes to sleep.
    pub(crate) fn wait(&mut self, what: Waits, waker: W) {
        self.waiting.push((what, waker));
    }

    /// Somebody woke up by himself, or need not sleep any more.
    pub(crate) fn unwait(&mut self, what: Waits, is_mine: impl Fn(&W) -> bool) {
        if let Some(at) = self.waiting.iter().position(|(waits, waker)| *waits == what && is_mine(waker)) {
            self.waiting.swap_remove(at);
        }
    }

    /// Whether anybody sleeps.
    pub(crate) fn has_sleepers(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes one of those who sleep and can do what is asked: somebody must do what this thread stops doing.
    pub(crate) fn any_waiter(&mut self, can: impl Fn(Waits) -> bool) -> Option<W> {
        let at = self.waiting.iter().rposition(|(waits, _)| can(*waits))?;
        Some(self.waiting.swap_remove(at).1)
    }

    /// A batch has been written.
    pub(crate) fn written(&mut self, woken: &mut Vec<W>) {
        while let Some(waker) = self.any_waiter(|waits| waits == Waits::Written) {
            woken.push(waker);
        }
    }

    /// Takes all of them: the connection is over.
    pub(crate) fn all_waiters(&mut self, woken: &mut Vec<W>) {
        woken.extend(self.waiting.drain(..).map(|(_, waker)| waker));
    }

    /// How many answers are expected, those that nobody waits for any more included.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether nobody waits, for anything.
    #[cfg(test)]
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.queue.is_empty()
    }

    /// The last number that was given out.
    pub(crate) fn last(&self) -> CallId {
        self.last
    }

    /// Whether no call is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.in_flight == 0
    }

    /// One call less is in flight.
    fn ended(&mut self, woken: &mut Vec<W>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.wake_first(woken);
    }

    fn wake_first(&mut self, woken: &mut Vec<W>) {
        if self.has_room()
            && let Some(first) = self.queue.front()
        {
            self.wake(Waits::Room(*first), woken);
        }
    }

    /// Whoever sleeps for this wakes up.
    pub(crate) fn wake(&mut self, what: Waits, woken: &mut Vec<W>) {
        if let Some(at) = self.waiting.iter().position(|(waits, _)| *waits == what) {
            woken.push(self.waiting.swap_remove(at).1);
        }
    }
}

/// Ids are counted up by this side, so they need no protection from each other, only spreading.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        // The multiplier of Fibonacci hashing: 2^64 / φ (Knuth, TAOCP 3, 6.4).
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8]) -> Answer {
        Answer::Body { message: bytes.to_vec().into(), start: 0 }
    }

    #[test]
    fn an_answer_wakes_its_caller_alone() {
        let (mut calls, mut woken) = (Calls::new(9, CallId::NONE), Vec::new());
        let (a, b) = (calls.start(0..1), calls.start(1..2));
        calls.wait(Waits::Answer(a), 'a');
        calls.wait(Waits::Answer(b), 'b');
        assert_eq!(calls.deliver(b, body(b"B"), &mut woken), Delivered::Taken);
        assert_eq!(woken, ['b']);
        assert_eq!(calls.take(a), None);
        assert_eq!(calls.take(b), Some(body(b"B")));
        assert_eq!(calls.take(b), None, "once");
    }

    /// C8: what nobody asked for is the peer's fault; what comes too late is nobody's.
    #[test]
    fn late_double_and_unasked() {
        let (mut calls, mut woken) = (Calls::<char>::new(9, CallId::NONE), Vec::new());
        let (a, b) = (calls.start(0..1), calls.start(1..2));
        calls.give_up(a, true, &mut woken);
        assert_eq!(calls.deliver(a, body(b""), &mut woken), Delivered::Late);
        assert_eq!(calls.deliver(a, body(b""), &mut woken), Delivered::Unasked, "the second answer");
        assert_eq!(calls.deliver(b, body(b""), &mut woken), Delivered::Taken);
        assert_eq!(calls.deliver(b, body(b""), &mut woken), Delivered::Unasked);
        assert_eq!(calls.deliver(CallId(77), body(b""), &mut woken), Delivered::Unasked);
    }

    #[test]
    fn an_abandoned_call_keeps_its_place() {
        let (mut calls, mut woken) = (Calls::new(1, CallId::NONE), Vec::new());
        let a = calls.start(0..1);
        calls.give_up(a, true, &mut woken);
        assert!(!calls.may_start(None), "the server still works on it");
        let ticket = calls.queue_up();
        calls.wait(Waits::Room(ticket), 'r');
        assert_eq!(calls.deliver(a, body(b""), &mut woken), Delivered::Late);
        assert_eq!((woken, calls.may_start(Some(ticket))), (vec!['r'], true));
    }

    #[test]
    fn room_is_given_in_order() {
        let (mut calls, mut woken) = (Calls::new(1, CallId::NONE), Vec::new());
        let a = calls.start(0..1);
        let (first, second) = (calls.queue_up(), calls.queue_up());
        calls.wait(Waits::Room(second), '2');
        calls.wait(Waits::Room(first), '1');
        calls.deliver(a, body(b""), &mut woken);
        calls.take(a);
        assert_eq!(woken, ['1']);
        assert!(!calls.may_start(None) && !calls.may_start(Some(second)), "a newcomer comes last");
        calls.leave_queue(first, &mut woken);
        assert_eq!(woken, ['1', '2'], "the first gave up");
        calls.leave_queue(second, &mut woken);
        assert!(calls.may_start(None));
    }

    /// Whoever starts many calls before it takes the first answer does not wait for itself.
    #[test]
    fn an_answered_call_leaves_room() {
        let (mut calls, mut woken) = (Calls::new(1, CallId::NONE), Vec::new());
        let a = calls.start(0..1);
        let ticket = calls.queue_up();
        calls.wait(Waits::Room(ticket), 'r');
        calls.deliver(a, body(b"A"), &mut woken);
        assert_eq!((woken, calls.may_start(Some(ticket)), calls.in_flight()), (vec!['r'], true, 0));
        assert_eq!(calls.take(a), Some(body(b"A")));
        assert_eq!(calls.in_flight(), 0);
    }

    #[test]
    fn goodbye_refuses_what_did_not_start() {
        let (mut calls, mut woken) = (Calls::<char>::new(9, CallId::NONE), Vec::new());
        let (a, b) = (calls.start(0..1), calls.start(1..2));
        calls.refuse_after(a, &mut woken);
        assert_eq!(calls.take(a), None);
        assert_eq!(calls.take(b), Some(Answer::Failed(Fault::ShuttingDown.into())));
    }

    #[test]
    fn ids_in_use_are_not_given_again() {
        let mut calls = Calls::<char>::new(9, CallId::NONE);
        let a = calls.start(0..1);
        calls.last = CallId(u32::MAX);
        assert_ne!(calls.start(0..1), a);
    }
}
