//! A hello service with remoc.
use remoc::prelude::*;
use remoc::rtc::CallError;
use remoc::{Cfg, Connect};
use std::error::Error;
use std::sync::Arc;
use tokio::net::{UnixListener, UnixStream};

#[rtc::remote]
pub trait Hello {
    async fn greet(&self, name: String) -> Result<String, CallError>;
}

struct Here;

impl Hello for Here {
    async fn greet(&self, name: String) -> Result<String, CallError> {
        Ok(format!("Hello, {name}!"))
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
    let listener = UnixListener::bind(path)?;
    println!("ready");
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let (input, output) = stream.into_split();
            let (server, client) = HelloServerShared::<_, remoc::codec::Default>::new(Arc::new(Here));
            if Connect::io(Cfg::default(), input, output).provide(client).await.is_ok() {
                let _ = server.serve().await;
            }
        });
    }
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let (input, output) = UnixStream::connect(path).await?.into_split();
    let client: HelloClient = Connect::io(Cfg::default(), input, output).consume().await?;
    println!("{}", client.greet(name.to_owned()).await?);
    Ok(())
}
