//! Clocks and results.
use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use std::time::{Duration, Instant};

/// Latencies that one thread keeps; further ones are only counted.
const LATENCIES_MAX: usize = 1 << 20;

/// How much work to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    Time(Duration),
    /// So many calls a thread.
    Calls(u64),
}

impl Amount {
    /// As one argument for the other process.
    pub(crate) fn written(self) -> String {
        match self {
            Self::Time(time) => format!("ms:{}", time.as_millis()),
            Self::Calls(calls) => format!("calls:{calls}"),
        }
    }

    pub(crate) fn read(text: &str) -> Self {
        let (kind, number) = text.split_once(':').expect("as `written` writes it");
        let number = number.parse().expect("a number");
        if kind == "ms" { Self::Time(Duration::from_millis(number)) } else { Self::Calls(number) }
    }

    /// For calls each of which is as much work as `weight` small ones.
    pub(crate) fn of_weight(self, weight: u64) -> Self {
        match self {
            Self::Time(_) => self,
            Self::Calls(calls) => Self::Calls((calls / weight).max(1)),
        }
    }

    /// Whether that is enough, `start` being when the first call began.
    pub(crate) fn is_done(self, start: Instant, now: Instant, calls: u64) -> bool {
        match self {
            Self::Time(time) => now.duration_since(start) >= time,
            Self::Calls(enough) => calls >= enough,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "{} ms", time.as_millis()),
            Self::Calls(calls) => write!(f, "{calls} calls"),
        }
    }
}

/// What one thread did.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    /// In nanoseconds; none where calls overlap.
    pub(crate) latencies: Vec<u32>,
}

impl Tally {
    /// Calls `call` until it is enough.
    pub(crate) fn of(amount: Amount, mut call: impl FnMut()) -> Self {
        let mut tally = Self { calls: 0, latencies: Vec::with_capacity(LATENCIES_MAX) };
        let start = Instant::now();
        let mut before = start;
        while !amount.is_done(start, before, tally.calls) {
            call();
            let after = Instant::now();
            let took = u32::try_from(after.duration_since(before).as_nanos()).unwrap_or(u32::MAX);
            if tally.latencies.len() < LATENCIES_MAX {
                tally.latencies.push(took);
            }
            tally.calls += 1;
            before = after;
        }
        tally
    }
}

/// One measurement, as both processes tell it together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Run {
    pub(crate) calls: f64,
    /// With those before the clock started.
    pub(crate) all_calls: f64,
    pub(crate) seconds: f64,
    /// Of one call, in microseconds; 0 where calls overlap.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// CPU time of a call, in microseconds.
    pub(crate) client_cpu: f64,
    pub(crate) server_cpu: f64,
    /// Bytes that were moved beside the calls.
    pub(crate) bulk_bytes: f64,
}

impl Run {
    pub(crate) fn new(tallies: Vec<Tally>, warm_calls: u64, took: Duration, cpu: Duration) -> Self {
        let calls: u64 = tallies.iter().map(|tally| tally.calls).sum();
        let mut latencies: Vec<u32> = tallies.into_iter().flat_map(|tally| tally.latencies).collect();
        latencies.sort_unstable();
        let at =
            |part: f64| latencies.get((latencies.len() as f64 * part) as usize).map_or(0.0, |ns| f64::from(*ns) / 1e3);
        let (calls, all_calls) = (calls as f64, (calls + warm_calls) as f64);
        let client_cpu = cpu.as_secs_f64() * 1e6 / calls;
        let (seconds, p50, p99) = (took.as_secs_f64(), at(0.5), at(0.99));
        Self { calls, all_calls, seconds, p50, p99, client_cpu, ..Self::default() }
    }

    pub(crate) fn mean(&self) -> f64 {
        self.seconds * 1e6 / self.calls
    }

    pub(crate) fn written(&self) -> String {
        let Self { calls, all_calls, seconds, p50, p99, client_cpu, bulk_bytes, .. } = self;
        format!("{calls} {all_calls} {seconds} {p50} {p99} {client_cpu} {bulk_bytes}")
    }

    pub(crate) fn read(text: &str) -> Self {
        let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        let [calls, all_calls, seconds, p50, p99, client_cpu, bulk_bytes] = numbers[..] else {
            panic!("a client said {text:?}")
        };
        Self { calls, all_calls, seconds, p50, p99, client_cpu, bulk_bytes, ..Self::default() }
    }
}

/// The CPU time of this process.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a process has not run for less than no time")
}
