//! A program that only calls the hello service: without the server, which it does not need.
use rpc_core::Service;
use std::error::Error;

/// Greets.
#[derive(Service)]
enum Hello<'a> {
    /// Greets somebody.
    #[rpc(returns = String)]
    Greet { name: &'a str },
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["call", path, name] => println!("{}", Hello::connect(path)?.greet(name)?),
        _ => return Err("usage: call PATH NAME".into()),
    }
    Ok(())
}
