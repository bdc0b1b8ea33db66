//! How long to wait before trying again: a schedule without a clock.
use std::time::Duration;

/// The first wait: about as long as a server needs to start.
const FIRST: Duration = Duration::from_millis(5);

/// The longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(1);

/// Each wait is this much longer than the last.
const GROWTH: f64 = 1.6;

/// Each wait is longer or shorter by up to this share of it, so that those who failed together do not come back together.
const JITTER: f64 = 0.2;

/// Waits between attempts: short at first, then longer and longer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The wait before the next attempt. `random` is from 0 to 1.
    pub(super) fn pause(&mut self, random: f64) -> Duration {
        let factor = 1.0 + JITTER * (2.0 * random.clamp(0.0, 1.0) - 1.0);
        let pause = self.next.mul_f64(factor);
        self.next = self.next.mul_f64(GROWTH).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_from_5_ms_to_1_s() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..14).map(|_| backoff.pause(0.5).as_secs_f64() * 1000.0).collect();
        let expected = [5.0, 8.0, 12.8, 20.48, 32.768];
        assert!(waits.iter().zip(expected).all(|(wait, expected)| (wait - expected).abs() < 0.001), "{waits:?}");
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&1000.0));
    }

    #[test]
    fn jitter_is_a_fifth_either_way() {
        assert_eq!(Backoff::default().pause(0.0), Duration::from_millis(4));
        assert_eq!(Backoff::default().pause(1.0), Duration::from_millis(6));
    }

    /// The jitter of one wait does not add up in those behind it.
    #[test]
    fn growth_knows_no_jitter() {
        let (mut early, mut late) = (Backoff::default(), Backoff::default());
        early.pause(0.0);
        late.pause(1.0);
        assert_eq!(early, late);
    }
}
