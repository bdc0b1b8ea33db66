//! A union cannot travel.
use rpc_core::Schema;

#[derive(Schema)]
union Either {
    a: u8,
    b: u16,
}

fn main() {}
