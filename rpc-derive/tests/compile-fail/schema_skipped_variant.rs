//! A skipped variant is followed by skipped ones alone.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
enum Kind {
    A,
    #[serde(skip)]
    B,
    C,
}

fn main() {}
