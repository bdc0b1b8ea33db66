//! Calls the other way: from a handler to services that its client offers.
//!
//! The thread that calls only sleeps. What it queues is written by the link's flush, and what comes for it is read by whoever
//! serves the link.
use super::engine::Engine;
use super::link::Link;
use crate::Connection;
use crate::connection::{Pump, State, Terms};
use crate::proto::{Body, CallTerms, Caller, End, Outbox};
use crate::service::Back;
use crate::wire::{Head, Kind};
use std::sync::{Arc, Weak};
use std::thread::Thread;

impl Back for Link {
    fn connection(self: Arc<Self>) -> Option<Connection> {
        let peer = self.read().session.peer();
        let engine = self.engine.upgrade()?;
        if peer.calls_max == 0 {
            return None;
        }
        let limits = engine.limits();
        let calls = CallTerms {
            calls_max: peer.calls_max,
            reply_bytes_max: limits.frame_bytes_max,
            window_bytes: limits.window_bytes,
            peer_window_bytes: peer.window_bytes,
        };
        self.enable_calls(Terms { frame_bytes_max: peer.frame_bytes_max, calls });
        Some(Connection::over(self.line.clone()))
    }
}

impl Link {
    /// From now on this side may call over the link.
    pub(super) fn enable_calls(self: &Arc<Self>, terms: Terms) {
        self.line.enable_calls(terms, Some(Box::new(LinkPump(Arc::downgrade(self)))));
    }
}

/// Sends what callers queue.
#[derive(Debug)]
struct LinkPump(Weak<Link>);

impl Pump for LinkPump {
    fn pump(&self) {
        if let Some(link) = self.0.upgrade()
            && let Some(engine) = link.engine.upgrade()
        {
            // Its caller has a deadline, and waits for that alone.
            engine.flush_at_once(&link);
        }
    }
}

impl Engine {
    /// A frame has come for a call of this side's.
    ///
    /// # Errors
    /// When the peer breaks the protocol, or says that it ends.
    pub(super) fn answered(self: &Arc<Self>, link: &Arc<Link>, head: Head, body: &[u8]) -> Result<(), Broken> {
        let limits = self.decode_limits();
        self.called(link, head.kind, |caller, outbox, woken| {
            caller.received(head, Body::Part(body), limits, outbox, woken);
        })
    }

    /// The same for an answer over the limit.
    pub(super) fn large_answer(self: &Arc<Self>, link: &Arc<Link>, head: Head) -> Result<(), Broken> {
        let limit = self.limits().frame_bytes_max;
        self.called(link, head.kind, |caller, _, woken| caller.oversized(head, limit, woken))
    }

    fn called(
        self: &Arc<Self>,
        link: &Arc<Link>,
        kind: Kind,
        receive: impl FnOnce(&mut Caller<Thread>, &mut Outbox, &mut Vec<Thread>),
    ) -> Result<(), Broken> {
        let mut woken = Vec::new();
        let mut state = link.line.lock();
        let State { caller, outbox, .. } = &mut *state;
        let Some(caller) = caller else {
            return if kind == Kind::Pong {
                Ok(())
            } else {
                Err(format!("a client sends no frame of kind {kind:?}").into())
            };
        };
        receive(caller, outbox, &mut woken);
        let end = caller.end().cloned();
        drop(state);
        if let Some(End::Violation(problem) | End::Lost(problem)) = end {
            return Err(Broken { problem, woken });
        }
        woken.into_iter().for_each(|thread| thread.unpark());
        Ok(())
    }
}

/// How a peer broke the protocol, and who waited for it. They wake once it has been told: the connection may go with them.
pub(super) struct Broken {
    pub(super) problem: String,
    pub(super) woken: Vec<Thread>,
}

impl From<String> for Broken {
    fn from(problem: String) -> Self {
        Self { problem, woken: Vec::new() }
    }
}
