//! A field that is sometimes not there would be misread.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    key: Option<String>,
    value: u8,
}

fn main() {
    let _ = <Entry as Schema>::describe;
}
