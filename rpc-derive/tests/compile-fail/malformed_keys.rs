//! Keys without their value, with one too many, said twice; no keys at all.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(returns)]
    Get,
    #[rpc(returns = u64, idempotent = true)]
    Count,
    #[rpc(returns = u64, returns = u32)]
    Twice,
    #[rpc]
    Nothing,
}

fn main() {}
