//! A service has a method. What it would generate is there all the same.
use rpc_core::Service;

#[derive(Service)]
enum Kv {}

fn main() {
    let _ = Kv::connect("kv");
}
