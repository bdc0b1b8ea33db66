//! `?` on `send` would lose the answer of a service that needed no further items.
use rpc_core::{Error, Service};

#[derive(Service)]
enum Kv {
    #[rpc(accepts = String, returns = u64)]
    Load,
    #[rpc(accepts = String, stream = u64)]
    Lookup,
}

fn load(kv: &KvClient) -> Result<u64, Error> {
    let mut load = kv.load();
    load.send(&"key".to_owned())?;
    load.finish()
}

fn lookup(kv: &KvClient) -> Result<(), Error> {
    let (mut keys, found) = kv.lookup();
    keys.send(&"key".to_owned())?;
    found.finish()
}

fn main() {}
