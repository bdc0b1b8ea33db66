//! Nothing comes back from a one-way method, and nobody learns that it failed.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(oneway, accepts = u64)]
    Load,
    #[rpc(oneway, returns = u64)]
    Count,
    #[rpc(oneway, stream = u64)]
    List,
    #[rpc(oneway, idempotent)]
    Touch,
}

fn main() {}
