//! A hello service with postcard-rpc; over a Unix socket its user writes the transport.
#[path = "../../../src/rivals/postcard_rpc/wire.rs"]
mod wire;

use postcard_rpc::header::{VarHeader, VarSeqKind};
use postcard_rpc::host_client::HostClient;
use postcard_rpc::server::{Dispatch, Server};
use postcard_rpc::standard_icd::{ERROR_PATH, WireError};
use postcard_rpc::{TopicDirection, define_dispatch, endpoints, topics};
use std::error::Error;
use tokio::net::{UnixListener, UnixStream};
use wire::{Spawn, Tx};

const MESSAGE_BYTES_MAX: usize = 4096;

endpoints! {
    list = ENDPOINTS;
    | EndpointTy    | RequestTy | ResponseTy | Path    |
    | ----------    | --------- | ---------- | ----    |
    | GreetEndpoint | String    | String     | "greet" |
}

topics! {
    list = TOPICS_IN;
    direction = TopicDirection::ToServer;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

topics! {
    list = TOPICS_OUT;
    direction = TopicDirection::ToClient;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

pub struct Here;

// `spawn_fn` is looked for only where a handler is spawned.
define_dispatch! {
    app: Application;
    spawn_fn: none;
    tx_impl: Tx;
    spawn_impl: Spawn;
    context: Here;

    endpoints: {
        list: ENDPOINTS;

        | EndpointTy    | kind     | handler |
        | ----------    | ----     | ------- |
        | GreetEndpoint | blocking | greet   |
    };
    topics_in: {
        list: TOPICS_IN;

        | TopicTy | kind | handler |
        | ------- | ---- | ------- |
    };
    topics_out: {
        list: TOPICS_OUT;
    };
}

fn greet(_: &mut Here, _: VarHeader, name: String) -> String {
    format!("Hello, {name}!")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", path] => serve(path).await,
        ["call", path, name] => call(path, name).await,
        _ => Err("usage: serve PATH | call PATH NAME".into()),
    }
}

async fn serve(path: &str) -> Result<(), Box<dyn Error>> {
    let listener = UnixListener::bind(path)?;
    println!("ready");
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let (rx, tx) = wire::server(stream);
            let application = Application::new(Here, Spawn);
            let key_bytes = application.min_key_len();
            Server::new(tx, rx, vec![0; MESSAGE_BYTES_MAX], application, key_bytes).run().await;
        });
    }
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let (rx, tx) = wire::client(UnixStream::connect(path).await?);
    let client = HostClient::<WireError>::new_with_wire(tx, rx, Spawn, VarSeqKind::Seq2, ERROR_PATH, 1);
    let greeting = client.send_resp::<GreetEndpoint>(&name.to_owned()).await.map_err(|error| format!("{error:?}"))?;
    println!("{greeting}");
    Ok(())
}
