//! One name for both directions.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
#[serde(rename_all(serialize = "camelCase"))]
struct Entry {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    key: u8,
}

fn main() {}
