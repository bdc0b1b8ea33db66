//! A method's number is its place.
use rpc_core::Service;

#[derive(Service)]
#[repr(u8)]
enum Kv {
    #[rpc(returns = u64)]
    Get = 7,
}

fn main() {}
