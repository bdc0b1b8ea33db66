//! All mistakes of an enum in one build.
use rpc_core::Service;

#[derive(Service)]
enum Kv<'a> {
    Get { key: &'a str },
    #[rpc(returns = &'a str, timeout = "soon")]
    Name,
    #[rpc(oneway, returns = u64)]
    Touch(u64),
    #[rpc(returns = u64)]
    touch,
}

fn main() {}
