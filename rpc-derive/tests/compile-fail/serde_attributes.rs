//! Serde's attributes do nothing on a service: on the enum, a variant, a field.
use rpc_core::Service;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Service)]
#[serde(rename_all = "snake_case")]
enum Kv {
    #[serde(rename = "fetch")]
    #[rpc(returns = u64)]
    Get {
        #[serde(default)]
        key: String,
    },
}

fn main() {}
