//! Types without `Schema` as items, in both directions; as the same item of two methods.
use rpc_core::Service;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Key;
#[derive(Debug, Serialize, Deserialize)]
struct Entry;

#[derive(Service)]
enum Kv {
    #[rpc(accepts = Key, stream = Option<Entry>, returns = u64)]
    Lookup,
    #[rpc(stream = Entry)]
    List,
}

fn main() {}
