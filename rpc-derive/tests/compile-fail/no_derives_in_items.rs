//! A type with no derive at all, as an item in both directions.
use rpc_core::Service;

struct Entry;

#[derive(Service)]
enum Kv {
    #[rpc(stream = Entry)]
    List,
    #[rpc(accepts = Entry)]
    Load,
}

fn main() {}
