//! Each variant says how it talks. Until it does, a handler may answer anything, and a caller expect anything.
use rpc_core::{Context, Service};

#[derive(Service)]
enum Kv<'a> {
    Get { key: &'a str },
    #[rpc(idempotent)]
    Count,
    #[rpc(oneway)]
    Touch,
}

struct Store;

#[allow(refining_impl_trait)]
impl KvHandler for Store {
    fn get(&self, _: &Context, key: &str) -> Option<String> {
        Some(key.to_owned())
    }
    fn count(&self, _: &Context) -> u64 {
        0
    }
    fn touch(&self, _: &Context) {}
}

fn main() -> Result<(), rpc_core::Error> {
    let kv = Kv::connect("kv")?;
    let _: Option<String> = kv.get("key")?;
    kv.touch()
}
