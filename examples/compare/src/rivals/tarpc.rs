//! tarpc over its Unix transport, with bincode.
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{MESSAGE_BYTES_MAX, Work, is_same};
use anyhow::{Result, bail};
use bytes::Bytes;
use futures::StreamExt;
use serde_bytes::ByteBuf;
use std::path::Path;
use tarpc::client::Config;
use tarpc::context::{self, Context};
use tarpc::serde_transport::unix;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;

#[tarpc::service]
trait Bench {
    async fn add(number: u64) -> u64;
    async fn echo(bytes: ByteBuf) -> ByteBuf;
}

#[derive(Clone)]
struct Here;

impl Bench for Here {
    async fn add(self, _: Context, number: u64) -> u64 {
        number + 1
    }

    async fn echo(self, _: Context, bytes: ByteBuf) -> ByteBuf {
        bytes
    }
}

/// tarpc as a rival.
pub(crate) struct Tarpc;

impl Rival for Tarpc {
    fn name(&self) -> &'static str {
        "tarpc"
    }

    fn cannot(&self, work: Work) -> Option<&'static str> {
        (work == Work::Items).then_some("no streams")
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        flavor.runtime()?.block_on(async {
            let mut incoming = unix::listen(path, Bincode::default).await?;
            incoming.config_mut().max_frame_length(MESSAGE_BYTES_MAX);
            ready();
            while let Some(transport) = incoming.next().await {
                let calls = BaseChannel::with_defaults(transport?).execute(Here.serve());
                tokio::spawn(calls.for_each(async |call| {
                    tokio::spawn(call);
                }));
            }
            Ok(())
        })
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<BenchClient>(job)
    }
}

impl Caller for BenchClient {
    async fn connect(path: &Path) -> Result<Self> {
        let mut connecting = unix::connect(path, Bincode::default);
        connecting.config_mut().max_frame_length(MESSAGE_BYTES_MAX);
        Ok(Self::new(Config::default(), connecting.await?).spawn())
    }

    async fn add(&self, number: u64) -> Result<u64> {
        Ok(BenchClient::add(self, context::current(), number).await?)
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        let echoed = BenchClient::echo(self, context::current(), ByteBuf::from(bytes.to_vec())).await?;
        Ok(is_same(&echoed, bytes))
    }

    async fn items(&self, _count: u64) -> Result<u64> {
        bail!("tarpc has no streams")
    }
}
