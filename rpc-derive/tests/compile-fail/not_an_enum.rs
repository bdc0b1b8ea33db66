//! A service is an enum.
use rpc_core::Service;

#[derive(Service)]
struct Kv {
    key: String,
}

fn main() {}
