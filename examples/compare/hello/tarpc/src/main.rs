//! A hello service with tarpc.
use futures::StreamExt;
use std::error::Error;
use tarpc::client::Config;
use tarpc::context::{self, Context};
use tarpc::serde_transport::unix;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;

#[tarpc::service]
trait Hello {
    async fn greet(name: String) -> String;
}

#[derive(Clone)]
struct Here;

impl Hello for Here {
    async fn greet(self, _: Context, name: String) -> String {
        format!("Hello, {name}!")
    }
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
    let mut incoming = unix::listen(path, Bincode::default).await?;
    println!("ready");
    while let Some(transport) = incoming.next().await {
        let calls = BaseChannel::with_defaults(transport?).execute(Here.serve());
        tokio::spawn(calls.for_each(async |call| {
            tokio::spawn(call);
        }));
    }
    Ok(())
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let transport = unix::connect(path, Bincode::default).await?;
    let client = HelloClient::new(Config::default(), transport).spawn();
    println!("{}", client.greet(context::current(), name.to_owned()).await?);
    Ok(())
}
