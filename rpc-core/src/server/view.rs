//! A server seen from outside, at one moment: what is counted, and who is doing what.
//!
//! Nothing stops meanwhile, so it is no picture of one instant: a call may end between two looks.
use super::engine::{Engine, lock};
use super::link::{Entered, Link};
use super::stats::{RunningCall, ServerState, Stats};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Calls that are told one by one. Nobody reads more, and an answer has its limit.
const RUNNING_MAX: usize = 1000;

impl Engine {
    /// How it is doing.
    pub(super) fn stats(&self) -> Stats {
        let (running, running_total) = self.running();
        Stats {
            pid: std::process::id(),
            instance: self.services.catalog.instance,
            uptime: self.started.elapsed(),
            state: match self.draining.load(Ordering::Acquire) {
                true => ServerState::Stopping,
                false => ServerState::Serving,
            },
            threads: u32::try_from(self.threads()).unwrap_or(u32::MAX),
            connections: lock(&self.links).told(),
            incidents: self.incidents.so_far(),
            refused: self.services.refused_without_method(),
            methods: self.services.stats(),
            running,
            running_total: running_total as u64,
        }
    }

    /// Calls that run, the oldest first, and how many there are in all.
    pub(super) fn running(&self) -> (Vec<RunningCall>, usize) {
        let now = Instant::now();
        let seats: Vec<_> = lock(&self.watched).clone();
        let here = seats.iter().filter_map(|seat| seat.glance());
        let mut running: Vec<_> = here.filter_map(|(link, call)| self.told(&link, call, now)).collect();
        for link in self.all_links() {
            let elsewhere: Vec<_> = link.read().session.in_flight().map(|call| call.entered).collect();
            running.extend(elsewhere.into_iter().filter_map(|call| self.told(&link, call, now)));
        }
        let total = running.len();
        running.sort_by_key(|call| std::cmp::Reverse(call.age));
        running.truncate(RUNNING_MAX);
        (running, total)
    }

    /// None: it is whoever asks, or another of his kind.
    fn told(&self, link: &Link, call: Entered, now: Instant) -> Option<RunningCall> {
        let (service, method) = self.services.told(call.service, call.method)?;
        Some(RunningCall {
            id: call.id.0,
            service: service.to_owned(),
            method: method.to_owned(),
            age: now.saturating_duration_since(call.since),
            uid: link.peer().uid,
            pid: link.peer().pid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::admission::Admission;
    use crate::server::engine::Driver;
    use crate::server::services::Services;

    /// Seen by whoever had asked before: a server that stops takes no calls.
    #[test]
    fn a_server_that_stops() {
        let services = Services::new(Vec::new(), true, crate::Limits::default()).unwrap();
        let engine = Engine::new(services, Admission::default(), Driver::Threads);
        assert_eq!(engine.stats().state, ServerState::Serving);
        engine.draining.store(true, Ordering::Release);
        assert_eq!(engine.stats().state, ServerState::Stopping);
    }
}
