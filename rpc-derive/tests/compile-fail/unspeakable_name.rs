//! A method that Rust cannot write, not even as a raw identifier.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(returns = u64)]
    Crate,
}

fn main() {}
