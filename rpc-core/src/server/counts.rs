//! What is counted of each method. Nothing is decided by these numbers, so they are relaxed atomics.
//!
//! A call that costs a fifth of a microsecond must not pay for being counted: calls that one thread runs one after the other
//! are added up in a [`Tally`] first, and most quick ones are not timed.
use super::stats::MethodStats;
use crate::service::Ending;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// So many calls of a method are all timed: it may never have more.
const TIMED_AT_FIRST: u64 = 64;

/// Then one of so many stands for all of them. Two looks at the clock are a quarter of the quickest call.
const TIMED_THEN: u64 = 64;

/// Ranges of time, each ten times as long as the one before; the first ends at a microsecond, the last has no end.
pub(super) const TIMES: usize = 9;

/// What one method has done since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    calls: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    items_in: AtomicU64,
    items_out: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    time_total_ns: AtomicU64,
    time_max_ns: AtomicU64,
    times: [AtomicU64; TIMES],
}

impl Counts {
    /// A call has been refused.
    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// Calls that were refused.
    pub(super) fn not_run(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Calls that have run and ended.
    pub(super) fn ended(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// Items that a handler has taken, and bytes of items that have come for it.
    pub(super) fn came_in(&self, items: u64, bytes: usize) {
        add(&self.items_in, items);
        add(&self.bytes_in, bytes as u64);
    }

    /// Items that a handler has sent, and bytes of them that go out.
    pub(super) fn go_out(&self, items: u64, bytes: usize) {
        add(&self.items_out, items);
        add(&self.bytes_out, bytes as u64);
    }

    /// A call of it has run, or was refused when it was about to; it took so long.
    pub(super) fn ran(&self, ending: Ending, time: Duration, bytes_in: usize, bytes_out: usize) {
        let mut tally = Tally { counts: Some(self), ..Tally::default() };
        tally.end(ending, bytes_in, bytes_out);
        tally.settle();
        if ending != Ending::Refused {
            self.took(time, 1);
        }
    }

    /// A handler took so long, and stands for `alike` calls.
    pub(super) fn took(&self, time: Duration, alike: u64) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.time_total_ns.fetch_add(ns.saturating_mul(alike), Relaxed);
        self.time_max_ns.fetch_max(ns, Relaxed);
        if let Some(times) = self.times.get(range(ns)) {
            times.fetch_add(alike, Relaxed);
        }
    }

    /// As others see it.
    pub(super) fn told(&self, service: &str, method: &str) -> MethodStats {
        MethodStats {
            service: service.to_owned(),
            method: method.to_owned(),
            calls: self.calls.load(Relaxed),
            refused: self.refused.load(Relaxed),
            failed: self.failed.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
            items_in: self.items_in.load(Relaxed),
            items_out: self.items_out.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            time_total: Duration::from_nanos(self.time_total_ns.load(Relaxed)),
            time_max: Duration::from_nanos(self.time_max_ns.load(Relaxed)),
            times: self.times.iter().map(|times| times.load(Relaxed)).collect(),
        }
    }
}

/// Many counts stay as they are, and even an addition of nothing would take the memory from other threads.
fn add(count: &AtomicU64, more: u64) {
    if more > 0 {
        count.fetch_add(more, Relaxed);
    }
}

fn range(ns: u64) -> usize {
    let microseconds = ns / 1000;
    microseconds.checked_ilog10().map_or(0, |tens| tens as usize + 1).min(TIMES - 1)
}

/// Calls of one method that one thread has run, on their way to its counts.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    counts: Option<&'a Counts>,
    calls: u64,
    refused: u64,
    failed: u64,
    cancelled: u64,
    bytes_in: u64,
    bytes_out: u64,
}

impl<'a> Tally<'a> {
    /// A call of this method is about to run. Gives when it began if it is to be timed, and how many calls it stands for.
    pub(super) fn begin(&mut self, counts: &'a Counts) -> Option<(Instant, u64)> {
        if !self.counts.is_some_and(|own| std::ptr::eq(own, counts)) {
            self.settle();
            self.counts = Some(counts);
        }
        let before = counts.calls.load(Relaxed) + self.calls;
        match before {
            0..TIMED_AT_FIRST => Some((Instant::now(), 1)),
            _ if before.is_multiple_of(TIMED_THEN) => Some((Instant::now(), TIMED_THEN)),
            _ => None,
        }
    }

    /// It has ended; with the bytes of its arguments and of its answer.
    pub(super) fn end(&mut self, ending: Ending, bytes_in: usize, bytes_out: usize) {
        match ending {
            Ending::Refused => self.refused += 1,
            Ending::Answered => self.calls += 1,
            Ending::Failed => (self.calls, self.failed) = (self.calls + 1, self.failed + 1),
            Ending::Cancelled => (self.calls, self.cancelled) = (self.calls + 1, self.cancelled + 1),
        }
        self.bytes_in += bytes_in as u64;
        self.bytes_out += bytes_out as u64;
    }

    /// Adds up. Before answers are sent: whoever has his finds his call counted.
    pub(super) fn settle(&mut self) {
        let Self { counts, calls, refused, failed, cancelled, bytes_in, bytes_out } = std::mem::take(self);
        if let Some(counts) = counts {
            add(&counts.calls, calls);
            add(&counts.refused, refused);
            add(&counts.failed, failed);
            add(&counts.cancelled, cancelled);
            add(&counts.bytes_in, bytes_in);
            add(&counts.bytes_out, bytes_out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_powers_of_ten() {
        let ns = [0, 999, 1_000, 9_999, 10_000, 100_000, 999_999_999, 1_000_000_000, u64::MAX];
        assert_eq!(ns.map(range), [0, 0, 1, 1, 2, 3, 6, 7, 8]);
    }

    /// Each call that is timed stands for those that are not.
    #[test]
    fn timed_calls_stand_for_all() {
        let counts = Counts::default();
        let mut tally = Tally::default();
        let mut timed = 0;
        for call in 0..10 * TIMED_THEN {
            if let Some((_, alike)) = tally.begin(&counts) {
                assert_eq!(alike, if call < TIMED_AT_FIRST { 1 } else { TIMED_THEN }, "call {call}");
                timed += alike;
            }
            tally.end(Ending::Answered, 1, 2);
        }
        assert_eq!(timed, 10 * TIMED_THEN);
        assert_eq!(counts.told("", "").calls, 0, "not yet");
        tally.settle();
        let told = counts.told("S", "m");
        assert_eq!((told.calls, told.bytes_in, told.bytes_out), (640, 640, 1280));
    }

    #[test]
    fn another_method_settles_the_one_before() {
        let (one, other) = (Counts::default(), Counts::default());
        let mut tally = Tally::default();
        tally.begin(&one);
        tally.end(Ending::Failed, 0, 0);
        tally.begin(&other);
        tally.end(Ending::Refused, 0, 0);
        tally.settle();
        let [one, other] = [one, other].map(|counts| counts.told("", ""));
        assert_eq!((one.calls, one.failed, one.refused), (1, 1, 0));
        assert_eq!((other.calls, other.failed, other.refused), (0, 0, 1), "what is refused has not run");
    }
}
