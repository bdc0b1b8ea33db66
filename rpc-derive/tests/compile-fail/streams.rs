//! Streams are not part of this version; nothing follows from having asked for them.
use rpc_core::{Context, Service};

#[derive(Service)]
enum Kv<'a> {
    #[rpc(stream = String, returns = u64)]
    List { prefix: &'a str },
    #[rpc(accepts = Vec<u8>, returns = u64)]
    Load,
    #[rpc(returns = u64)]
    Count,
}

struct Store;

impl KvHandler for Store {
    fn list(&self, _: &Context, prefix: &str) -> impl Sized {
        prefix.len()
    }
    fn load(&self, _: &Context) -> impl Sized {}
    fn count(&self, _: &Context) -> u64 {
        0
    }
}

fn main() -> Result<(), rpc_core::Error> {
    let _ = Kv::serve(Store);
    let _: u64 = Kv::connect("kv")?.count()?;
    Ok(())
}
