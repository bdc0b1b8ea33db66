//! What a call asks for: of whom, until when, and where its answer will stand.
use crate::proto::{MethodPlan, Plan, clamp};
use crate::wire::take_varint;
use crate::{Encode, Error, Outcome, Outgoing};
use std::time::{Duration, Instant};

/// When a caller gives up, and how long it might have waited in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until {
    pub(super) deadline: Option<Instant>,
    pub(super) allowed: Option<Duration>,
    /// What was left when the clock was looked at last: all of it, unless something came before the call.
    pub(super) known: Option<Duration>,
}

impl Until {
    /// From now on.
    pub(super) fn after(allowed: Option<Duration>) -> Self {
        Self { deadline: allowed.map(|allowed| Instant::now() + clamp(allowed)), allowed, known: allowed }
    }

    /// Something has taken time: what is left now counts.
    pub(super) fn look(&mut self) {
        self.known = self.left();
    }

    pub(super) fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    pub(super) fn is_over(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }
}

/// What is to be called: numbers that the server gave, and arguments.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) service: u32,
    pub(super) method: u32,
    pub(super) args: &'a dyn Encode,
}

/// What a caller asks of whatever it waits for: an end in time, and a name in errors.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) until: Until,
    pub(super) name: &'a dyn Fn() -> String,
}

impl Ask<'_> {
    pub(super) fn late(&self, outcome: Outcome) -> Error {
        Error::Deadline { method: (self.name)(), allowed: self.until.allowed.unwrap_or_default(), outcome }
    }

    /// Encoding knows no method: its errors get it here.
    pub(super) fn named(&self, error: Error) -> Error {
        match error {
            Error::Encode { problem, outcome, .. } => Error::Encode { method: (self.name)(), problem, outcome },
            other => other,
        }
    }
}

/// Where an answer stands in a buffer, and the method's index that it must begin with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) method: u32,
}

/// What comes behind the method's index in an answer.
pub(super) fn body(buffer: &[u8], place: Place) -> Result<&[u8], String> {
    let bytes = buffer.get(place.start..).unwrap_or_default();
    match take_varint(bytes) {
        Some((index, body)) if index == u64::from(place.method) => Ok(body),
        Some((index, _)) => Err(format!("it answers method {index} instead of {}", place.method)),
        None => Err("it is empty".to_owned()),
    }
}

/// The server's index of the method.
pub(super) fn planned(plan: &Plan, call: Outgoing<'_>) -> Result<u32, Error> {
    match plan.method(call.method.index) {
        MethodPlan::Index(index) => Ok(index),
        MethodPlan::Missing => Err(Error::UnknownMethod { method: call.name() }),
        MethodPlan::Incompatible { path, ours, theirs } => {
            Err(Error::Incompatible { method: call.name(), path, ours, theirs })
        }
    }
}
