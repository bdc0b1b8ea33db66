//! What a message cannot lend.
use rpc_core::Service;

#[derive(Service)]
enum Kv<'a> {
    #[rpc(returns = u64)]
    Get { key: &'static str, numbers: &'a [u64], text: &'a String, list: &'a Vec<u8>, changed: &'a mut str },
}

fn main() {}
