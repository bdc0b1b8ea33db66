//! What one measurement gives.
use crate::work::{ITEMS, Work};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// What a client tells.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Measured {
    times: u64,
    seconds: f64,
    /// Of one call, in microseconds, where calls do not overlap.
    p50: f64,
    p99: f64,
}

impl Measured {
    /// So many times since `start`.
    pub(crate) fn since(start: Instant, times: u64) -> Self {
        Self { times, seconds: start.elapsed().as_secs_f64(), p50: 0.0, p99: 0.0 }
    }

    /// Calls that took so long each, one after another.
    pub(crate) fn calls(start: Instant, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = |part: f64| {
            let place = (latencies.len() as f64 * part) as usize;
            latencies.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e6)
        };
        Self { p50: at(0.5), p99: at(0.99), ..Self::since(start, latencies.len() as u64) }
    }

    /// The number that counts, in the unit of [`Work::title`].
    pub(crate) fn figure(&self, work: Work) -> f64 {
        let rate = self.times as f64 / self.seconds;
        match (work, work.echo_bytes()) {
            (Work::Ping, _) => self.p50,
            (Work::Items, _) => rate * ITEMS as f64,
            (_, Some(bytes)) => rate * bytes as f64 / f64::from(1 << 20),
            _ => rate,
        }
    }

    /// In microseconds; 0 where calls overlap.
    pub(crate) fn p99(&self) -> f64 {
        self.p99
    }
}
