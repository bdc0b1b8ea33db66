//! A handler's method that does not know of its items, and ones that answer as if there were none.
use rpc_core::{Context, Service, Sink, Source, Stopped};

#[derive(Service)]
enum Kv<'a> {
    #[rpc(stream = u64)]
    List { prefix: &'a str },
    #[rpc(stream = u64, returns = u64)]
    Scan,
    #[rpc(accepts = u64, returns = u64)]
    Load,
    #[rpc(accepts = u64, stream = String)]
    Lookup,
}

struct Store;

impl KvHandler for Store {
    fn list(&self, _: &Context, _: &str) -> Result<(), Stopped> {
        Ok(())
    }
    fn scan(&self, _: &Context, _: Sink<u64>) -> u64 {
        0
    }
    fn load(&self, _: &Context, _: Source<u64>) -> Result<(), Stopped> {
        Ok(())
    }
    fn lookup(&self, _: &Context, _: Sink<String>, _: Source<u64>) -> Result<(), Stopped> {
        Ok(())
    }
}

fn main() {}
