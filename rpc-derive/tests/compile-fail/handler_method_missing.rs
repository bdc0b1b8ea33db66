//! A handler without one of the methods: the message points at the variant.
use rpc_core::{Context, Service};

#[derive(Service)]
enum Kv {
    #[rpc(returns = u64)]
    Get,
    #[rpc(returns = u64)]
    List,
}

struct Store;

impl KvHandler for Store {
    fn get(&self, _: &Context) -> u64 {
        1
    }
}

fn main() {}
