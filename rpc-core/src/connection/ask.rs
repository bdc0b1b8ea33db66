//! What a call asks for: of whom, until when, and where its answer will stand.
use crate::proto::{MethodPlan, Plan, clamp};
use crate::wire::take_varint;
use crate::{Encode, Error, Outcome};
use std::time::{Duration, Instant};

/// When a caller gives up, and how long it might have waited in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    pub(crate) deadline: Option<Instant>,
    pub(crate) allowed: Option<Duration>,
    /// What was left when the clock was looked at last: all of it, unless something came before the call.
    pub(crate) known: Option<Duration>,
}

impl Until {
    /// From now on.
    pub(crate) fn after(allowed: Option<Duration>) -> Self {
        Self { deadline: allowed.map(|allowed| Instant::now() + clamp(allowed)), allowed, known: allowed }
    }

    /// Something has taken time: what is left now counts.
    pub(crate) fn look(&mut self) {
        self.known = self.left();
    }

    pub(crate) fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }
}

/// What is to be called: numbers that the server gave, and arguments.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) service: u32,
    pub(crate) method: u32,
    pub(crate) args: &'a dyn Encode,
    /// Descriptors may be among them.
    pub(crate) has_fds: bool,
}

/// What a caller asks of whatever it waits for: an end in time, and a name in errors.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) until: Until,
    pub(crate) name: &'a dyn Fn() -> String,
}

impl Ask<'_> {
    pub(crate) fn late(&self, outcome: Outcome) -> Error {
        Error::Deadline { method: (self.name)(), allowed: self.until.allowed.unwrap_or_default(), outcome }
    }

    /// Encoding knows no method: its errors get it here.
    pub(crate) fn named(&self, error: Error) -> Error {
        match error {
            Error::Encode { problem, outcome, .. } => Error::Encode { method: (self.name)(), problem, outcome },
            other => other,
        }
    }
}

/// Where an answer stands in a buffer, and the method's index that it must begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) method: u32,
}

/// What comes behind the method's index in an answer.
pub(crate) fn body(buffer: &[u8], place: Place) -> Result<&[u8], String> {
    let bytes = buffer.get(place.start..).unwrap_or_default();
    match take_varint(bytes) {
        Some((index, body)) if index == u64::from(place.method) => Ok(body),
        Some((index, _)) => Err(format!("it answers method {index} instead of {}", place.method)),
        None => Err("it is empty".to_owned()),
    }
}

/// The server's index of a method, of which this side's is given.
pub(crate) fn planned(plan: &Plan, method: u32, name: &dyn Fn() -> String) -> Result<u32, Error> {
    match plan.method(method) {
        MethodPlan::Index(index) => Ok(index),
        MethodPlan::Missing => Err(Error::UnknownMethod { method: name() }),
        MethodPlan::Incompatible { path, ours, theirs } => {
            Err(Error::Incompatible { method: name(), path, ours, theirs })
        }
    }
}
