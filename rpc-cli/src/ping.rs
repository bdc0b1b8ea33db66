//! `ping ADDR`: the handshake and round trips, measured.
use crate::args::{Common, Ping, PingFormat};
use crate::connect::{dial, written_out};
use crate::failure::Failure;
use crate::output;
use crate::style::Style;
use rpc_core::Opening;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Connects, asks, and prints the figures once all are there, or one has failed.
pub(crate) fn run(args: &Ping, common: &Common) -> Result<(), Failure> {
    let connection = dial(&written_out(&args.server.address)?, &common.trust, None, args.timeout)?;
    let (mut times, mut failed) = (Vec::new(), None);
    while times.len() < args.count as usize && failed.is_none() {
        match connection.ping(args.timeout) {
            Ok(time) => times.push(nanoseconds(time)),
            Err(error) => failed = Some(Failure::Uncalled { asked: "ping".to_owned(), error }),
        }
    }
    // What was measured until then is true all the same.
    if !times.is_empty() {
        let figures = Figures::of(connection.opening(), times);
        match args.output {
            PingFormat::Text => output::text(&figures.to_string()),
            PingFormat::Json => output::value(&figures, Style::of_stdout(common.color)),
        }?;
    }
    failed.map_or(Ok(()), Err)
}

/// What was measured. All times are in nanoseconds.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Figures {
    connect_ns: u64,
    handshake_ns: u64,
    count: usize,
    min_ns: u64,
    p50_ns: u64,
    p99_ns: u64,
    max_ns: u64,
}

impl Figures {
    fn of(opening: Option<Opening>, mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        Self {
            connect_ns: opening.map_or(0, |opening| nanoseconds(opening.connect)),
            handshake_ns: opening.map_or(0, |opening| nanoseconds(opening.handshake)),
            count: times.len(),
            min_ns: percentile(&times, 0),
            p50_ns: percentile(&times, 50),
            p99_ns: percentile(&times, 99),
            max_ns: percentile(&times, 100),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |ns: u64| ns as f64 / 1e6;
        let us = |ns: u64| ns as f64 / 1e3;
        writeln!(f, "connect {:.3} ms, handshake {:.3} ms", ms(self.connect_ns), ms(self.handshake_ns))?;
        write!(f, "{} round trip{}: ", self.count, if self.count == 1 { "" } else { "s" })?;
        write!(f, "min {:.1} us, p50 {:.1} us, ", us(self.min_ns), us(self.p50_ns))?;
        writeln!(f, "p99 {:.1} us, max {:.1} us", us(self.p99_ns), us(self.max_ns))
    }
}

/// The smallest of the sorted times that so many percent of them do not exceed (the nearest rank).
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// 64 bits are 584 years.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([0, 1, 50, 99, 100].map(|percent| percentile(&hundred, percent)), [1, 1, 50, 99, 100]);
        assert_eq!([0, 50, 51, 99, 100].map(|percent| percentile(&[1, 2], percent)), [1, 1, 2, 2, 2]);
        assert_eq!([0, 50, 100].map(|percent| percentile(&[7], percent)), [7; 3]);
        assert_eq!(percentile(&[1, 2, 3], 50), 2);
    }

    #[test]
    fn figures_in_words() {
        let mut figures = Figures::of(None, vec![12_345, 11_000, 1_000_000]);
        (figures.connect_ns, figures.handshake_ns) = (41_499, 1_087_000);
        let text = "connect 0.041 ms, handshake 1.087 ms\n\
                    3 round trips: min 11.0 us, p50 12.3 us, p99 1000.0 us, max 1000.0 us\n";
        assert_eq!(figures.to_string(), text);
        assert!(Figures::of(None, vec![1]).to_string().contains("1 round trip: "));
    }
}
