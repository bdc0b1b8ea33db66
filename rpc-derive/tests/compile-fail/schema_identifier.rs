//! Identifier enums read names.
use rpc_core::Schema;
use serde::Deserialize;

#[derive(Deserialize, Schema)]
#[serde(field_identifier)]
enum Name {
    Key,
}

#[derive(Deserialize, Schema)]
#[serde(variant_identifier)]
enum Which {
    Get,
}

fn main() {}
