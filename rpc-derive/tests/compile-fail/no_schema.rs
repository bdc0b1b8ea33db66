//! A type without `Schema`, as a part of an answer and as an argument.
use rpc_core::Service;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Answer;
#[derive(Debug, Serialize, Deserialize)]
struct Argument;

#[derive(Service)]
enum Kv {
    #[rpc(returns = Option<Answer>)]
    Get { first: u8, second: Argument },
}

fn main() {}
