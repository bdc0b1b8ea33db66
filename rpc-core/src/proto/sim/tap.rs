//! Listens to one way of the connection, and knows the protocol's rules by itself: it is told nothing by either end.
use super::scenario::SHAPES;
use super::transport::Way;
use crate::proto::RequestHead;
use crate::wire::{CallId, Cut, Cutter, Head, Kind, take_varint};
use std::collections::BTreeMap;

/// What stands before a small frame at most: a batch of 64 KiB, the frame of 64 KiB that went past that, one that left its
/// lane behind them, and small answers.
const BULK_BEFORE_MAX: u64 = 3 * (64 << 10) + 16 * (4 << 10);

/// What one call has said this way.
#[derive(Debug, Default)]
struct Said {
    /// CALL, or its answer.
    calls: u32,
    answers: u32,
    /// CALL of a method that accepts items.
    accepts: bool,
    /// REPLY.
    replied: bool,
    cancels: u32,
    /// INPUT_END, or INPUT_STOP.
    ends: u32,
    /// Bytes of items.
    items: u64,
    /// Granted for the other way.
    credit: u64,
}

/// One way.
#[derive(Debug)]
pub(super) struct Tap {
    way: Way,
    cutter: Cutter,
    rest: Vec<u8>,
    calls: BTreeMap<u32, Said>,
    /// Bytes of items and large answers that went by.
    bulk: u64,
    /// How much of them had gone by when a ping, or pong, was queued.
    small: BTreeMap<u32, u64>,
    goodbye: Option<u32>,
    last_call: u32,
}

impl Tap {
    pub(super) fn new(way: Way) -> Self {
        let (calls, small) = (BTreeMap::new(), BTreeMap::new());
        let cutter = Cutter::default();
        Self { way, cutter, rest: Vec::new(), calls, bulk: 0, small, goodbye: None, last_call: 0 }
    }

    /// A ping, or pong, has been queued.
    pub(super) fn queued(&mut self, id: CallId) {
        self.small.insert(id.0, self.bulk);
    }

    /// Bytes have been taken this way.
    pub(super) fn hears(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let mut at = 0;
        while let Cut::Frame { head, body, used } = self.cutter.cut(&rest[at..], u32::MAX).expect("these are frames") {
            self.frame(head, body);
            at += used;
        }
        self.rest = rest;
        self.rest.drain(..at);
    }

    fn frame(&mut self, head: Head, body: &[u8]) {
        let (id, kind) = (head.call.0, head.kind);
        let rule = |holds: bool, what: &str| assert!(holds, "{:?}: {kind:?} of call {id} {what}", self.way);
        let said = self.calls.entry(id).or_default();
        let has_call = said.calls > 0 || self.way == Way::Down;
        if matches!(kind, Kind::Items | Kind::Input | Kind::Reply) {
            self.bulk += body.len() as u64;
        }
        match kind {
            Kind::Call => {
                rule(id > self.last_call, "does not come after the last");
                said.calls += 1;
                self.last_call = id;
            }
            Kind::Input | Kind::InputEnd | Kind::Credit | Kind::Cancel => {
                rule(has_call, "which was never made");
                rule(said.cancels == 0, "behind its cancel");
                rule(said.ends == 0 || matches!(kind, Kind::Credit | Kind::Cancel), "behind the last item");
                said.cancels += u32::from(kind == Kind::Cancel);
                said.ends += u32::from(kind == Kind::InputEnd);
            }
            Kind::Items | Kind::InputCredit | Kind::InputStop => {
                rule(said.answers == 0, "behind its answer");
                rule(said.ends == 0 || kind == Kind::Items, "behind its stop");
                said.ends += u32::from(kind == Kind::InputStop);
            }
            Kind::Reply | Kind::Fault => {
                rule(said.answers == 0, "which has been answered");
                rule(self.goodbye.is_none_or(|last| id <= last), "which goodbye has refused");
                said.answers += u32::from(!head.more);
            }
            Kind::Ping | Kind::Pong => {
                let queued = self.small.remove(&id).expect("whoever queues it tells");
                rule(self.bulk - queued <= BULK_BEFORE_MAX, "has waited for others' bulk");
            }
            Kind::Goodbye => rule(self.goodbye.replace(id).is_none(), "is said twice"),
            Kind::Void => {}
            other => panic!("{:?}: a frame of kind {other:?}", self.way),
        }
        match kind {
            Kind::Items | Kind::Input => said.items += body.len() as u64,
            Kind::Credit | Kind::InputCredit => said.credit += take_varint(body).expect("a number").0,
            Kind::Call => said.accepts = RequestHead::take(body).is_some_and(|(head, _)| accepts(head)),
            Kind::Reply => said.replied = true,
            _ => {}
        }
    }

    /// Whether no handler of a call that has come up has answered while its caller might still send: it has stopped it.
    pub(super) fn stops(&self, up: &Tap) {
        for (id, said) in self.calls.iter().filter(|(_, said)| said.replied) {
            let Some(call) = up.calls.get(id).filter(|call| call.accepts) else { continue };
            let stopped = said.ends + call.ends + call.cancels > 0;
            assert!(stopped, "call {id} is answered, and its caller was not stopped");
        }
    }

    /// Whether no call has said more, this way, than the other way has granted.
    pub(super) fn keeps_within(&self, window: u32, granting: &Tap) {
        for (id, said) in &self.calls {
            let granted = u64::from(window) + granting.calls.get(id).map_or(0, |said| said.credit);
            assert!(said.items <= granted, "{:?}: call {id} sent {} of {granted} bytes", self.way, said.items);
        }
    }
}

fn accepts(head: RequestHead) -> bool {
    SHAPES.get(head.method as usize).is_some_and(|shape| shape.accepts())
}
