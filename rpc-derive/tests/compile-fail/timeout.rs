//! A time is a number and a unit, above zero.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(returns = u64, timeout = "30")]
    NoUnit,
    #[rpc(returns = u64, timeout = "0s")]
    Zero,
    #[rpc(returns = u64, timeout = 30)]
    NoText,
    #[rpc(returns = u64, timeout)]
    Nothing,
}

fn main() {}
