//! A handler that answers another type.
use rpc_core::{Context, Service};

#[derive(Service)]
enum Kv {
    #[rpc(returns = Option<String>)]
    Get,
}

struct Store;

impl KvHandler for Store {
    fn get(&self, _: &Context) -> Result<String, ()> {
        Err(())
    }
}

fn main() {}
