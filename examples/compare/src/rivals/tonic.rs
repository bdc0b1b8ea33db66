//! tonic: gRPC over a Unix socket.
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{MESSAGE_BYTES_MAX, is_same};
use anyhow::{Context, Result};
use bench_client::BenchClient;
use bench_server::{Bench, BenchServer};
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use std::path::Path;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

tonic::include_proto!("bench");

struct Here;

#[tonic::async_trait]
impl Bench for Here {
    type ItemsStream = BoxStream<'static, Result<Item, Status>>;

    async fn add(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
        Ok(Response::new(Number { number: request.into_inner().number + 1 }))
    }

    async fn echo(&self, request: Request<Blob>) -> Result<Response<Blob>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn items(&self, request: Request<Number>) -> Result<Response<Self::ItemsStream>, Status> {
        let items = (0..request.into_inner().number).map(|number| Ok(Item { a: number, b: 1, c: 2, d: 3 }));
        Ok(Response::new(Box::pin(stream::iter(items))))
    }
}

/// tonic as a rival.
pub(crate) struct Tonic;

impl Rival for Tonic {
    fn name(&self) -> &'static str {
        "tonic"
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        flavor.runtime()?.block_on(async {
            let incoming = UnixListenerStream::new(UnixListener::bind(path)?);
            ready();
            let bench = BenchServer::new(Here)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX);
            Ok(Server::builder().add_service(bench).serve_with_incoming(incoming).await?)
        })
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<BenchClient<Channel>>(job)
    }
}

impl Caller for BenchClient<Channel> {
    async fn connect(path: &Path) -> Result<Self> {
        let path = path.to_str().context("a path in UTF-8")?;
        let channel = Endpoint::from_shared(format!("unix://{path}"))?.connect().await?;
        Ok(Self::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(MESSAGE_BYTES_MAX))
    }

    async fn add(&self, number: u64) -> Result<u64> {
        Ok(BenchClient::add(&mut self.clone(), Number { number }).await?.into_inner().number)
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        let sent = Blob { bytes: bytes.clone() };
        let echoed = BenchClient::echo(&mut self.clone(), sent).await?.into_inner();
        Ok(is_same(&echoed.bytes, bytes))
    }

    async fn items(&self, count: u64) -> Result<u64> {
        let mut items = BenchClient::items(&mut self.clone(), Number { number: count }).await?.into_inner();
        let mut taken = 0;
        while items.message().await?.is_some() {
            taken += 1;
        }
        Ok(taken)
    }
}
