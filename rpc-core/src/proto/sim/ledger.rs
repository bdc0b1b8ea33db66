//! What happened to each call, as both ends saw it, and whether that may be.
use super::scenario::{CallPlan, Scenario, Voice, message, put};
use super::transport::Time;
use super::world::World;
use crate::proto::Fault;
use crate::wire::{ITEM_HEAD_BYTES, Items, NextItem};
use crate::{Outcome, Shape};
use std::cell::RefCell;
use std::rc::Rc;

/// How late a call may end behind its deadline: a thread that others keep from reading looks up as often as this.
const LATE_MAX: Time = 20_000;

/// Why a call failed, for its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    Deadline,
    /// The connection is over.
    Lost,
    /// The server stops.
    Closing,
    TooLarge,
    Fault(Fault),
}

/// How a call ended for its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    Dropped,
    Failed(Why, Outcome),
}

/// One direction of a call's items.
#[derive(Debug, Default)]
struct Stream {
    /// What was given to be sent.
    put: u32,
    /// The sender said that these were all.
    finished: bool,
    /// What came, in order and unchanged.
    came: u32,
    /// The receiver was told that these were all.
    complete: bool,
}

/// One call.
#[derive(Debug, Default)]
struct Record {
    began: Option<Time>,
    /// How long its caller did something else than wait.
    paused: Time,
    /// How often its handler was entered.
    entered: u32,
    returned: bool,
    input: Stream,
    output: Stream,
    ended: Option<(Ended, Time)>,
}

/// All calls of a run.
pub(super) struct Ledger {
    world: Rc<World>,
    scenario: Rc<Scenario>,
    records: RefCell<Vec<Record>>,
    /// Ids of the calls in the order in which their handlers were entered.
    last_entered: RefCell<u32>,
    /// One-way calls that run.
    one_way: RefCell<u32>,
}

impl Ledger {
    pub(super) fn new(world: Rc<World>, scenario: Rc<Scenario>) -> Self {
        let records = scenario.calls.iter().map(|_| Record::default()).collect();
        Self {
            world,
            scenario,
            records: RefCell::new(records),
            last_entered: RefCell::default(),
            one_way: RefCell::default(),
        }
    }

    fn plan(&self, call: u32) -> &CallPlan {
        &self.scenario.calls[call as usize]
    }

    fn note<R>(&self, call: u32, what: &str, change: impl FnOnce(&mut Record) -> R) -> R {
        self.world.note(|| format!("call {call}: {what}"));
        change(&mut self.records.borrow_mut()[call as usize])
    }

    pub(super) fn begins(&self, call: u32) {
        let now = self.world.now();
        self.note(call, "begins", |record| record.began = Some(now));
    }

    /// Its handler is entered: calls in the order of their ids, and none while a one-way call runs.
    pub(super) fn enters(&self, call: u32, id: u32) {
        self.note(call, "entered", |record| record.entered += 1);
        let last = self.last_entered.replace(id);
        assert!(id > last, "call {id} is entered behind call {last}");
        assert_eq!(*self.one_way.borrow(), 0, "call {id} is entered while a one-way call runs");
        *self.one_way.borrow_mut() += u32::from(self.plan(call).shape == Shape::OneWay);
    }

    pub(super) fn returns(&self, call: u32) {
        self.note(call, "returns", |record| record.returned = true);
        *self.one_way.borrow_mut() -= u32::from(self.plan(call).shape == Shape::OneWay);
    }

    fn stream<R>(&self, call: u32, of: Voice, what: &str, change: impl FnOnce(&mut Stream) -> R) -> R {
        let change = |record: &mut Record| match of {
            Voice::Caller => change(&mut record.input),
            Voice::Handler => change(&mut record.output),
        };
        self.note(call, what, change)
    }

    /// Appends the next item of a call.
    pub(super) fn put(&self, call: u32, of: Voice, out: &mut Vec<u8>) {
        let number = self.stream(call, of, "puts an item", |stream| {
            stream.put += 1;
            stream.put - 1
        });
        put(call, of, number, self.scenario.sizes.item, out);
    }

    pub(super) fn finishes(&self, call: u32, of: Voice) {
        self.stream(call, of, "all items are sent", |stream| stream.finished = true);
    }

    /// Takes whole items off those that have come: they are what was put, in that order.
    pub(super) fn takes(&self, call: u32, of: Voice, items: &mut Items) {
        while let NextItem::Whole(place) = items.next(u32::MAX) {
            let mut expected = Vec::new();
            let number = self.stream(call, of, "an item has come", |stream| {
                stream.came += 1;
                assert!(stream.came <= stream.put, "call {call}: an item that nobody sent");
                stream.came - 1
            });
            put(call, of, number, self.scenario.sizes.item, &mut expected);
            assert!(items.bytes(place) == &expected[ITEM_HEAD_BYTES..], "call {call}: item {number} is another");
        }
    }

    /// How many items have come.
    pub(super) fn came(&self, call: u32, of: Voice) -> u32 {
        self.stream(call, of, "counts", |stream| stream.came)
    }

    /// The receiver is told that all items have come.
    pub(super) fn completes(&self, call: u32, of: Voice, items: &Items) {
        assert!(!items.has_rest(), "call {call}: the last item is cut short");
        self.stream(call, of, "all items have come", |stream| {
            stream.complete = true;
            assert!(stream.finished, "call {call}: a quiet end of items whose sender has not finished");
            assert_eq!(stream.came, stream.put, "call {call}: items are lost");
        });
    }

    /// The bytes of an answer.
    pub(super) fn answers(&self, call: u32, answer: &[u8]) {
        let bytes = self.plan(call).handler.answer_bytes.expect("who panics does not answer");
        assert!(answer == message(call, Voice::Handler, bytes), "call {call}: another answer");
    }

    pub(super) fn ends(&self, call: u32, how: Ended) {
        let (now, limit) = (self.world.now(), self.plan(call).allowed);
        let what = format!("ends: {how:?}");
        self.note(call, &what, |record| {
            assert_eq!(record.ended, None, "call {call} ends twice");
            let began = record.began.expect("it began");
            if let (Some(allowed), false) = (limit, how == Ended::Dropped) {
                assert!(now <= began + allowed + record.paused + LATE_MAX, "call {call} ends late: {how:?}");
            }
            record.ended = Some((how, now));
        });
    }

    /// The caller does something else for so long.
    pub(super) fn pauses(&self, call: u32, time: Time) {
        self.note(call, "pauses", |record| record.paused += time);
    }

    /// Nobody waits any more.
    pub(super) fn all_ended(&self) {
        for (call, record) in self.records.borrow().iter().enumerate() {
            assert!(record.began.is_none() || record.ended.is_some(), "call {call} hangs");
        }
    }

    /// Whether every call that began has ended, and as the other end saw it.
    pub(super) fn balance(&self) {
        for (call, record) in self.records.borrow().iter().enumerate() {
            let call = call as u32;
            assert!(record.entered <= 1, "call {call} has run {} times", record.entered);
            if record.began.is_some() {
                let Some((ended, _)) = &record.ended else { panic!("call {call} never ended") };
                self.judge(call, record, ended);
            } else {
                assert_eq!(record.entered, 0, "call {call} has run, and nobody made it");
            }
        }
    }

    fn judge(&self, call: u32, record: &Record, ended: &Ended) {
        let ran = record.entered > 0;
        match ended {
            Ended::Answered if self.plan(call).shape == Shape::OneWay => {}
            Ended::Answered => assert!(ran && record.returned, "call {call} was answered by nobody"),
            Ended::Failed(_, Outcome::NotSent | Outcome::Refused) => {
                assert!(!ran, "call {call} has run, but its caller was told {ended:?}");
            }
            Ended::Failed(_, Outcome::Executed) => assert!(ran, "call {call} has not run, in spite of {ended:?}"),
            Ended::Failed(_, Outcome::Unknown) | Ended::Dropped => {}
        }
        if self.scenario.calm {
            self.judge_calm(call, record, ended);
        }
    }

    /// Nothing has gone wrong, so the call went as it was planned to.
    fn judge_calm(&self, call: u32, record: &Record, ended: &Ended) {
        let plan = self.plan(call);
        let frame = u64::from(self.scenario.sizes.frame);
        let failed = |outcome| matches!(ended, Ended::Failed(_, had) if *had == outcome);
        let large = |bytes: usize| bytes as u64 + 32 > frame;
        let good = match (ended, plan.handler.answer_bytes) {
            (Ended::Dropped, _) => true,
            (Ended::Failed(Why::TooLarge, Outcome::NotSent), _) => large(plan.argument_bytes),
            (Ended::Answered, _) if plan.shape == Shape::OneWay => record.entered == 1,
            (Ended::Answered, Some(_)) => record.entered == 1,
            (Ended::Failed(Why::Fault(Fault::Panicked), _), None) => failed(Outcome::Executed),
            (Ended::Failed(Why::Fault(Fault::NoReply(_)), _), Some(_)) => plan.shape.accepts() && !plan.input.finishes,
            (Ended::Failed(Why::Fault(Fault::ReplyTooLarge { .. }), _), Some(bytes)) => large(bytes),
            _ => false,
        };
        assert!(good, "call {call} ends as it need not: {ended:?}");
    }
}
