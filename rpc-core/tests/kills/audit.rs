//! Compares what ran with what callers were told.
use super::load::PIPELINED;
use super::record::{Ended, Ending, LANES, Log, Nonce};
use std::collections::HashSet;
use std::fmt;

/// How many calls ended how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) ok: u64,
    pub(crate) not_sent: u64,
    pub(crate) refused: u64,
    pub(crate) unknown: u64,
    pub(crate) begun: u64,
    /// Those of the unknown that ran.
    pub(crate) unknown_ran: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ok, not_sent, refused, unknown, begun, unknown_ran } = self;
        write!(f, "{ok} calls answered, {not_sent} not sent, {refused} refused, {begun} cut off, ")?;
        write!(f, "{unknown} unknown ({unknown_ran} ran)")
    }
}

/// What ran, and what of it was accounted for.
#[derive(Debug)]
pub(crate) struct Audit {
    executed: HashSet<Nonce>,
    /// What ran and no client has spoken for.
    unclaimed: HashSet<Nonce>,
    counts: Counts,
}

impl Audit {
    pub(crate) fn new(executed: &Log) -> Self {
        Self::of(&executed.executed())
    }

    fn of(executed: &[Nonce]) -> Self {
        let once: HashSet<_> = executed.iter().copied().collect();
        assert_eq!(once.len(), executed.len(), "something ran twice");
        Self { unclaimed: once.clone(), executed: once, counts: Counts::default() }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The calls of one client. One that was killed did not live to see its last ones end.
    pub(crate) fn client(&mut self, ends: &Log, killed: bool) {
        self.ends(&ends.ended(), killed);
    }

    fn ends(&mut self, ends: &[Ended], killed: bool) {
        let mut calls = [0; LANES as usize + 1];
        for end in ends {
            let next = &mut calls[usize::from(end.nonce.lane())];
            assert_eq!(end.nonce.call(), *next, "a call ended twice, or never: {end:?}");
            *next += 1;
            self.end(end);
        }
        let Some(client) = ends.first().map(|end| (end.nonce.0 >> 48) as u16) else { return };
        let last = if killed { PIPELINED } else { 0 };
        for (lane, calls) in (0..).zip(calls) {
            (calls..calls + last).for_each(|call| _ = self.unclaimed.remove(&Nonce::new(client, lane, call)));
        }
    }

    fn end(&mut self, end: &Ended) {
        self.unclaimed.remove(&end.nonce);
        let ran = self.executed.contains(&end.nonce);
        match end.ending {
            Ending::Ok | Ending::Executed => assert!(ran, "acknowledged, and did not run: {end:?}"),
            Ending::NotSent | Ending::Refused => assert!(!ran, "not sent or refused, and ran: {end:?}"),
            Ending::Unknown => self.counts.unknown_ran += u64::from(ran),
        }
        let count = match end.ending {
            Ending::Ok => &mut self.counts.ok,
            Ending::NotSent => &mut self.counts.not_sent,
            Ending::Refused => &mut self.counts.refused,
            Ending::Unknown => &mut self.counts.unknown,
            Ending::Executed => &mut self.counts.begun,
        };
        *count += 1;
    }

    /// After all clients: nothing ran that nobody called.
    pub(crate) fn finish(self) -> Counts {
        assert!(self.unclaimed.is_empty(), "ran, and was never called: {:?}", self.unclaimed.iter().take(5));
        self.counts
    }
}

/// When servers were killed, and how long until each lane of a client saw that, and had an answer of the next one.
#[derive(Debug, Default)]
pub(crate) struct Kills {
    at: Vec<u64>,
    detected: Vec<u64>,
    recovered: Vec<u64>,
}

impl Kills {
    pub(crate) fn add(&mut self, at: u64) {
        self.at.push(at);
    }

    pub(crate) fn count(&self) -> usize {
        self.at.len()
    }

    pub(crate) fn measure(&mut self, ends: &Log) {
        let ends = ends.ended();
        for lane in 0..LANES {
            self.measure_lane(&ends.iter().filter(|end| end.nonce.lane() == lane).collect::<Vec<_>>());
        }
    }

    /// A lane that has no answer before the next server dies, too, waits on: that time counts as well.
    fn measure_lane(&mut self, ends: &[&Ended]) {
        for (at, &kill) in self.at.iter().enumerate() {
            let next = self.at.get(at + 1).copied().unwrap_or(u64::MAX);
            let mut after = ends[ends.partition_point(|end| end.at < kill)..].iter();
            // Before that, answers may still be on their way. What was not sent may have waited to connect: it saw no death.
            let failed = after.find(|end| matches!(end.ending, Ending::Unknown | Ending::Executed));
            let Some(failed) = failed.filter(|end| end.at < next) else { continue };
            self.detected.push(failed.at - kill);
            self.recovered.extend(after.find(|end| end.ending == Ending::Ok).map(|end| end.at - kill));
        }
    }
}

impl fmt::Display for Kills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantile = |times: &[u64], part: f64| {
            let mut times = times.to_vec();
            times.sort_unstable();
            let place = (times.len() as f64 * part) as usize;
            times.get(place).map_or(f64::NAN, |time| *time as f64 / 1e6)
        };
        for (what, times) in [("seen", &self.detected), (", served again", &self.recovered)] {
            let (p50, p99) = (quantile(times, 0.5), quantile(times, 0.99));
            write!(f, "{what} after {p50:.1} ms (p50), {p99:.1} ms (p99), {} times", times.len())?;
        }
        Ok(())
    }
}

/// An audit that finds nothing must be one that would have.
mod finds {
    use super::*;

    fn end(call: u64, ending: Ending) -> Ended {
        Ended { nonce: Nonce::new(1, 0, call), at: 0, ending }
    }

    fn audit(ran: &[u64], ends: &[Ended], killed: bool) -> Counts {
        let ran: Vec<_> = ran.iter().map(|call| Nonce::new(1, 0, *call)).collect();
        let mut audit = Audit::of(&ran);
        audit.ends(ends, killed);
        audit.finish()
    }

    #[test]
    fn nothing_where_all_is_well() {
        let ends = [end(0, Ending::Ok), end(1, Ending::Unknown), end(2, Ending::Refused), end(3, Ending::Unknown)];
        let counts = audit(&[0, 1], &ends, false);
        assert_eq!((counts.ok, counts.refused, counts.unknown, counts.unknown_ran), (1, 1, 2, 1));
        audit(&[0, 1], &[end(0, Ending::Ok)], true);
    }

    #[test]
    #[should_panic = "something ran twice"]
    fn what_ran_twice() {
        audit(&[0, 0], &[end(0, Ending::Ok)], false);
    }

    #[test]
    #[should_panic = "acknowledged, and did not run"]
    fn what_was_acknowledged_and_lost() {
        audit(&[], &[end(0, Ending::Ok)], false);
    }

    #[test]
    #[should_panic = "acknowledged, and did not run"]
    fn what_sent_items_and_is_lost() {
        audit(&[], &[end(0, Ending::Executed)], false);
    }

    #[test]
    #[should_panic = "not sent or refused, and ran"]
    fn what_was_refused_and_ran() {
        audit(&[0], &[end(0, Ending::Refused)], false);
    }

    #[test]
    #[should_panic = "not sent or refused, and ran"]
    fn what_was_not_sent_and_ran() {
        audit(&[0], &[end(0, Ending::NotSent)], false);
    }

    #[test]
    #[should_panic = "a call ended twice, or never"]
    fn what_never_ended() {
        audit(&[0, 1], &[end(1, Ending::Ok)], false);
    }

    #[test]
    #[should_panic = "ran, and was never called"]
    fn what_nobody_called() {
        audit(&[0, 1], &[end(0, Ending::Ok)], false);
    }
}
