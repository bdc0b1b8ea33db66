//! A type that does not answer the service's requests, and a handler that is not wrapped.
use rpc_core::{Connection, Context, Service};

#[derive(Service)]
enum Kv {
    #[rpc(returns = u64)]
    Get,
}

struct Mine;
struct Store;

impl KvHandler for Store {
    fn get(&self, _: &Context) -> u64 {
        1
    }
}

fn main() {
    let _ = Kv::serve(Mine);
    let _ = Connection::local(Store);
}
