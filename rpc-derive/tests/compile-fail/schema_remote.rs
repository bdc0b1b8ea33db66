//! A stand-in for a type of another crate, and what reads it.
use rpc_core::Schema;
use serde::{Deserialize, Serialize};

mod other {
    pub struct Number(u8);
    impl Number {
        pub fn value(&self) -> &u8 {
            &self.0
        }
    }
    impl From<super::Number> for Number {
        fn from(number: super::Number) -> Self {
            Self(number.value)
        }
    }
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(remote = "other::Number")]
struct Number {
    #[serde(getter = "other::Number::value")]
    value: u8,
}

fn main() {}
