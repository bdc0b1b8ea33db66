//! `wait ADDR`: until a server answers the handshake. It looks again and again: a socket file tells less than an answer.
use crate::args::{Common, Wait};
use crate::connect::{CONNECT_TIME_MAX, dial, is_for_once, written_out};
use crate::failure::Failure;
use crate::no_connection::{NoConnection, similar};
use crate::style::Style;
use rpc_core::schema::escaped;
use rpc_core::{Address, ConnectProblem, Error, Refusal};
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

/// It first looks again after this: a server that is just starting needs no more.
const PAUSE_FIRST: Duration = Duration::from_micros(500);
/// It looks at least so often: 50 tries a second cost nothing, and 20 ms are not noticed.
const PAUSE_MAX: Duration = Duration::from_millis(20);
/// What a try gets even at the end of the time: it is to tell what is in the way, and not only that it is late.
const TRY_MIN: Duration = Duration::from_millis(5);

/// A server that does not answer for less than this may only be busy, and what it said before is told instead.
const PATIENCE: Duration = Duration::from_millis(100);

/// Waits; prints no result.
pub(crate) fn run(args: &Wait, common: &Common) -> Result<(), Failure> {
    let address = written_out(&args.server.address)?;
    let mut is_told = !Style::of_stderr(common.color).is_terminal;
    let (start, allowed) = (Instant::now(), args.timeout.time_allowed(rpc_core::Shape::Unary, None));
    // `None`: for ever.
    let left = || allowed.map(|allowed| allowed.saturating_sub(start.elapsed()));
    let (mut pause, mut seen) = (PAUSE_FIRST, None);
    loop {
        let time_max = time_of_a_try(left());
        let Err(no_connection) = dial(&address, &common.trust, None, time_max) else { return Ok(()) };
        let again = !is_for_once(&address);
        let Some(why) = not_yet(&no_connection.error).filter(|_| again) else { return Err(no_connection.into()) };
        let is_hurried = is_hurried(time_max, &no_connection.error);
        let why = if is_hurried { seen.unwrap_or(why) } else { why };
        seen = Some(why.clone());
        if !is_told && no_connection.is_missing() {
            is_told = true;
            tell_of_similar(&address);
        }
        match (allowed, left()) {
            (Some(allowed), Some(Duration::ZERO)) => {
                let why = format!("{why}{}", meant(&no_connection));
                return Err(Failure::NotYet { address, allowed, why });
            }
            (_, left) => thread::sleep(pause.min(left.unwrap_or(pause))),
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// A server that takes the connection and is frozen may be replaced meanwhile: no try is for ever.
fn time_of_a_try(left: Option<Duration>) -> Duration {
    left.unwrap_or(CONNECT_TIME_MAX).clamp(TRY_MIN, CONNECT_TIME_MAX)
}

/// Whether a try was too short to tell anything.
fn is_hurried(time_max: Duration, error: &Error) -> bool {
    time_max < PATIENCE && matches!(error, Error::Deadline { .. })
}

/// Whoever waits for ever for a name that is mistyped sees it at once.
fn tell_of_similar(address: &str) {
    if let Some(similar) = similar(address) {
        // Where stderr is closed, there is nobody to tell.
        let _ = writeln!(io::stderr(), "waiting for {} (did you mean `{}`?)", escaped(address), escaped(&similar));
    }
}

/// What name was perhaps meant by one that nobody has.
fn meant(no_connection: &NoConnection) -> String {
    match similar(&no_connection.address).filter(|_| no_connection.is_missing()) {
        Some(similar) => format!(" (did you mean `{similar}`?)"),
        None => String::new(),
    }
}

/// Why the server is not there yet; `None` if time does not help.
fn not_yet(error: &Error) -> Option<String> {
    let why = match error {
        Error::Connect(error) => match error.problem {
            ConnectProblem::Missing => return Some(missing(&error.address)),
            ConnectProblem::Refused => "nobody listens there",
            ConnectProblem::TimedOut => "it did not take the connection in time",
            _ => return None,
        },
        Error::Deadline { .. } => "it takes connections, and does not answer",
        // A server that ends closes those that it has not accepted.
        Error::Disconnected { .. } => "it closes connections during the handshake",
        Error::RefusedConnection { why: why @ (Refusal::ShuttingDown | Refusal::Overloaded), .. } => {
            return Some(why.to_string());
        }
        _ => return None,
    };
    Some(why.to_owned())
}

/// A name is told by its file: the registry of another user, or of another environment, is another one.
fn missing(address: &Address) -> String {
    match address.socket_file().filter(|file| !address.to_string().contains('/') && file.is_absolute()) {
        Some(file) => format!("there is no {}", file.display()),
        None => "no such socket".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc_core::Outcome;

    #[test]
    fn every_try_ends_and_has_a_chance() {
        let tries = [None, Some(Duration::ZERO), Some(Duration::from_secs(1)), Some(Duration::from_secs(3600))];
        let times = [CONNECT_TIME_MAX, TRY_MIN, Duration::from_secs(1), CONNECT_TIME_MAX];
        assert_eq!(tries.map(time_of_a_try), times);
    }

    #[test]
    fn a_short_try_tells_nothing_by_its_end_alone() {
        let allowed = TRY_MIN;
        let deadline = Error::Deadline { method: String::new(), allowed, outcome: Outcome::NotSent };
        let ended = Error::Disconnected { cause: String::new(), outcome: Outcome::NotSent };
        assert!(is_hurried(TRY_MIN, &deadline));
        assert!(!is_hurried(PATIENCE, &deadline) && !is_hurried(TRY_MIN, &ended));
    }
}
