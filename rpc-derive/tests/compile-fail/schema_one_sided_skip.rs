//! What only one side writes or reads.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
struct Entry {
    #[serde(skip_serializing)]
    a: u8,
    #[serde(skip_deserializing)]
    b: u8,
}

#[derive(Serialize, Deserialize, Schema)]
enum Kind {
    A,
    #[serde(skip_serializing)]
    B,
}

fn main() {}
