//! zbus: D-Bus, from peer to peer, so without a bus between.
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{Work, is_same};
use anyhow::{Result, bail};
use bytes::Bytes;
use serde_bytes::ByteBuf;
use std::path::Path;
use tokio::net::UnixStream;
use zbus::connection::Builder;
use zbus::proxy::CacheProperties;
use zbus::{Guid, interface, proxy};

const OBJECT: &str = "/org/example/Bench";

struct Here;

#[interface(name = "org.example.Bench")]
impl Here {
    fn add(&self, number: u64) -> u64 {
        number + 1
    }

    fn echo(&self, bytes: ByteBuf) -> ByteBuf {
        bytes
    }
}

#[proxy(interface = "org.example.Bench", default_service = "org.example.Bench", default_path = "/org/example/Bench")]
trait Bench {
    fn add(&self, number: u64) -> zbus::Result<u64>;
    fn echo(&self, bytes: &serde_bytes::Bytes) -> zbus::Result<ByteBuf>;
}

/// zbus as a rival.
pub(crate) struct Zbus;

impl Rival for Zbus {
    fn name(&self) -> &'static str {
        "zbus"
    }

    fn cannot(&self, work: Work) -> Option<&'static str> {
        (work == Work::Items).then_some("signals, no streams")
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        asynchronous::serve(path, flavor, serve)
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<BenchProxy<'static>>(job)
    }
}

async fn serve(stream: UnixStream) -> Result<()> {
    let builder = Builder::unix_stream(stream.into_std()?).server(Guid::generate()).p2p();
    let connection = builder.serve_at(OBJECT, Here).build().await?;
    connection.closed().await;
    Ok(())
}

impl Caller for BenchProxy<'static> {
    async fn connect(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path).await?.into_std()?;
        let connection = Builder::unix_stream(stream).p2p().build().await?;
        Ok(BenchProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?)
    }

    async fn add(&self, number: u64) -> Result<u64> {
        Ok(BenchProxy::add(self, number).await?)
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        let echoed = BenchProxy::echo(self, serde_bytes::Bytes::new(bytes)).await?;
        Ok(is_same(&echoed, bytes))
    }

    async fn items(&self, _count: u64) -> Result<u64> {
        bail!("D-Bus has no streams")
    }
}
