//! Arguments have names. A handler with as many parameters has no further errors.
use rpc_core::{Context, Service};

#[derive(Service)]
enum Kv<'a> {
    #[rpc(returns = u64)]
    Get(&'a str),
    #[rpc(returns = u64)]
    Set(&'a str, u64),
}

struct Store;

impl KvHandler for Store {
    fn get(&self, _: &Context, _: &str) -> u64 {
        1
    }
    fn set(&self, _: &Context, _: &str, value: u64) -> u64 {
        value
    }
}

fn main() {
    let _ = Kv::serve(Store);
}
