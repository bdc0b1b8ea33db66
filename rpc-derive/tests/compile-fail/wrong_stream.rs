//! A mistake beside items: the handler and the callers know of them all the same.
use rpc_core::{Context, Service, Sink, Source, Stopped};

#[derive(Service)]
enum Kv {
    #[rpc(stream = String, of = 3)]
    List,
    #[rpc(accepts = String, stream = u64, returns = Option<u64>, timeout = "soon")]
    Lookup,
}

struct Store;

#[allow(refining_impl_trait)]
impl KvHandler for Store {
    fn list(&self, _: &Context, mut out: Sink<String>) -> Result<(), Stopped> {
        out.send(&"key".to_owned())
    }
    fn lookup(&self, _: &Context, input: Source<String>, out: Sink<u64>) -> Result<Option<u64>, Stopped> {
        drop((input, out));
        Ok(None)
    }
}

fn main() -> Result<(), rpc_core::Error> {
    let kv = Kv::connect("kv")?;
    for key in kv.list() {
        println!("{}", key?.len());
    }
    let (keys, mut found) = kv.lookup();
    keys.finish();
    let sum = found.items().sum::<Result<u64, _>>()?;
    println!("{sum} {:?}", found.finish()?);
    Ok(())
}
