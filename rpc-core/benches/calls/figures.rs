//! What several runs of one case say together.
use super::case::{Unit, Work};
use super::measure::Run;

pub(crate) struct Figures {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Figures {
    pub(crate) fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(sorted.len() / 2), lowest: at(0), highest: at(sorted.len().saturating_sub(1)) }
    }

    /// Of the number that counts for this work.
    pub(crate) fn of_work(work: Work, runs: &[Run]) -> Self {
        let mib = work.payload_bytes() as f64 / f64::from(1 << 20);
        Self::of(runs.iter().map(|run| match work.unit() {
            Unit::Latency | Unit::Beside => run.p50,
            Unit::Calls | Unit::Items => run.calls / run.seconds,
            Unit::Bytes => run.calls / run.seconds * mib,
        }))
    }

    pub(crate) fn best(&self, work: Work) -> f64 {
        if work.unit() == Unit::Latency { self.lowest } else { self.highest }
    }
}
