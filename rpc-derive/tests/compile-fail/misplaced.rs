//! `#[rpc(..)]` stands on variants: neither on the enum nor on a field.
use rpc_core::Service;

#[derive(Service)]
#[rpc(returns = u64)]
enum Kv {
    #[rpc(returns = u64)]
    Get {
        #[rpc(blocking)]
        key: String,
    },
}

fn main() {}
