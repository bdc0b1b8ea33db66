//! The works, as the user of an async framework would write them.
use crate::amount::Amount;
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::Job;
use crate::runtime::Flavor;
use crate::work::{CONNECTIONS, OUTSTANDING, Work};
use anyhow::{Result, ensure};
use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use std::path::Path;
use std::time::Instant;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinSet, LocalSet};

/// A connected client. Clones share its connection.
pub(crate) trait Caller: Clone + 'static {
    /// A connection of its own.
    async fn connect(path: &Path) -> Result<Self>;

    /// The next number.
    async fn add(&self, number: u64) -> Result<u64>;

    /// Sends these bytes, and says whether they came back: see [`crate::work::is_same`].
    async fn echo(&self, bytes: &Bytes) -> Result<bool>;

    /// Takes so many items, one by one, and says how many came.
    async fn items(&self, count: u64) -> Result<u64>;

    /// Calls with [`OUTSTANDING`] under way; how many were answered. Those that have a way of their own do it by that.
    async fn overlapping(&self, amount: Amount) -> Result<u64> {
        futures_at_once(self, amount).await
    }
}

/// Listens there with a runtime of its own, and serves each connection by a task.
pub(crate) fn serve<F>(path: &Path, flavor: Flavor, each: impl Fn(UnixStream) -> F) -> Result<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    flavor.runtime()?.block_on(async {
        let listener = UnixListener::bind(path)?;
        ready();
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(each(stream));
        }
    })
}

/// Does a work with a runtime of its own.
pub(crate) fn run<C: Caller>(job: &Job<'_>) -> Result<Measured> {
    job.flavor.runtime()?.block_on(LocalSet::new().run_until(measure::<C>(job)))
}

async fn measure<C: Caller>(job: &Job<'_>) -> Result<Measured> {
    if job.work == Work::Connect {
        connects::<C>(job.path, Amount::warm_brief()).await?;
        let start = Instant::now();
        return Ok(Measured::since(start, connects::<C>(job.path, Amount::of(job.time)).await?));
    }
    let caller = C::connect(job.path).await?;
    match job.work {
        Work::Ping => ping(&caller, job).await,
        Work::Outstanding => outstanding(&caller, job).await,
        Work::Shared => together(vec![caller; OUTSTANDING], job).await,
        Work::Connections => {
            let mut callers = vec![caller];
            while callers.len() < CONNECTIONS {
                callers.push(C::connect(job.path).await?);
            }
            together(callers, job).await
        }
        Work::Items => items(&caller, job).await,
        _ => echo(&caller, job).await,
    }
}

async fn call<C: Caller>(caller: &C, number: u64) -> Result<()> {
    ensure!(caller.add(number).await? == number + 1, "a wrong answer");
    Ok(())
}

async fn ping<C: Caller>(caller: &C, job: &Job<'_>) -> Result<Measured> {
    calls(caller, Amount::warm()).await?;
    let (start, amount) = (Instant::now(), Amount::of(job.time));
    let (mut before, mut latencies) = (start, Vec::new());
    while !amount.is_done(latencies.len() as u64) {
        call(caller, latencies.len() as u64).await?;
        let after = Instant::now();
        latencies.push(after - before);
        before = after;
    }
    Ok(Measured::calls(start, latencies))
}

/// One at a time, and how many there were.
async fn calls<C: Caller>(caller: &C, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        call(caller, count).await?;
        count += 1;
    }
    Ok(count)
}

async fn outstanding<C: Caller>(caller: &C, job: &Job<'_>) -> Result<Measured> {
    caller.overlapping(Amount::warm()).await?;
    let start = Instant::now();
    Ok(Measured::since(start, caller.overlapping(Amount::of(job.time)).await?))
}

/// One task with many futures.
async fn futures_at_once<C: Caller>(caller: &C, amount: Amount) -> Result<u64> {
    let mut pending: FuturesUnordered<_> = (0..OUTSTANDING as u64).map(|number| call(caller, number)).collect();
    let mut count = 0;
    while !amount.is_done(count) {
        // The clock is not read for each.
        for _ in 0..OUTSTANDING {
            if let Some(answer) = pending.next().await {
                answer?;
                count += 1;
                pending.push(call(caller, count));
            }
        }
    }
    // To drop them would be to cancel them, which HTTP/2 takes for an attack.
    while let Some(answer) = pending.next().await {
        answer?;
        count += 1;
    }
    Ok(count)
}

/// A task for each of these.
async fn together<C: Caller>(callers: Vec<C>, job: &Job<'_>) -> Result<Measured> {
    each(&callers, Amount::warm()).await?;
    let start = Instant::now();
    Ok(Measured::since(start, each(&callers, Amount::of(job.time)).await?))
}

async fn each<C: Caller>(callers: &[C], amount: Amount) -> Result<u64> {
    let mut tasks = JoinSet::new();
    for caller in callers {
        let caller = caller.clone();
        tasks.spawn_local(async move { calls(&caller, amount).await });
    }
    let mut count = 0;
    while let Some(task) = tasks.join_next().await {
        count += task??;
    }
    Ok(count)
}

async fn echo<C: Caller>(caller: &C, job: &Job<'_>) -> Result<Measured> {
    let bytes = Bytes::from(vec![7; job.work.echo_bytes().unwrap_or(0)]);
    echoes(caller, &bytes, Amount::warm_brief()).await?;
    let start = Instant::now();
    Ok(Measured::since(start, echoes(caller, &bytes, Amount::of(job.time)).await?))
}

async fn echoes<C: Caller>(caller: &C, bytes: &Bytes, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        ensure!(caller.echo(bytes).await?, "other bytes came back");
        count += 1;
    }
    Ok(count)
}

async fn items<C: Caller>(caller: &C, job: &Job<'_>) -> Result<Measured> {
    streams(caller, Amount::warm_brief()).await?;
    let start = Instant::now();
    Ok(Measured::since(start, streams(caller, Amount::of(job.time)).await?))
}

async fn streams<C: Caller>(caller: &C, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        ensure!(caller.items(crate::work::ITEMS).await? == crate::work::ITEMS, "items are missing");
        count += 1;
    }
    Ok(count)
}

async fn connects<C: Caller>(path: &Path, amount: Amount) -> Result<u64> {
    let mut count = 0;
    while !amount.is_done(count) {
        call(&C::connect(path).await?, count).await?;
        count += 1;
    }
    Ok(count)
}
