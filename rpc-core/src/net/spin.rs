//! Polling for a moment before blocking.
//!
//! A thread that blocks on another CPU than its peer's pays for two wake-ups a call, of CPUs that have halted meanwhile: tens of
//! microseconds, where a reader that looks again and again has its bytes at once. On the peer's own CPU the opposite is
//! true: the peer cannot run before this thread stops. So each side says where it sends from (PROTOCOL.md, F2), and who
//! polls in vain does so ever more seldom.
use crate::wire::{CPU_UNKNOWN, cpu_of};
use std::time::{Duration, Instant};

/// Waits that block at once after the worst run of misses.
const SKIP_MAX: u32 = 1023;

/// No poll takes longer, whatever is asked for: meanwhile nobody looks at deadlines.
const TIME_MAX: Duration = Duration::from_millis(1);

/// So many hits in a row make up for one miss.
const HITS: u32 = 32;

/// One reader's experience with polling.
#[derive(Debug)]
pub(crate) struct Spin {
    /// How long one poll may take; zero: never.
    time_max: Duration,
    /// Where the peer last sent from.
    peer_cpu: u8,
    /// So many waits more block at once.
    skip: u32,
    /// What the next miss doubles.
    penalty: u32,
    hits: u32,
}

impl Spin {
    /// For polls of at most this long; of zero: for none.
    pub(crate) fn new(time_max: Duration) -> Self {
        let time_max = time_max.min(TIME_MAX);
        Self { time_max, peer_cpu: CPU_UNKNOWN, skip: 0, penalty: 0, hits: 0 }
    }

    /// These bytes have come, and begin with a frame.
    pub(crate) fn heard(&mut self, bytes: &[u8]) {
        if let Some(cpu) = cpu_of(bytes) {
            self.peer_cpu = cpu;
        }
    }

    /// Looks again and again, for as long as that is likely to be of use. `None`: now block.
    ///
    /// A poll that found nothing is a miss. So is one during which this thread lost its CPU for long: where others want the
    /// CPU, too, a thread that sleeps is woken sooner than one that polls gets it back.
    pub(crate) fn poll<T>(&mut self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        if !self.is_worth_it() {
            return None;
        }
        let start = Instant::now();
        let (mut last, mut crowded) = (start, false);
        loop {
            let found = look();
            let now = Instant::now();
            crowded |= now - last > self.time_max;
            if found.is_some() {
                match crowded {
                    true => self.missed(),
                    false => self.hit(),
                }
                return found;
            }
            if now - start > self.time_max {
                self.missed();
                return None;
            }
            last = now;
            std::hint::spin_loop();
        }
    }

    fn is_worth_it(&mut self) -> bool {
        if self.time_max.is_zero() || self.peer_cpu == CPU_UNKNOWN {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.peer_cpu != cpu()
    }

    fn hit(&mut self) {
        self.hits += 1;
        if self.hits >= HITS {
            (self.hits, self.penalty) = (0, self.penalty / 2);
        }
    }

    fn missed(&mut self) {
        self.penalty = (self.penalty * 2 + 1).min(SKIP_MAX);
        (self.skip, self.hits) = (self.penalty, 0);
    }
}

/// Where this thread runs; [`CPU_UNKNOWN`] where the system does not say. (sched_getcpu(3))
pub(crate) fn cpu() -> u8 {
    #[cfg(target_os = "linux")]
    return nix::sched::sched_getcpu().map_or(CPU_UNKNOWN, |cpu| (cpu % usize::from(CPU_UNKNOWN)) as u8);
    #[cfg(not(target_os = "linux"))]
    return CPU_UNKNOWN;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CallId, Kind, put_part, set_cpu};

    /// One that has heard from there.
    fn heard(cpu: u8, time_max: Duration) -> Spin {
        let mut frame = Vec::new();
        put_part(&mut frame, Kind::Ping, CallId(1), &[], false);
        set_cpu(&mut frame, cpu);
        let mut spin = Spin { time_max, ..Spin::new(Duration::ZERO) };
        spin.heard(&frame);
        spin
    }

    /// How often it looked.
    fn looks(spin: &mut Spin, until: u32) -> u32 {
        let mut looks = 0;
        spin.poll(|| {
            looks += 1;
            (looks >= until).then_some(())
        });
        looks
    }

    #[test]
    fn a_poll_does_not_last() {
        assert_eq!(Spin::new(Duration::MAX).time_max, TIME_MAX);
    }

    const LONG: Duration = Duration::from_secs(100);
    const ELSEWHERE: u8 = CPU_UNKNOWN - 1;

    #[test]
    fn it_polls_for_a_peer_on_another_cpu_alone() {
        let polls = |mut spin: Spin| looks(&mut spin, 3) > 0;
        assert!(polls(heard(ELSEWHERE, LONG)));
        assert!(!polls(heard(CPU_UNKNOWN, LONG)), "who does not say may be anywhere");
        assert!(!polls(Spin::new(LONG)));
        assert!(!polls(heard(ELSEWHERE, Duration::ZERO)), "switched off");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_peer_on_this_cpu_needs_it() {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let all = sched_getaffinity(None).unwrap();
        let mut one = CpuSet::new();
        one.set(usize::from(cpu()));
        // On a thread of its own, whose affinity is nobody else's.
        std::thread::spawn(move || {
            sched_setaffinity(None, &one).unwrap();
            assert_eq!(looks(&mut heard(cpu(), LONG), 3), 0);
            sched_setaffinity(None, &all).unwrap();
        })
        .join()
        .unwrap();
    }

    #[test]
    fn misses_make_it_seldom_and_hits_often_again() {
        let mut spin = heard(ELSEWHERE, Duration::from_nanos(1));
        for skipped in [1, 3, 7, 15] {
            assert!(looks(&mut spin, u32::MAX) > 0, "a miss");
            assert_eq!((0..skipped).map(|_| looks(&mut spin, 1)).sum::<u32>(), 0, "{skipped} block at once");
        }
        spin.time_max = LONG;
        (0..3 * HITS).for_each(|_| assert_eq!(looks(&mut spin, 2), 2));
        assert_eq!(spin.penalty, 1);
        (0..20).for_each(|_| spin.missed());
        assert_eq!(spin.skip, SKIP_MAX);
    }
}
