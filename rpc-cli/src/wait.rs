//! `wait ADDR`: until a server answers the handshake. It looks again and again: a socket file tells less than an answer.
use crate::args::{Common, Wait};
use crate::connect::{CONNECT_TIME_MAX, dial, written_out};
use crate::failure::Failure;
use rpc_core::{ConnectProblem, Error, Refusal};
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

/// Waits; prints nothing.
pub(crate) fn run(args: &Wait, _common: &Common) -> Result<(), Failure> {
    let address = written_out(&args.server.address)?;
    let (start, allowed) = (Instant::now(), args.timeout.time_allowed(None));
    // `None`: for ever.
    let left = || allowed.map(|allowed| allowed.saturating_sub(start.elapsed()));
    let (mut pause, mut seen) = (PAUSE_FIRST, None);
    loop {
        // A server that takes the connection and is frozen may be replaced meanwhile: no try is for ever.
        let time_max = left().unwrap_or(CONNECT_TIME_MAX).clamp(TRY_MIN, CONNECT_TIME_MAX);
        let Err(no_connection) = dial(&address, None, time_max) else { return Ok(()) };
        let Some(why) = not_yet(&no_connection.error) else { return Err(no_connection.into()) };
        let is_hurried = time_max < PATIENCE && matches!(no_connection.error, Error::Deadline { .. });
        let why = if is_hurried { seen.unwrap_or(why) } else { why };
        seen = Some(why.clone());
        match (allowed, left()) {
            (Some(allowed), Some(Duration::ZERO)) => return Err(Failure::NotYet { address, allowed, why }),
            (_, left) => thread::sleep(pause.min(left.unwrap_or(pause))),
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Why the server is not there yet; `None` if time does not help.
fn not_yet(error: &Error) -> Option<String> {
    let why = match error {
        Error::Connect(error) => match error.problem {
            ConnectProblem::Missing => "no such socket",
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
