//! Spans of calls, for `tracing`: one at the server, one at the client.
//!
//! | span | fields |
//! |---|---|
//! | `rpc.serve` | `service`, `method`, `peer.uid`, `peer.pid`, `outcome`, `duration_us` |
//! | `rpc.call` | `service`, `method`, `outcome` |
//!
//! At a server `service` and `method` are missing of a call of none that it has; `outcome` is `answered`, `refused`, `failed` or `cancelled`; at a client `answered`, or what is known of a call that
//! failed: `not_sent`, `refused`, `executed`, `unknown`; or `dropped`, when nobody waited for its end.
//!
//! Invariant: names that the program itself was built with, numbers, and words of this file are all that is told. No argument, no
//! answer, no token and no text of an error or a panic gets here.
use crate::net::Peer;
use crate::service::Ending;
use crate::service::{Conversation, Halves, Method, ServiceInfo};
use crate::wire::Message;
use crate::{Error, Outcome, Outgoing};
use std::time::Instant;
use tracing::field::Empty;
use tracing::{debug_span, span};

/// What is told of one call.
#[derive(Debug)]
pub(crate) struct Span {
    span: span::Span,
    /// If anybody listens.
    start: Option<Instant>,
}

impl Span {
    /// Of a call that nothing is known of.
    pub(crate) fn none() -> Self {
        Self { span: span::Span::none(), start: None }
    }

    /// A handler is about to run.
    pub(crate) fn serving(service: &ServiceInfo, method: &Method, peer: Peer) -> Self {
        Self::at_server(Some((service, method)), peer)
    }

    /// A call is not run, of this method if that is known.
    pub(crate) fn refused(called: Option<(&ServiceInfo, &Method)>, peer: Peer) {
        Self::at_server(called, peer).served(Ending::Refused);
    }

    fn at_server(called: Option<(&ServiceInfo, &Method)>, Peer { uid, pid, .. }: Peer) -> Self {
        let (service, method) = (called.map(|(service, _)| service.name()), called.map(|(_, method)| method.name));
        let span = debug_span!(
            "rpc.serve",
            service,
            method,
            peer.uid = uid,
            peer.pid = pid,
            outcome = Empty,
            duration_us = Empty
        );
        let start = (!span.is_disabled()).then(Instant::now);
        Self { span, start }
    }

    /// A call is about to be made.
    pub(crate) fn calling(call: Outgoing<'_>) -> Self {
        let (service, method) = (call.service.name(), call.method.name);
        Self { span: debug_span!("rpc.call", service, method, outcome = Empty), start: None }
    }

    /// What happens meanwhile belongs to it.
    pub(crate) fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        self.span.in_scope(work)
    }

    /// The handler has ended.
    pub(crate) fn served(&self, ending: Ending) {
        let outcome = match ending {
            Ending::Answered => "answered",
            Ending::Refused => "refused",
            Ending::Failed => "failed",
            Ending::Cancelled => "cancelled",
        };
        self.span.record("outcome", outcome);
        if let Some(start) = self.start {
            self.span.record("duration_us", u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
    }

    /// The call has ended.
    pub(crate) fn called<R>(&self, result: &Result<R, Error>) {
        let outcome = match result.as_ref().map_err(Error::outcome) {
            Ok(_) => "answered",
            Err(Outcome::NotSent) => "not_sent",
            Err(Outcome::Refused) => "refused",
            Err(Outcome::Executed) => "executed",
            Err(Outcome::Unknown) => "unknown",
        };
        self.span.record("outcome", outcome);
    }

    /// Nobody waits for its end.
    pub(crate) fn dropped(&self) {
        self.span.record("outcome", "dropped");
    }

    /// The call has begun, and will end with its items.
    pub(crate) fn around(self, halves: Result<Halves, Error>) -> Result<Halves, Error> {
        if halves.is_err() {
            self.called(&halves);
        }
        halves.map(|(outlet, call)| {
            let call = Traced { call, span: self, is_told: false };
            (outlet, Box::new(call) as Box<dyn Conversation>)
        })
    }
}

/// A call with items that is traced.
struct Traced {
    call: Box<dyn Conversation>,
    span: Span,
    is_told: bool,
}

impl Conversation for Traced {
    fn items(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        let items = self.call.items(buffer);
        if items.is_err() {
            self.tell(&items);
        }
        items
    }

    fn answer(&mut self, buffer: &mut Message) -> Result<usize, Error> {
        let answer = self.call.answer(buffer);
        self.tell(&answer);
        answer
    }

    fn name(&self) -> String {
        self.call.name()
    }

    fn item_bytes_max(&self) -> u32 {
        self.call.item_bytes_max()
    }
}

impl Traced {
    fn tell<R>(&mut self, result: &Result<R, Error>) {
        self.is_told = true;
        self.span.called(result);
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if !self.is_told {
            self.span.dropped();
        }
    }
}
