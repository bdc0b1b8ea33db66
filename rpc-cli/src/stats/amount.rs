//! Times and sizes with three digits, in the unit that fits.
use std::time::Duration;

/// `850 ns`, `1.25 us`, `3.00 s`; from a minute on `2 min 5 s`, `3 h 7 min`, `4 d 2 h`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => short(time.as_nanos() as f64, 1000.0, &["ns", "us", "ms", "s"]),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86400, seconds / 3600 % 24),
    }
}

/// `12 B`, `1.50 KiB`, `700 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    short(bytes as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

/// `0`, `3.50`, `1200`: so many in a second.
pub(super) fn rate(count: u64, time: Duration) -> String {
    let rate = count as f64 / time.as_secs_f64().max(f64::EPSILON);
    match rate {
        0.0 => "0".to_owned(),
        0.0..100.0 => format!("{rate:.2}"),
        _ => format!("{rate:.0}"),
    }
}

/// The smallest unit is whole.
fn short(amount: f64, step: f64, units: &[&str]) -> String {
    let (mut amount, mut units) = (amount, units.iter().peekable());
    let mut unit = units.next().copied().unwrap_or_default();
    let mut is_whole = true;
    while amount >= step
        && let Some(next) = units.next()
    {
        (amount, unit, is_whole) = (amount / step, *next, false);
    }
    let decimals = match amount {
        _ if is_whole => 0,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{amount:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let seen = [0, 999, 1000, 12_345, 999_000, 59_000_000_000].map(|ns| time(Duration::from_nanos(ns)));
        assert_eq!(seen, ["0 ns", "999 ns", "1.00 us", "12.3 us", "999 us", "59.0 s"]);
        let seen = [60, 3599, 3600, 86_399, 86_400, 360_000].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(seen, ["1 min 0 s", "59 min 59 s", "1 h 0 min", "23 h 59 min", "1 d 0 h", "4 d 4 h"]);
    }

    #[test]
    fn sizes() {
        let seen = [0, 1023, 1024, 1536, 700 << 20, u64::MAX].map(bytes);
        assert_eq!(seen, ["0 B", "1023 B", "1.00 KiB", "1.50 KiB", "700 MiB", "16.0 EiB"]);
    }

    #[test]
    fn rates() {
        let seen = [0, 7, 2400].map(|count| rate(count, Duration::from_secs(2)));
        assert_eq!(seen, ["0", "3.50", "1200"]);
        assert_eq!(rate(0, Duration::ZERO), "0");
    }
}
