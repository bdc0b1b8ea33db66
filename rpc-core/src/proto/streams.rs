//! The items of the calls that one side of a connection makes, or serves: what has come, and what may be sent.
//!
//! ```text
//! caller                                   callee
//! INPUT, INPUT_END        ──────────>      its inflow
//!                         <──────────      INPUT_CREDIT, INPUT_STOP
//! its inflow              <──────────      ITEMS, and a reply or fault behind the last
//! CREDIT                  ──────────>
//! ```
//! A call's flow is opened when the call is started, or read, and closed when nobody holds a half of it any more. Frames of
//! calls that have none are late, and ignored: whether their id was ever given out is for their owner to say.
use super::calls::IdHasher;
use super::{Inflow, Outbox, Outflow, Side, Taken, Waits};
use crate::Shape;
use crate::wire::{CallId, Kind, put_varint, take_varint};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;

/// The two halves of one call's items; a shape that has none in a direction has no half for it.
#[derive(Debug)]
struct Flow {
    inflow: Option<Inflow>,
    outflow: Option<Outflow>,
    /// Where the last grant stands among the bytes that are written.
    granted: Range<u64>,
}

impl Flow {
    fn stop(&mut self, complete: bool) {
        self.outflow.iter_mut().for_each(Outflow::stop);
        self.inflow.iter_mut().for_each(|inflow| {
            inflow.ended(complete);
        });
    }
}

/// All flows of one side's calls.
#[derive(Debug)]
pub(crate) struct Streams {
    side: Side,
    /// How far others may run ahead of this side, and it ahead of them, unless they say less.
    window_bytes: u32,
    flows: HashMap<CallId, Flow, BuildHasherDefault<IdHasher>>,
}

/// How many of some bytes were taken to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// So many; none if there is no credit.
    Some(usize),
    /// Nobody takes them any more.
    Stopped,
}

impl Streams {
    /// Of the calls of `side`, whose senders may run ahead by `window_bytes`.
    pub(crate) fn new(side: Side, window_bytes: u32) -> Self {
        Self { side, window_bytes, flows: HashMap::default() }
    }

    /// A call has begun that has items. `window_bytes` is what the other side takes. Both ways the smaller window counts: what
    /// a side keeps of what it sends is as much its own business as what it keeps of what it is sent.
    pub(crate) fn open(&mut self, call: CallId, shape: Shape, window_bytes: u32) {
        let (receives, sends) = match self.side {
            Side::Caller => (shape.streams(), shape.accepts()),
            Side::Callee => (shape.accepts(), shape.streams()),
        };
        let window = window_bytes.min(self.window_bytes);
        let flow = Flow {
            inflow: receives.then(|| Inflow::new(window)),
            outflow: sends.then(|| Outflow::new(window)),
            granted: 0..0,
        };
        self.flows.insert(call, flow);
    }

    /// Whether there are no calls with items.
    pub(crate) fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// How many calls with items there are.
    pub(crate) fn len(&self) -> usize {
        self.flows.len()
    }

    /// How many of the other side's calls take up memory here: also those whose handlers have ended, while items wait to be sent.
    pub(crate) fn held_up(&self, outbox: &Outbox) -> usize {
        self.len() + outbox.streams_left(self.side, |call| self.flows.contains_key(&call))
    }

    /// How many bytes have come and are not taken.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.flows.values().filter_map(|flow| flow.inflow.as_ref()).map(Inflow::held).sum()
    }

    /// A frame about items has come. Gives who may go on.
    ///
    /// # Errors
    /// When the peer breaks the protocol: what it did.
    pub(crate) fn received(&mut self, kind: Kind, call: CallId, body: &[u8]) -> Result<Option<Waits>, String> {
        let Some(flow) = self.flows.get_mut(&call) else { return Ok(None) };
        let violation = |what: &str| Err(format!("{what} of call {}", call.0));
        let (incoming, outgoing) = (Ok(Some(Waits::Items(call))), Ok(Some(Waits::Credit(call))));
        match (kind, &mut flow.inflow, &mut flow.outflow) {
            (Kind::Items | Kind::Input, Some(inflow), _) => match inflow.received(body) {
                true => incoming,
                false => violation("more items than were granted, or behind the last,"),
            },
            (Kind::InputEnd, Some(inflow), _) => match body {
                [how @ (0 | 1)] if inflow.ended(*how == 0) => incoming,
                _ => violation("a second, or malformed, end of the items"),
            },
            (Kind::Credit | Kind::InputCredit, _, Some(outflow)) => match take_varint(body) {
                Some((bytes, [])) if outflow.granted(bytes) => outgoing,
                _ => violation("an absurd grant"),
            },
            (Kind::InputStop, _, Some(outflow)) => {
                outflow.stop();
                outgoing
            }
            _ => violation("items in a direction in which there are none,"),
        }
    }

    /// Takes what has come for a call, which is appended to `buffer`; its sender may be granted more.
    pub(crate) fn take(&mut self, call: CallId, buffer: &mut Vec<u8>, outbox: &mut Outbox) -> Taken {
        let Some(flow) = self.flows.get_mut(&call) else { return Taken::Abandoned };
        let Some(inflow) = &mut flow.inflow else { return Taken::Finished };
        let taken = inflow.take(buffer);
        if let Some(bytes) = inflow.grant() {
            let kind = match self.side {
                Side::Caller => Kind::Credit,
                Side::Callee => Kind::InputCredit,
            };
            let mut body = Vec::new();
            put_varint(bytes.into(), &mut body);
            flow.granted = outbox.push_frame(kind, call, &body);
        }
        taken
    }

    /// Whether [`take`](Self::take) finds items, or their end. Where there are none, nothing is to be waited for here but the
    /// call's answer.
    pub(crate) fn has_some(&self, call: CallId) -> bool {
        self.flows.get(&call).is_none_or(|flow| flow.inflow.as_ref().is_some_and(Inflow::has_some))
    }

    /// Queues as many of the bytes as there is credit for.
    pub(crate) fn send(&mut self, call: CallId, bytes: &[u8], outbox: &mut Outbox) -> Sent {
        let Some(outflow) = self.outflow(call).filter(|outflow| !outflow.is_stopped()) else { return Sent::Stopped };
        let count = outflow.pay(bytes.len());
        if count > 0 {
            let kind = match self.side {
                Side::Caller => Kind::Input,
                Side::Callee => Kind::Items,
            };
            outbox.push_in_turn(self.side, call, kind, bytes.get(..count).unwrap_or_default());
        }
        Sent::Some(count)
    }

    /// Whether [`send`](Self::send) takes something, or never will.
    pub(crate) fn may_send(&mut self, call: CallId) -> bool {
        self.outflow(call).is_none_or(|outflow| outflow.is_ready())
    }

    /// Whether nobody takes what this side sends.
    pub(crate) fn is_stopped(&mut self, call: CallId) -> bool {
        self.outflow(call).is_none_or(|outflow| outflow.is_stopped())
    }

    fn outflow(&mut self, call: CallId) -> Option<&mut Outflow> {
        self.flows.get_mut(&call)?.outflow.as_mut()
    }

    /// The caller's last item is sent, or never will be.
    pub(crate) fn end_input(&mut self, call: CallId, complete: bool, outbox: &mut Outbox) {
        if let Some(outflow) = self.outflow(call).filter(|outflow| !outflow.is_stopped()) {
            outflow.stop();
            outbox.push_in_turn(self.side, call, Kind::InputEnd, &[u8::from(!complete)]);
        }
    }

    /// The handler takes no more of its caller's items.
    pub(crate) fn stop_input(&mut self, call: CallId, outbox: &mut Outbox) {
        let Some(flow) = self.flows.get_mut(&call) else { return };
        // What still comes has been granted: it is let in, and thrown away with the flow.
        if flow.inflow.as_ref().is_some_and(Inflow::is_open) {
            outbox.push_frame(Kind::InputStop, call, &[]);
        }
    }

    /// The call is over, or cancelled: nothing is sent any more, and nothing more will come. False: it has no items.
    pub(crate) fn stop(&mut self, call: CallId, complete: bool) -> bool {
        let Some(flow) = self.flows.get_mut(&call) else { return false };
        flow.stop(complete);
        true
    }

    /// The same for all calls: the connection is over.
    pub(crate) fn stop_all(&mut self) {
        self.flows.values_mut().for_each(|flow| flow.stop(false));
    }

    /// Nobody holds the call any more.
    pub(crate) fn close(&mut self, call: CallId) {
        self.flows.remove(&call);
    }

    /// Whether the last grant of this call is not written yet.
    pub(crate) fn is_grant_unsent(&self, call: CallId, outbox: &Outbox) -> bool {
        self.flows.get(&call).is_some_and(|flow| !outbox.is_written(&flow.granted))
    }
}
