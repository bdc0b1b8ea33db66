//! `flatten` needs names on the wire.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
struct Inner {
    key: String,
}

#[derive(Serialize, Deserialize, Schema)]
struct Outer {
    #[serde(flatten)]
    inner: Inner,
}

fn main() {}
