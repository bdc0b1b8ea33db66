//! A transparent struct is its one field: serde says so, and nothing is said twice.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
#[serde(transparent)]
struct Pair(u8, u8);

fn main() {}
