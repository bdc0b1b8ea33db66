//! Random numbers that spread clients over time; no secret depends on them.
use std::hash::{BuildHasher, RandomState};

/// From 0 to 1. The standard library keys each hasher of its own anew, which is randomness enough.
pub(super) fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    #[test]
    fn spreads() {
        let numbers: Vec<_> = (0..1000).map(|_| super::random()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        let low = numbers.iter().filter(|number| **number < 0.5).count();
        assert!((300..700).contains(&low), "{low} of 1000 are below a half");
    }
}
