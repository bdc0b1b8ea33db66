//! Keys that there are not, with what was meant; the next mistake behind one is found as well.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(return = std::collections::BTreeMap<u8, u8>, retries = 3)]
    Get,
    #[rpc(deadline = "1s", returns = u64)]
    Count,
    #[rpc(streams = u64)]
    List,
    #[rpc(accept = u64, returns = u64)]
    Load,
}

fn main() {}
