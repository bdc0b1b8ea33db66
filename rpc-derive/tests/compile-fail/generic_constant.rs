//! A service has no const parameters.
use rpc_core::Service;

#[derive(Service)]
enum Kv<const N: usize> {
    #[rpc(returns = u64)]
    Get { key: [u8; N] },
}

fn main() {}
