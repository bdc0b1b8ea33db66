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
    #[rpc(stream, accepts = )]
    Items,
    #[rpc(stream = u64, stream = u32, accepts = u64)]
    TwiceStreamed,
    #[rpc]
    Nothing,
}

fn main() {}
