//! The only field of a newtype struct cannot be skipped.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
struct Cached(#[serde(skip)] u8);

fn main() {}
