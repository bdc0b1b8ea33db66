//! ttrpc, its async half: that has streams, and is faster.
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{Work, is_same};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use bytes::Bytes;
use generated::bench::{Blob, Item, Number};
use generated::bench_ttrpc::{Bench, BenchClient, create_bench};
use std::path::Path;
use std::sync::Arc;
use ttrpc::asynchronous::{Client, Server, ServerStreamSender, TtrpcContext};
use ttrpc::context::Context;

mod generated {
    include!(concat!(env!("OUT_DIR"), "/ttrpc/mod.rs"));
}

struct Here;

#[async_trait]
impl Bench for Here {
    async fn add(&self, _: &TtrpcContext, request: Number) -> ttrpc::Result<Number> {
        Ok(Number { number: request.number + 1, ..Default::default() })
    }

    async fn echo(&self, _: &TtrpcContext, request: Blob) -> ttrpc::Result<Blob> {
        Ok(request)
    }

    async fn items(&self, _: &TtrpcContext, request: Number, out: ServerStreamSender<Item>) -> ttrpc::Result<()> {
        for number in 0..request.number {
            out.send(&Item { a: number, b: 1, c: 2, d: 3, ..Default::default() }).await?;
        }
        Ok(())
    }
}

/// ttrpc as a rival.
pub(crate) struct Ttrpc;

impl Rival for Ttrpc {
    fn name(&self) -> &'static str {
        "ttrpc"
    }

    fn cannot(&self, work: Work) -> Option<&'static str> {
        (work == Work::Echo16M).then_some("4 MiB at most")
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        flavor.runtime()?.block_on(async {
            let mut server = Server::new().bind(&address(path)?)?.register_service(create_bench(Arc::new(Here)));
            server.start().await?;
            ready();
            std::future::pending().await
        })
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<BenchClient>(job)
    }
}

fn address(path: &Path) -> Result<String> {
    Ok(format!("unix://{}", path.to_str().context("a path in UTF-8")?))
}

impl Caller for BenchClient {
    async fn connect(path: &Path) -> Result<Self> {
        Ok(Self::new(Client::connect(&address(path)?).await?))
    }

    async fn add(&self, number: u64) -> Result<u64> {
        let request = Number { number, ..Default::default() };
        Ok(BenchClient::add(self, Context::default(), &request).await?.number)
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        let request = Blob { bytes: bytes.to_vec(), ..Default::default() };
        Ok(is_same(&BenchClient::echo(self, Context::default(), &request).await?.bytes, bytes))
    }

    async fn items(&self, count: u64) -> Result<u64> {
        let request = Number { number: count, ..Default::default() };
        let mut items = BenchClient::items(self, Context::default(), &request).await?;
        let mut taken = 0;
        while items.recv().await?.is_some() {
            taken += 1;
        }
        Ok(taken)
    }
}
