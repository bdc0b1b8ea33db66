//! A hello service with Cap'n Proto.
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use capnp_rpc::{RpcSystem, new_client};
use futures::io::{AsyncRead, BufReader, BufWriter};
use hello_capnp::hello;
use std::error::Error;
use std::rc::Rc;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{LocalSet, spawn_local};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

capnp::generated_code!(mod hello_capnp);

struct Here;

impl hello::Server for Here {
    async fn greet(
        self: Rc<Self>,
        params: hello::GreetParams,
        mut results: hello::GreetResults,
    ) -> Result<(), capnp::Error> {
        let name = params.get()?.get_name()?.to_str()?;
        results.get().set_greeting(format!("Hello, {name}!"));
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", path] => LocalSet::new().run_until(serve(path)).await,
        ["call", path, name] => LocalSet::new().run_until(call(path, name)).await,
        _ => Err("usage: serve PATH | call PATH NAME".into()),
    }
}

fn network(stream: UnixStream, side: Side) -> VatNetwork<BufReader<impl AsyncRead + Unpin>> {
    let (input, output) = stream.into_split();
    VatNetwork::new(BufReader::new(input.compat()), BufWriter::new(output.compat_write()), side, Default::default())
}

async fn serve(path: &str) -> Result<(), Box<dyn Error>> {
    let listener = UnixListener::bind(path)?;
    let hello: hello::Client = new_client(Here);
    println!("ready");
    loop {
        let (stream, _) = listener.accept().await?;
        spawn_local(RpcSystem::new(Box::new(network(stream, Side::Server)), Some(hello.client.clone())));
    }
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let network = network(UnixStream::connect(path).await?, Side::Client);
    let mut system = RpcSystem::new(Box::new(network), None);
    let hello: hello::Client = system.bootstrap(Side::Server);
    spawn_local(system);
    let mut request = hello.greet_request();
    request.get().set_name(name);
    println!("{}", request.send().promise.await?.get()?.get_greeting()?.to_str()?);
    Ok(())
}
