//! A schema cannot see what a function writes.
use rpc_core::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod text {
    pub fn serialize<S: super::Serializer>(_: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("1")
    }
    pub fn deserialize<'de, D: super::Deserializer<'de>>(_: D) -> Result<u8, D::Error> {
        Ok(1)
    }
}

#[derive(Serialize, Deserialize, Schema)]
struct Entry {
    #[serde(with = "text")]
    both: u8,
    #[serde(serialize_with = "text::serialize", deserialize_with = "text::deserialize")]
    each: u8,
}

fn main() {}
