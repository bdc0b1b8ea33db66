//! The time of one call, when it is tried more than once or has to wait before it is sent.
use super::{Deadline, Outgoing};
use crate::{Error, Outcome};
use std::time::{Duration, Instant};

/// What one call may take in all, from now on.
#[derive(Debug)]
pub(super) struct Budget {
    start: Instant,
    /// `None`: no limit.
    allowed: Option<Duration>,
    /// What the last attempt was given of it.
    given: Option<Duration>,
}

impl Budget {
    /// That of this call.
    pub(super) fn of(call: Outgoing<'_>) -> Self {
        Self { start: Instant::now(), allowed: call.time_allowed(), given: None }
    }

    /// What is left now. `None`: no limit.
    pub(super) fn left(&self) -> Option<Duration> {
        self.allowed.map(|allowed| allowed.saturating_sub(self.start.elapsed()))
    }

    /// The call with what is left of its time.
    pub(super) fn attempt<'a>(&mut self, mut call: Outgoing<'a>) -> Outgoing<'a> {
        self.given = self.left();
        match (call.options.deadline, self.given) {
            (Deadline::Within(_), Some(left)) => call.options.deadline = Deadline::Within(left),
            // A layer that stands behind may still say how long an attempt takes.
            (Deadline::Default, left) => call.options.default_left = left,
            (Deadline::Within(_) | Deadline::None, _) => {}
        }
        call
    }

    /// The error of an attempt as that of the whole call: a time that is over was this long in all.
    pub(super) fn whole(&self, error: Error) -> Error {
        match (error, self.allowed) {
            (Error::Deadline { method, allowed: given, outcome }, Some(allowed)) if Some(given) == self.given => {
                Error::Deadline { method, allowed, outcome }
            }
            (error, _) => error,
        }
    }

    /// The time was over before the call could be sent.
    pub(super) fn over(&self, call: Outgoing<'_>) -> Error {
        let (method, allowed) = (call.name(), self.allowed.unwrap_or_default());
        Error::Deadline { method, allowed, outcome: Outcome::NotSent }
    }
}
