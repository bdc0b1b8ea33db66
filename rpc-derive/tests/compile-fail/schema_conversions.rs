//! A schema cannot see what another type writes.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, Schema)]
#[serde(from = "u8", into = "u8")]
struct Number(u8);

impl From<u8> for Number {
    fn from(number: u8) -> Self {
        Self(number)
    }
}
impl From<Number> for u8 {
    fn from(number: Number) -> Self {
        number.0
    }
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(try_from = "u8")]
struct Checked(u8);

impl TryFrom<u8> for Checked {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        Ok(Self(number))
    }
}

fn main() {}
