//! One call, and its answer.
use super::engine::Engine;
use super::link::Link;
use crate::Shape;
use crate::proto::{Fault, PeerTerms, put};
use crate::service::{Context, Flow, run};
use crate::wire::{CallId, HEAD_BYTES, Kind, put_frame, put_varint};
use std::sync::Arc;
use std::time::Instant;

/// A call that may be run: which one, until when, and what its answer may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) service: usize,
    pub(super) method: usize,
    pub(super) shape: Shape,
    pub(super) deadline: Option<Instant>,
    /// What the caller takes.
    pub(super) peer: PeerTerms,
}

impl Call {
    pub(super) fn has_reply(&self) -> bool {
        self.shape != Shape::OneWay
    }
}

impl Engine {
    /// Answers one call into `out`: a frame, or nothing for a one-way call.
    pub(super) fn answer(&self, call: Call, cx: &Context, args: &[u8], flow: Option<Arc<dyn Flow>>, out: &mut Vec<u8>) {
        out.clear();
        let Some(served) = self.services.get(call.service) else { return };
        let reply = |out: &mut Vec<u8>| {
            put_varint(call.method as u64, out);
            run(&*served.handler, cx, args, flow, self.decode_limits(), out)?;
            let (size, limit) = ((out.len() - HEAD_BYTES) as u64, u64::from(call.peer.frame_bytes_max));
            if size > limit { Err(Fault::ReplyTooLarge { size, limit }) } else { Ok(()) }
        };
        let answered = put_frame(out, Kind::Reply, call.id, reply);
        if !call.has_reply() {
            out.clear();
        } else if let Err(fault) = answered {
            put(out, Kind::Fault, call.id, &fault);
        }
    }

    /// A handler that took long has ended: what it answers after the deadline is no answer.
    pub(super) fn forget_late_answer(&self, call: Call, out: &mut Vec<u8>) {
        if call.has_reply() && call.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            out.clear();
            put(out, Kind::Fault, call.id, &Fault::Late);
        }
    }

    /// Says that a call will not be run.
    pub(super) fn refuse(&self, link: &Link, call: Call, fault: &Fault) {
        if call.has_reply() {
            let mut out = Vec::new();
            put(&mut out, Kind::Fault, call.id, fault);
            self.push_answer(link, call.id, &mut out, None);
        }
    }
}
