//! Answers own their data.
use rpc_core::Service;
use std::borrow::Cow;

#[derive(Service)]
enum Kv<'a> {
    #[rpc(returns = Option<&'a str>)]
    Get { key: &'a str },
    #[rpc(returns = Cow<'a, str>)]
    Name,
}

fn main() {}
