//! Variants are told apart by their number alone.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
#[serde(untagged)]
enum Untagged {
    A(u8),
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(tag = "t", content = "c")]
enum Tagged {
    A(u8),
}

#[derive(Serialize, Deserialize, Schema)]
enum OneUntagged {
    A(u8),
    #[serde(untagged)]
    B(u8),
}

fn main() {}
