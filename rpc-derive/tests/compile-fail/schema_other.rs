//! An unknown variant cannot be skipped.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
#[serde(tag = "t")]
enum Kind {
    A,
    #[serde(other)]
    Unknown,
}

fn main() {}
