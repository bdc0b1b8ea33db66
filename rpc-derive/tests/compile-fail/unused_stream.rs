//! What is dropped is cancelled, and what is not looked at is lost.
#![deny(unused_must_use)]
use rpc_core::{Context, Service, Sink, Source, Stopped};

#[derive(Service)]
enum Kv {
    #[rpc(stream = u64)]
    List,
    #[rpc(accepts = u64)]
    Load,
    #[rpc(accepts = u64, stream = u64)]
    Lookup,
}

struct Store;

impl KvHandler for Store {
    fn list(&self, _: &Context, mut out: Sink<u64>) -> Result<(), Stopped> {
        out.send(&1);
        Ok(())
    }
    fn load(&self, _: &Context, input: Source<u64>) -> Result<(), Stopped> {
        for number in input {
            number?;
        }
        Ok(())
    }
    fn lookup(&self, _: &Context, input: Source<u64>, mut out: Sink<u64>) -> Result<(), Stopped> {
        input.map(|number| out.send(&number?));
        Ok(())
    }
}

fn main() -> Result<(), rpc_core::Error> {
    let kv = Kv::connect("kv")?;
    kv.list();
    kv.load();
    kv.lookup();
    kv.list().finish();
    kv.load().send(&1);
    Ok(())
}
