//! A hello service with ttrpc, its blocking half: that is the smaller one.
use generated::hello::{Greeting, Name};
use generated::hello_ttrpc::{Hello, HelloClient, create_hello};
use std::error::Error;
use std::sync::Arc;
use ttrpc::context::Context;
use ttrpc::{Client, Server, TtrpcContext};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/mod.rs"));
}

struct Here;

impl Hello for Here {
    fn greet(&self, _: &TtrpcContext, request: Name) -> ttrpc::Result<Greeting> {
        Ok(Greeting { greeting: format!("Hello, {}!", request.name), ..Default::default() })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", path] => serve(path),
        ["call", path, name] => call(path, name),
        _ => Err("usage: serve PATH | call PATH NAME".into()),
    }
}

fn serve(path: &str) -> Result<(), Box<dyn Error>> {
    let mut server = Server::new().bind(&format!("unix://{path}"))?.register_service(create_hello(Arc::new(Here)));
    server.start()?;
    println!("ready");
    loop {
        std::thread::park();
    }
}

fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let client = HelloClient::new(Client::connect(&format!("unix://{path}"))?);
    let request = Name { name: name.to_owned(), ..Default::default() };
    println!("{}", client.greet(Context::default(), &request)?.greeting);
    Ok(())
}
