//! Cap'n Proto RPC. A stream is an object of the client's, whose method the server calls for each item.
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::is_same;
use anyhow::Result;
use bench_capnp::bench;
use bytes::Bytes;
use capnp::Error;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use capnp_rpc::{RpcSystem, new_client};
use futures::io::{BufReader, BufWriter};
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{AbortHandle, LocalSet, spawn_local};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

capnp::generated_code!(mod bench_capnp);

struct Here;

impl bench::Server for Here {
    async fn add(self: Rc<Self>, params: bench::AddParams, mut results: bench::AddResults) -> Result<(), Error> {
        results.get().set_number(params.get()?.get_number() + 1);
        Ok(())
    }

    async fn echo(self: Rc<Self>, params: bench::EchoParams, mut results: bench::EchoResults) -> Result<(), Error> {
        results.get().set_bytes(params.get()?.get_bytes()?);
        Ok(())
    }

    async fn items(self: Rc<Self>, params: bench::ItemsParams, _: bench::ItemsResults) -> Result<(), Error> {
        let params = params.get()?;
        let receiver = params.get_receiver()?;
        for number in 0..params.get_count() {
            let mut request = receiver.push_request();
            let mut item = request.get().init_item();
            item.set_a(number);
            item.set_b(1);
            item.set_c(2);
            item.set_d(3);
            request.send().await?;
        }
        Ok(())
    }
}

/// Counts what comes.
struct Counter(Rc<Cell<u64>>);

impl bench::receiver::Server for Counter {
    async fn push(self: Rc<Self>, params: bench::receiver::PushParams) -> Result<(), Error> {
        params.get()?.get_item()?;
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

fn network(stream: UnixStream, side: Side) -> VatNetwork<BufReader<impl futures::AsyncRead + Unpin>> {
    let (input, output) = stream.into_split();
    VatNetwork::new(BufReader::new(input.compat()), BufWriter::new(output.compat_write()), side, Default::default())
}

/// Cap'n Proto as a rival.
pub(crate) struct Capnp;

impl Rival for Capnp {
    fn name(&self) -> &'static str {
        "capnp-rpc"
    }

    /// On one thread, whatever the runtime: its futures cannot be sent to another.
    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        flavor.runtime()?.block_on(LocalSet::new().run_until(async {
            let listener = UnixListener::bind(path)?;
            let bench: bench::Client = new_client(Here);
            ready();
            loop {
                let (stream, _) = listener.accept().await?;
                spawn_local(RpcSystem::new(Box::new(network(stream, Side::Server)), Some(bench.client.clone())));
            }
        }))
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<Client>(job)
    }
}

#[derive(Clone)]
struct Client {
    bench: bench::Client,
    _system: Rc<Running>,
}

/// What moves a connection's messages, until nobody wants it.
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Caller for Client {
    async fn connect(path: &Path) -> Result<Self> {
        let network = network(UnixStream::connect(path).await?, Side::Client);
        let mut system = RpcSystem::new(Box::new(network), None);
        let bench = system.bootstrap(Side::Server);
        Ok(Self { bench, _system: Rc::new(Running(spawn_local(system).abort_handle())) })
    }

    async fn add(&self, number: u64) -> Result<u64> {
        let mut request = self.bench.add_request();
        request.get().set_number(number);
        Ok(request.send().promise.await?.get()?.get_number())
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        let mut request = self.bench.echo_request();
        request.get().set_bytes(bytes);
        Ok(is_same(request.send().promise.await?.get()?.get_bytes()?, bytes))
    }

    async fn items(&self, count: u64) -> Result<u64> {
        let taken = Rc::new(Cell::new(0));
        let mut request = self.bench.items_request();
        request.get().set_count(count);
        request.get().set_receiver(new_client(Counter(taken.clone())));
        request.send().promise.await?;
        Ok(taken.get())
    }
}
