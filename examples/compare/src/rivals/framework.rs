//! This framework, with its defaults but for the size of a message.
use crate::amount::Amount;
use crate::blocking::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{ITEM_BYTES, MESSAGE_BYTES_MAX, OUTSTANDING, is_same};
use anyhow::{Context as _, Result, ensure};
use rpc_core::{Connect, Connection, Context, Limits, Pending, Schema, Server, Service, Sink, Stopped};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::path::Path;

/// What all rivals serve.
#[derive(Service)]
pub(crate) enum Bench<'a> {
    /// The next number.
    #[rpc(returns = u64)]
    Add {
        /// This one.
        number: u64,
    },
    /// The same bytes.
    #[rpc(returns = Vec<u8>)]
    Echo {
        /// Whichever.
        bytes: &'a [u8],
    },
    /// So many items.
    #[rpc(stream = Item)]
    Items {
        /// How many.
        count: u64,
    },
}

/// An item of 32 bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Schema)]
pub(crate) struct Item {
    numbers: [f64; ITEM_BYTES / 8],
}

struct Here;

impl BenchHandler for Here {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }

    fn echo(&self, _cx: &Context, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn items(&self, _cx: &Context, count: u64, mut out: Sink<Item>) -> Result<(), Stopped> {
        let item = Item { numbers: [1.0; ITEM_BYTES / 8] };
        (0..count).try_for_each(|_| out.send(&item))
    }
}

/// The default takes 4 MiB.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.frame_bytes_max = MESSAGE_BYTES_MAX as u32;
    limits
}

/// This framework as a rival.
pub(crate) struct Framework;

impl Rival for Framework {
    fn name(&self) -> &'static str {
        "rpc-core"
    }

    fn serve(&self, path: &Path, _flavor: Flavor) -> Result<()> {
        let path = path.to_str().context("a path in UTF-8")?;
        let listening = Server::new(Bench::serve(Here)).limits(limits()).listen(path)?;
        ready();
        listening.run()?;
        Ok(())
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        blocking::run::<Client>(job)
    }
}

struct Client {
    connection: Connection,
    bench: BenchClient,
}

impl Caller for Client {
    fn connect(path: &Path) -> Result<Self> {
        let path = path.to_str().context("a path in UTF-8")?;
        let connection = Connect::new(path).service(Bench::INFO).limits(limits()).connect()?;
        Ok(Self { bench: Bench::client(connection.clone()), connection })
    }

    fn add(&self, number: u64) -> Result<u64> {
        Ok(self.bench.add(number)?)
    }

    fn echo(&self, bytes: &[u8]) -> Result<bool> {
        Ok(is_same(&self.bench.echo(bytes)?, bytes))
    }

    fn items(&self, count: u64) -> Result<u64> {
        let mut taken = 0;
        for item in self.bench.items(count) {
            item?;
            taken += 1;
        }
        Ok(taken)
    }

    /// Always waits for the oldest call, and begins another.
    fn overlapping(&self, amount: Amount) -> Result<u64> {
        let bench = Bench::client(self.connection.pipelined());
        let (mut pending, mut count) = (VecDeque::with_capacity(OUTSTANDING), 0);
        for number in 0..OUTSTANDING as u64 {
            pending.push_back(bench.add(number));
        }
        while !amount.is_done(count) {
            for _ in 0..OUTSTANDING {
                take(&mut pending, count)?;
                count += 1;
                pending.push_back(bench.add(count + OUTSTANDING as u64 - 1));
            }
        }
        while !pending.is_empty() {
            take(&mut pending, count)?;
            count += 1;
        }
        Ok(count)
    }
}

fn take(pending: &mut VecDeque<Pending<u64>>, number: u64) -> Result<()> {
    let answer = pending.pop_front().context("some are under way")?.wait()?;
    ensure!(answer == number + 1, "a wrong answer");
    Ok(())
}
