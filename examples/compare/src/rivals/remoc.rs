//! remoc: a remote trait, whose streams are channels, over its default codec.
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{MESSAGE_BYTES_MAX, is_same};
use anyhow::{Result, anyhow};
use bytes::Bytes;
use remoc::prelude::*;
use remoc::rtc::CallError;
use remoc::{Cfg, Connect};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::path::Path;
use std::sync::Arc;
use tokio::net::UnixStream;

/// An item of 32 bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

/// What all rivals serve.
#[rtc::remote]
pub(crate) trait Bench {
    async fn add(&self, number: u64) -> Result<u64, CallError>;
    async fn echo(&self, bytes: ByteBuf) -> Result<ByteBuf, CallError>;
    async fn items(&self, count: u64) -> Result<rch::mpsc::Receiver<Item>, CallError>;
}

struct Here;

impl Bench for Here {
    async fn add(&self, number: u64) -> Result<u64, CallError> {
        Ok(number + 1)
    }

    async fn echo(&self, bytes: ByteBuf) -> Result<ByteBuf, CallError> {
        Ok(bytes)
    }

    async fn items(&self, count: u64) -> Result<rch::mpsc::Receiver<Item>, CallError> {
        let (out, items) = rch::mpsc::channel();
        tokio::spawn(async move {
            for _ in 0..count {
                if out.send(Item { a: 1.0, b: 1.0, c: 1.0, d: 1.0 }).await.is_err() {
                    return;
                }
            }
        });
        Ok(items)
    }
}

/// remoc as a rival.
pub(crate) struct Remoc;

impl Rival for Remoc {
    fn name(&self) -> &'static str {
        "remoc"
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        asynchronous::serve(path, flavor, serve)
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<BenchClient>(job)
    }
}

async fn serve(stream: UnixStream) -> Result<()> {
    let (input, output) = stream.into_split();
    let (server, mut client) = BenchServerShared::<_, remoc::codec::Default>::new(Arc::new(Here));
    client.set_max_request_size(MESSAGE_BYTES_MAX);
    client.set_max_response_size(MESSAGE_BYTES_MAX);
    Connect::io(Cfg::default(), input, output).provide(client).await.map_err(|error| anyhow!("{error}"))?;
    server.serve().await.map_err(|error| anyhow!("{error}"))
}

impl Caller for BenchClient {
    async fn connect(path: &Path) -> Result<Self> {
        let (input, output) = UnixStream::connect(path).await?.into_split();
        let connecting = Connect::io(Cfg::default(), input, output).consume();
        let mut client: Self = connecting.await.map_err(|error| anyhow!("{error}"))?;
        client.set_max_request_size(MESSAGE_BYTES_MAX);
        client.set_max_response_size(MESSAGE_BYTES_MAX);
        Ok(client)
    }

    async fn add(&self, number: u64) -> Result<u64> {
        Ok(Bench::add(self, number).await?)
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        Ok(is_same(&Bench::echo(self, ByteBuf::from(bytes.to_vec())).await?, bytes))
    }

    async fn items(&self, count: u64) -> Result<u64> {
        let mut items = Bench::items(self, count).await?;
        let mut taken = 0;
        while items.recv().await?.is_some() {
            taken += 1;
        }
        Ok(taken)
    }
}
