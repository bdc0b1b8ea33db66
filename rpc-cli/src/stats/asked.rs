//! A server that is asked once, or again and again, even when it is started anew in between.
use crate::args::Stats as Args;
use crate::connect::{dial, is_for_once, written_out};
use crate::failure::Failure;
use crate::trust::Trust;
use rpc_core::{Client, Connection, Error, Introspection, Reconnect, Service, Stats};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How to ask it.
pub(super) struct Asked(Box<dyn Fn() -> Result<Stats, Error>>);

impl Asked {
    /// Connects; what is asked goes over that connection.
    pub(super) fn once(args: &Args, trust: &Trust) -> Result<Self, Failure> {
        let address = written_out(&args.server.address)?;
        Ok(Self::over(connect(&address, trust, args.timeout)?, args.timeout))
    }

    /// Connects, and connects again when that connection has ended: to a server that is there within the time of an answer.
    pub(super) fn again(args: &Args, trust: &Trust) -> Result<Self, Failure> {
        let (address, time_max) = (written_out(&args.server.address)?, args.timeout);
        let first = connect(&address, trust, time_max)?;
        if is_for_once(&address) {
            return Ok(Self::over(first, time_max));
        }
        let (trust, first) = (trust.clone(), Mutex::new(Some(first)));
        let connect = move || {
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            first.map_or_else(|| dial(&address, &trust, Some(Introspection::INFO), time_max).map_err(|no| no.error), Ok)
        };
        let server = Introspection::client(Reconnect::new(connect)).retry(u32::MAX).timeout(time_max);
        Ok(Self(Box::new(move || server.stats())))
    }

    fn over(connection: Connection, time_max: Duration) -> Self {
        let server = Introspection::client(connection).timeout(time_max);
        Self(Box::new(move || server.stats()))
    }

    /// How it is doing.
    pub(super) fn stats(&self) -> Result<Stats, Failure> {
        (self.0)().map_err(|error| Failure::Uncalled { asked: "stats".to_owned(), error })
    }
}

fn connect(address: &str, trust: &Trust, time_max: Duration) -> Result<Connection, Failure> {
    Ok(dial(address, trust, Some(Introspection::INFO), time_max)?)
}
