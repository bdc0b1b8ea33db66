//! A service has one lifetime at most.
use rpc_core::Service;

#[derive(Service)]
enum Kv<'a, 'b> {
    #[rpc(returns = u64)]
    Get { key: &'a str, value: &'b str },
}

fn main() {}
