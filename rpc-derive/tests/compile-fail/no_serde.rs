//! A type with a schema that serde does not know.
use rpc_core::Schema;

#[derive(Schema)]
struct Entry {
    key: String,
}

fn main() {}
