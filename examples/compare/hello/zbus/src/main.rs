//! A hello service with zbus, from peer to peer.
use std::error::Error;
use tokio::net::{UnixListener, UnixStream};
use zbus::connection::Builder;
use zbus::proxy::CacheProperties;
use zbus::{Guid, interface, proxy};

struct Here;

#[interface(name = "org.example.Hello")]
impl Here {
    fn greet(&self, name: &str) -> String {
        format!("Hello, {name}!")
    }
}

#[proxy(interface = "org.example.Hello", default_service = "org.example.Hello", default_path = "/org/example/Hello")]
trait Hello {
    fn greet(&self, name: &str) -> zbus::Result<String>;
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
        tokio::spawn(answer(stream));
    }
}

async fn answer(stream: UnixStream) -> zbus::Result<()> {
    let builder = Builder::unix_stream(stream.into_std()?).server(Guid::generate()).p2p();
    let connection = builder.serve_at("/org/example/Hello", Here).build().await?;
    connection.closed().await;
    Ok(())
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let stream = UnixStream::connect(path).await?.into_std()?;
    let connection = Builder::unix_stream(stream).p2p().build().await?;
    let hello = HelloProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
    println!("{}", hello.greet(name).await?);
    Ok(())
}
