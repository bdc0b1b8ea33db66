//! One call, and its answer.
use super::engine::Engine;
use super::link::Link;
use crate::Shape;
use crate::proto::{Called, Fault, PeerTerms, put};
use crate::service::{Arguments, Context, Ending, Flow, run};
use crate::span::Span;
use crate::value::beside;
use crate::wire::{CallId, Fds, HEAD_BYTES, Kind, Message, put_message, put_varint};
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

/// A call that has run: how it ended, once it is dropped for whoever traces it.
pub(super) struct Ended {
    ending: Ending,
    span: Span,
}

impl Ended {
    fn of(ending: Ending, span: Span) -> Self {
        Self { ending, span }
    }

    /// How, as far as is known now.
    pub(super) fn how(&self) -> Ending {
        self.ending
    }

    /// Its caller's time was over. A handler that failed has failed all the same.
    fn is_late(&mut self) {
        if self.ending == Ending::Answered {
            self.ending = Ending::Cancelled;
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.span.served(self.ending);
    }
}

/// The bytes of a frame's body.
pub(super) fn body_bytes(frame: &[u8]) -> usize {
    frame.len().saturating_sub(HEAD_BYTES)
}

impl Engine {
    /// Answers one call into `out`: a frame, or nothing for a one-way call.
    pub(super) fn answer(
        &self,
        call: Call,
        cx: &Context,
        (args, fds): (&[u8], Fds),
        flow: Option<Arc<dyn Flow>>,
        out: &mut Message,
    ) -> Ended {
        out.clear();
        let Some(served) = self.services.get(call.service) else { return Ended::of(Ending::Refused, Span::none()) };
        let args = Arguments::new(args, fds, served.carries_fds(call.method));
        let span = Span::serving(served.info(), cx.method, cx.peer);
        let reply = |out: &mut Message| {
            put_varint(call.method as u64, &mut out.bytes);
            run(&*served.handler, cx, args, flow, self.decode_limits(), out)?;
            let (size, limit) = ((out.bytes.len() - HEAD_BYTES) as u64, u64::from(call.peer.frame_bytes_max));
            if size > limit {
                return Err(Fault::ReplyTooLarge { size, limit });
            }
            beside::fits(out.fds.len(), call.peer.fds_max).map_err(Fault::NoReply)
        };
        let answered = span.within(|| put_message(out, Kind::Reply, call.id, reply));
        let ending = Ending::of(&answered, call.has_reply() && cx.cancel.is_set());
        if !call.has_reply() {
            out.clear();
        } else if let Err(fault) = answered {
            put(&mut out.bytes, Kind::Fault, call.id, &fault);
        }
        Ended::of(ending, span)
    }

    /// A handler that took long has ended: what it answers after the deadline is no answer.
    pub(super) fn forget_late_answer(&self, call: Call, ended: &mut Ended, out: &mut Message) {
        if call.has_reply() && call.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            out.clear();
            put(&mut out.bytes, Kind::Fault, call.id, &Fault::Late);
            ended.is_late();
        }
    }

    /// A call is not run; of which method, if that is known.
    pub(super) fn refused(&self, link: &Link, called: Option<Called>) {
        Span::refused(self.services.refuse(called), link.peer());
    }

    /// Says that a call will not be run.
    pub(super) fn refuse(&self, link: &Link, call: Call, fault: &Fault) {
        self.refused(link, Some(Called { service: call.service, method: call.method }));
        if call.has_reply() {
            let mut out = Message::default();
            put(&mut out.bytes, Kind::Fault, call.id, fault);
            self.push_answer(link, call.id, &mut out, None);
        }
    }
}
