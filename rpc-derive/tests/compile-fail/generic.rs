//! A service has no type parameters.
use rpc_core::Service;

#[derive(Service)]
enum Kv<T> {
    #[rpc(returns = u64)]
    Get { key: T },
}

fn main() {}
