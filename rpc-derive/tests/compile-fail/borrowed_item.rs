//! Items own their data, as answers do. The handler gets no further errors.
use rpc_core::{Context, Service, Sink, Source, Stopped};
use std::borrow::Cow;

#[derive(Service)]
enum Kv<'a> {
    #[rpc(stream = &'a str)]
    List { prefix: &'a str },
    #[rpc(accepts = Cow<'a, str>, stream = Vec<&'a [u8]>, returns = u64)]
    Lookup,
}

struct Store;

#[allow(refining_impl_trait)]
impl KvHandler for Store {
    fn list(&self, _: &Context, prefix: &str, out: Sink<&str>) -> Result<(), Stopped> {
        let _ = (prefix, out);
        Ok(())
    }
    fn lookup(&self, _: &Context, input: Source<Cow<'_, str>>, out: Sink<Vec<&[u8]>>) -> Result<u64, Stopped> {
        let _ = (input, out);
        Ok(0)
    }
}

fn main() {
    let _ = Kv::serve(Store);
}
