//! Times in messages.
use std::fmt;
use std::time::Duration;

/// A time for a person to read: its first three digits, as in `300ms`, `1.5s` or `72ns`. The rest is noise of a clock.
///
/// Below three digits of a second, that is; seconds are never rounded to tens.
#[derive(Clone, Copy)]
pub(crate) struct Rounded(pub(crate) Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let digits = nanos.checked_ilog10().map_or(1, |log| log + 1);
        let unit = 10_u128.pow(digits.saturating_sub(3)).min(NANOS_OF_A_SECOND);
        let rounded = (nanos + unit / 2) / unit * unit;
        // Only within half a second of what a `Duration` holds at most is there nothing to round up to.
        let rounded = u64::try_from(rounded / NANOS_OF_A_SECOND)
            .map_or(self.0, |seconds| Duration::new(seconds, (rounded % NANOS_OF_A_SECOND) as u32));
        write!(f, "{rounded:?}")
    }
}

const NANOS_OF_A_SECOND: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_no_more() {
        for (nanos, shown) in [
            (0, "0ns"),
            (72, "72ns"),
            (1_234, "1.23µs"),
            (499_998_712, "500ms"),
            (499_400_001, "499ms"),
            (999_600_000, "1s"),
            (1_500_000_000, "1.5s"),
            (29_999_987_654, "30s"),
            (3_599_999_999_999, "3600s"),
            (3_601_000_000_000, "3601s"),
        ] {
            assert_eq!(Rounded(Duration::from_nanos(nanos)).to_string(), shown, "{nanos}");
        }
        assert_eq!(Rounded(Duration::MAX).to_string(), format!("{:?}", Duration::MAX));
    }
}
