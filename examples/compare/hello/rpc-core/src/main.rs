//! A hello service with this framework.
use rpc_core::{Context, Server, Service};
use std::error::Error;

/// Greets.
#[derive(Service)]
enum Hello<'a> {
    /// Greets somebody.
    #[rpc(returns = String)]
    Greet { name: &'a str },
}

struct Here;

impl HelloHandler for Here {
    fn greet(&self, _cx: &Context, name: &str) -> String {
        format!("Hello, {name}!")
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
    let listening = Server::new(Hello::serve(Here)).listen(path)?;
    println!("ready");
    listening.run()?;
    Ok(())
}

fn call(path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    println!("{}", Hello::connect(path)?.greet(name)?);
    Ok(())
}
