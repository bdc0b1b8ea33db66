//! A hello service with zlink.
use serde::{Deserialize, Serialize};
use std::error::Error;
use zlink::tokio::unix;
use zlink::{ReplyError, Server, introspect, proxy, service};

#[derive(Debug, Serialize, Deserialize, introspect::Type)]
struct Greeting {
    greeting: String,
}

#[derive(Debug, ReplyError, introspect::ReplyError)]
#[zlink(interface = "org.example.Hello")]
enum HelloError {
    Never,
}

#[proxy("org.example.Hello")]
trait Hello {
    async fn greet(&mut self, name: &str) -> zlink::Result<Result<Greeting, HelloError>>;
}

struct Here;

#[service(interface = "org.example.Hello")]
impl Here {
    async fn greet(&mut self, name: String) -> Greeting {
        Greeting { greeting: format!("Hello, {name}!") }
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
    let server = Server::new(unix::bind(path)?, Here);
    println!("ready");
    Ok(server.run().await?)
}

async fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    match unix::connect(path).await?.greet(name).await? {
        Ok(answer) => println!("{}", answer.greeting),
        Err(error) => return Err(format!("{error:?}").into()),
    }
    Ok(())
}
