//! The works, as the user of a blocking framework would write them: with threads.
use crate::amount::Amount;
use crate::measured::Measured;
use crate::rival::Job;
use crate::work::{CONNECTIONS, ITEMS, OUTSTANDING, Work};
use anyhow::{Result, anyhow, ensure};
use std::path::Path;
use std::time::Instant;

/// A connected client, which threads share.
pub(crate) trait Caller: Sized + Sync {
    /// A connection of its own.
    fn connect(path: &Path) -> Result<Self>;

    /// The next number.
    fn add(&self, number: u64) -> Result<u64>;

    /// Sends these bytes, and says whether they came back: see [`crate::work::is_same`].
    fn echo(&self, bytes: &[u8]) -> Result<bool>;

    /// Takes so many items, one by one, and says how many came.
    fn items(&self, count: u64) -> Result<u64>;

    /// Calls with [`OUTSTANDING`] under way; how many were answered.
    fn overlapping(&self, amount: Amount) -> Result<u64>;
}

/// Does a work.
pub(crate) fn run<C: Caller>(job: &Job<'_>) -> Result<Measured> {
    if job.work == Work::Connect {
        return timed(job, Amount::warm_brief(), |amount| connects::<C>(job.path, amount));
    }
    let caller = C::connect(job.path)?;
    match job.work {
        Work::Ping => ping(&caller, job),
        Work::Outstanding => timed(job, Amount::warm(), |amount| caller.overlapping(amount)),
        Work::Shared => {
            let callers: Vec<_> = (0..OUTSTANDING).map(|_| &caller).collect();
            timed(job, Amount::warm(), |amount| each(&callers, amount))
        }
        Work::Connections => {
            let others = (1..CONNECTIONS).map(|_| C::connect(job.path)).collect::<Result<Vec<_>>>()?;
            let callers: Vec<_> = std::iter::once(&caller).chain(&others).collect();
            timed(job, Amount::warm(), |amount| each(&callers, amount))
        }
        Work::Items => timed(job, Amount::warm_brief(), |amount| streams(&caller, amount)),
        _ => {
            let bytes = vec![7; job.work.echo_bytes().unwrap_or(0)];
            timed(job, Amount::warm_brief(), |amount| echoes(&caller, &bytes, amount))
        }
    }
}

/// Warms up, and measures.
fn timed(job: &Job<'_>, warm: Amount, work: impl Fn(Amount) -> Result<u64>) -> Result<Measured> {
    work(warm)?;
    let start = Instant::now();
    Ok(Measured::since(start, work(Amount::of(job.time))?))
}

fn call(caller: &impl Caller, number: u64) -> Result<()> {
    ensure!(caller.add(number)? == number + 1, "a wrong answer");
    Ok(())
}

fn ping(caller: &impl Caller, job: &Job<'_>) -> Result<Measured> {
    calls(caller, Amount::warm())?;
    let (start, amount) = (Instant::now(), Amount::of(job.time));
    let (mut before, mut latencies) = (start, Vec::new());
    while !amount.is_done(latencies.len() as u64) {
        call(caller, latencies.len() as u64)?;
        let after = Instant::now();
        latencies.push(after - before);
        before = after;
    }
    Ok(Measured::calls(start, latencies))
}

/// One at a time, and how many there were.
fn calls(caller: &impl Caller, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        call(caller, count)?;
        count += 1;
    }
    Ok(count)
}

/// A thread for each of these.
fn each<C: Caller>(callers: &[&C], amount: Amount) -> Result<u64> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = callers.iter().map(|caller| scope.spawn(|| calls(*caller, amount))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?).sum()
    })
}

fn echoes(caller: &impl Caller, bytes: &[u8], amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        ensure!(caller.echo(bytes)?, "other bytes came back");
        count += 1;
    }
    Ok(count)
}

fn streams(caller: &impl Caller, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        ensure!(caller.items(ITEMS)? == ITEMS, "items are missing");
        count += 1;
    }
    Ok(count)
}

fn connects<C: Caller>(path: &Path, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        call(&C::connect(path)?, count)?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Flavor;
    use std::time::Duration;

    /// Right but for what its name says.
    struct Off<const ADD: u64, const ECHO: bool, const MISSING: u64>;

    impl<const ADD: u64, const ECHO: bool, const MISSING: u64> Caller for Off<ADD, ECHO, MISSING> {
        fn connect(_: &Path) -> Result<Self> {
            Ok(Self)
        }

        fn add(&self, number: u64) -> Result<u64> {
            Ok(number + ADD)
        }

        fn echo(&self, _: &[u8]) -> Result<bool> {
            Ok(ECHO)
        }

        fn items(&self, count: u64) -> Result<u64> {
            Ok(count - MISSING)
        }

        fn overlapping(&self, amount: Amount) -> Result<u64> {
            calls(self, amount)
        }
    }

    type Right = Off<1, true, 0>;
    type Wrong = Off<2, false, 1>;

    #[test]
    fn every_wrong_answer_ends_its_work() {
        let all =
            [Work::Ping, Work::Outstanding, Work::Shared, Work::Connections, Work::Echo64K, Work::Items, Work::Connect];
        for work in all {
            let job = Job { path: Path::new(""), work, time: Duration::from_millis(1), flavor: Flavor::Current };
            assert!(run::<Right>(&job).is_ok(), "{work:?}");
            assert!(run::<Wrong>(&job).is_err(), "{work:?}");
        }
    }
}
