//! Calls the other way: from a handler to services that its client offers.
//!
//! The thread that calls only sleeps. What it queues is written by the link's flush, and what comes for it is read by whoever
//! serves the link.
use super::engine::Engine;
use super::link::Link;
use crate::Connection;
use crate::connection::{Carrier, Line, Owner, State, Terms};
use crate::proto::{Body, CallTerms, Caller, End, Outbox};
use crate::service::Back;
use crate::wire::{Fds, Head, Kind};
use std::sync::Arc;
use std::thread::Thread;

impl Back for Link {
    fn connection(self: Arc<Self>) -> Option<Connection> {
        let peer = self.read().session.peer();
        let engine = self.user.engine.upgrade()?;
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
        let terms = Terms {
            frame_bytes_max: peer.frame_bytes_max,
            fds_max: peer.fds_max,
            reply_fds_max: limits.fds_max,
            calls,
        };
        let line = Line::over(self.clone(), terms);
        engine.keep_line(&line);
        // Closing may have been earlier, and has forgotten nothing.
        if self.read().closed {
            engine.forget_line(&self);
        }
        Some(Connection::over(line))
    }

    #[cfg(unix)]
    fn pidfd(&self) -> Option<std::os::fd::OwnedFd> {
        self.stream().pidfd()
    }
}

impl Owner for Link {
    fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    fn pump(self: Arc<Self>) {
        if let Some(engine) = self.user.engine.upgrade() {
            // Its caller has a deadline, and waits for that alone.
            engine.flush_at_once(&self);
        }
    }
}

impl Engine {
    /// A frame has come for a call of this side's.
    ///
    /// # Errors
    /// When the peer breaks the protocol, or says that it ends.
    pub(super) fn answered(
        self: &Arc<Self>,
        link: &Arc<Link>,
        head: Head,
        body: &[u8],
        fds: Fds,
    ) -> Result<(), Broken> {
        let limits = self.decode_limits();
        self.called(link, head, |caller, outbox, woken| {
            caller.received(head, Body::Part(body), fds, limits, outbox, woken);
        })
    }

    /// The same for an answer over the limit.
    pub(super) fn large_answer(self: &Arc<Self>, link: &Arc<Link>, head: Head) -> Result<(), Broken> {
        let limit = self.limits().frame_bytes_max;
        self.called(link, head, |caller, _, woken| caller.oversized(head, limit, woken))
    }

    fn called(
        self: &Arc<Self>,
        link: &Arc<Link>,
        head: Head,
        receive: impl FnOnce(&mut Caller<Thread>, &mut Outbox, &mut Vec<Thread>),
    ) -> Result<(), Broken> {
        let mut woken = Vec::new();
        let mut state = link.carrier.lock();
        let State { calls: Some(calls), outbox, .. } = &mut *state else {
            return match head.kind {
                Kind::Pong => Ok(()),
                // Calls that nobody waited for, or that were over on this side first.
                Kind::Fault | Kind::Items | Kind::InputCredit | Kind::InputStop if state.had_call(head.call) => Ok(()),
                kind => Err(format!("a client sends no frame of kind {kind:?}").into()),
            };
        };
        receive(&mut calls.caller, outbox.get_or_insert_default(), &mut woken);
        let end = calls.caller.end().cloned();
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
