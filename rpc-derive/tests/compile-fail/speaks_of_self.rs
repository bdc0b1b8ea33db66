//! `Self` would be another type in each generated item.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(returns = Option<Self>)]
    Get { first: Box<Self> },
    #[rpc(accepts = Self, stream = Vec<Self>)]
    Lookup,
}

fn main() {}
