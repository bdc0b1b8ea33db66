//! A type without any derive, as an answer and as an argument.
use rpc_core::Service;

#[derive(Debug)]
struct Answer;
struct Argument;

#[derive(Service)]
enum Kv {
    #[rpc(returns = Answer)]
    Get { key: Argument },
}

fn main() {}
