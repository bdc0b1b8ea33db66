//! A hello service with tonic.
use hello_client::HelloClient;
use hello_server::{Hello, HelloServer};
use std::error::Error;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

tonic::include_proto!("hello");

struct Here;

#[tonic::async_trait]
impl Hello for Here {
    async fn greet(&self, request: Request<Name>) -> Result<Response<Greeting>, Status> {
        let greeting = format!("Hello, {}!", request.into_inner().name);
        Ok(Response::new(Greeting { greeting }))
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
    let incoming = UnixListenerStream::new(UnixListener::bind(path)?);
    println!("ready");
    Ok(Server::builder().add_service(HelloServer::new(Here)).serve_with_incoming(incoming).await?)
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let mut client = HelloClient::connect(format!("unix://{path}")).await?;
    println!("{}", client.greet(Name { name: name.to_owned() }).await?.into_inner().greeting);
    Ok(())
}
