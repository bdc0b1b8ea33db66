//! A field whose type has no schema.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Inner;

#[derive(Serialize, Deserialize, Schema)]
struct Outer {
    first: u8,
    inner: Inner,
}

fn main() {}
