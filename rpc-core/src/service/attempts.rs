//! Whether a call that failed is tried again: a decision without a clock.
use super::Method;
use super::backoff::Backoff;
use crate::{ConnectProblem, Error, Outcome, Refusal, Shape};
use std::time::Duration;

/// What follows a failed attempt.
#[derive(Debug)]
pub(super) enum Next {
    /// Another one, after this long.
    After(Duration),
    /// None: this is what the caller is told.
    Fail(Error),
}

/// The attempts at one call.
#[derive(Debug)]
pub(super) struct Attempts {
    method: &'static Method,
    repeats_left: u32,
    backoff: Backoff,
    /// After this failure the call may have run.
    doubt: Option<Error>,
}

impl Attempts {
    /// At a call of `method`, which is repeated so many times at most.
    pub(super) fn new(method: &'static Method, repeats: u32) -> Self {
        Self { method, repeats_left: repeats, backoff: Backoff::default(), doubt: None }
    }

    /// What follows an attempt that ended with `error`, when the call has this much time left (`None`: no limit).
    /// `random` is from 0 to 1.
    pub(super) fn failed(&mut self, error: Error, left: Option<Duration>, random: f64) -> Next {
        if self.repeats_left == 0 || !is_safe(self.method, &error) || !may_pass(&error) {
            return Next::Fail(self.known(error));
        }
        self.repeats_left -= 1;
        let pause = self.backoff.pause(random);
        if left.is_some_and(|left| left <= pause) {
            return Next::Fail(self.known(error));
        }
        if error.outcome() == Outcome::Unknown {
            self.doubt = Some(error);
        }
        Next::After(pause)
    }

    /// What is known of all attempts together: if an earlier one may have run, the last one's "not sent" would be untrue.
    fn known(&mut self, last: Error) -> Error {
        match last.outcome() {
            Outcome::NotSent | Outcome::Refused => self.doubt.take().unwrap_or(last),
            Outcome::Unknown | Outcome::Executed => last,
        }
    }
}

/// Whether repeating a call of `method` after `error` cannot run it twice, or does no harm if it does.
fn is_safe(method: &Method, error: &Error) -> bool {
    match error.outcome() {
        Outcome::NotSent | Outcome::Refused => true,
        Outcome::Unknown => method.idempotent && method.shape == Shape::Unary,
        Outcome::Executed => false,
    }
}

/// Whether the reason may be gone a moment later.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Connect(error) => {
            use ConnectProblem::*;
            matches!(error.problem, Missing | Refused | TimedOut | Io(_))
        }
        Error::RefusedConnection { why, .. } => matches!(why, Refusal::ShuttingDown | Refusal::Overloaded),
        Error::Disconnected { .. } | Error::Protocol { .. } | Error::Deadline { .. } => true,
        Error::Overloaded { .. } | Error::ShuttingDown { .. } | Error::System { .. } => true,
        Error::Address(_) | Error::Listen(_) | Error::Foreign { .. } | Error::DuplicateService { .. } => false,
        Error::Token(_) => false,
        Error::Incompatible { .. } | Error::UnknownMethod { .. } | Error::UnknownService { .. } => false,
        Error::NotAllowed { .. } | Error::Malformed { .. } | Error::TooLarge { .. } | Error::Encode { .. } => false,
        Error::BadReply { .. } | Error::Panicked { .. } | Error::NoReply { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, ConnectError, Schema};

    const fn method(shape: Shape, idempotent: bool) -> Method {
        Method {
            name: "m",
            doc: "",
            index: 0,
            shape,
            idempotent,
            blocking: false,
            timeout: None,
            arguments: &[],
            accepts: None,
            stream: None,
            returns: <() as Schema>::describe,
        }
    }
    static ONCE: Method = method(Shape::Unary, false);
    static AGAIN: Method = method(Shape::Unary, true);
    static ONE_WAY: Method = method(Shape::OneWay, true);

    fn lost(outcome: Outcome) -> Error {
        Error::Disconnected { cause: "it broke".to_owned(), outcome }
    }

    fn overloaded() -> Error {
        Error::Overloaded { method: "m".to_owned() }
    }

    fn repeats(method: &'static Method, error: Error) -> bool {
        matches!(Attempts::new(method, 1).failed(error, None, 0.5), Next::After(_))
    }

    fn unwrap_error(next: Next) -> Error {
        match next {
            Next::Fail(error) => error,
            Next::After(pause) => panic!("it waits for {pause:?}"),
        }
    }

    #[test]
    fn what_did_not_run_is_repeated() {
        for method in [&ONCE, &AGAIN, &ONE_WAY] {
            for error in [
                overloaded(),
                Error::ShuttingDown { method: "m".to_owned() },
                Error::RefusedConnection { address: "a".to_owned(), why: Refusal::ShuttingDown },
                Error::RefusedConnection { address: "a".to_owned(), why: Refusal::Overloaded },
                Error::Protocol { problem: "p".to_owned(), outcome: Outcome::NotSent },
                Error::System { doing: "d".to_owned(), text: "t".to_owned() },
                lost(Outcome::NotSent),
                connect(ConnectProblem::Missing),
                connect(ConnectProblem::Refused),
                connect(ConnectProblem::TimedOut),
            ] {
                assert!(repeats(method, error.clone()), "{error}");
            }
        }
    }

    fn connect(problem: ConnectProblem) -> Error {
        let address: Address = "@nobody".parse().unwrap();
        ConnectError { address, problem }.into()
    }

    #[test]
    fn what_may_have_run_is_repeated_if_that_does_no_harm() {
        let late =
            Error::Deadline { method: "m".to_owned(), allowed: Duration::from_secs(1), outcome: Outcome::Unknown };
        for error in [lost(Outcome::Unknown), late] {
            assert!(repeats(&AGAIN, error.clone()), "{error}");
            assert!(!repeats(&ONCE, error.clone()), "{error}");
            assert!(!repeats(&ONE_WAY, error.clone()), "{error}");
        }
    }

    #[test]
    fn what_will_fail_again_is_not_repeated() {
        let method = || "m".to_owned();
        let text = || "t".to_owned();
        let size = |outcome| Error::TooLarge { method: method(), size: 2, limit: 1, outcome };
        for error in [
            Error::UnknownMethod { method: method() },
            Error::UnknownService { service: text(), known: Vec::new() },
            Error::Incompatible { method: method(), path: text(), ours: text(), theirs: text() },
            Error::NotAllowed { method: method(), why: text() },
            Error::Malformed { method: method(), problem: text() },
            Error::Encode { method: method(), problem: text(), outcome: Outcome::NotSent },
            size(Outcome::NotSent),
            size(Outcome::Refused),
            Error::Foreign { address: text(), began: text() },
            Error::RefusedConnection { address: text(), why: Refusal::NotAllowed },
            Error::RefusedConnection { address: text(), why: Refusal::Version { ours: 2, theirs: 1 } },
            connect(ConnectProblem::Denied),
            connect(ConnectProblem::NotASocket),
        ] {
            assert!(!repeats(&AGAIN, error.clone()), "{error}");
        }
    }

    #[test]
    fn what_ran_is_never_repeated() {
        let method = || "m".to_owned();
        for error in [
            Error::Panicked { method: method() },
            Error::NoReply { method: method(), why: String::new() },
            Error::BadReply { method: method(), problem: String::new() },
            lost(Outcome::Executed),
        ] {
            assert!(!repeats(&AGAIN, error.clone()), "{error}");
        }
    }

    #[test]
    fn so_many_times_and_no_more() {
        let mut attempts = Attempts::new(&ONCE, 3);
        let pauses: Vec<_> = (0..3)
            .map(|_| match attempts.failed(overloaded(), None, 0.5) {
                Next::After(pause) => pause,
                Next::Fail(error) => panic!("{error}"),
            })
            .collect();
        assert!(pauses.is_sorted() && pauses.first() == Some(&Duration::from_millis(5)), "{pauses:?}");
        assert!(matches!(attempts.failed(overloaded(), None, 0.5), Next::Fail(Error::Overloaded { .. })));
        assert!(matches!(Attempts::new(&ONCE, 0).failed(overloaded(), None, 0.5), Next::Fail(_)));
    }

    #[test]
    fn nobody_waits_past_the_deadline() {
        let left = |millis| Some(Duration::from_millis(millis));
        assert!(matches!(Attempts::new(&ONCE, 1).failed(overloaded(), left(5), 0.5), Next::Fail(_)));
        assert!(matches!(Attempts::new(&ONCE, 1).failed(overloaded(), left(6), 0.5), Next::After(_)));
        assert!(matches!(Attempts::new(&ONCE, 1).failed(overloaded(), left(6), 1.0), Next::Fail(_)));
    }

    /// A caller who is told "not sent" may send again; here that would be wrong.
    #[test]
    fn an_earlier_doubt_outlives_a_later_refusal() {
        let mut attempts = Attempts::new(&AGAIN, 1);
        assert!(matches!(attempts.failed(lost(Outcome::Unknown), None, 0.5), Next::After(_)));
        let error = unwrap_error(attempts.failed(connect(ConnectProblem::Missing), None, 0.5));
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        let mut attempts = Attempts::new(&AGAIN, 1);
        assert!(matches!(attempts.failed(lost(Outcome::Unknown), None, 0.5), Next::After(_)));
        let error = unwrap_error(attempts.failed(Error::Panicked { method: "m".to_owned() }, None, 0.5));
        assert_eq!(error.outcome(), Outcome::Executed, "{error}");
    }
}
