//! Lists: the type of the element chooses how they travel, and `u8` chooses one block.
use super::{Ours, Own, Value};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{
    collections::{LinkedList, VecDeque},
    fmt,
    sync::Arc,
};

impl Value for u8 {
    fn wire_write_all<S: Serializer>(all: &[Self], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(all)
    }
    fn wire_read_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Self>, D::Error> {
        deserializer.deserialize_byte_buf(Block)
    }
}

/// Takes bytes in one block, and one by one from formats that have no blocks.
struct Block;

impl<'de> Visitor<'de> for Block {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Vec<u8>, A::Error> {
        let mut all = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            all.push(byte);
        }
        Ok(all)
    }
}

impl<T: Value> Value for Vec<T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write_all(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read_all(deserializer)
    }
}

impl<T: Value> Value for Box<[T]> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write_all(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read_all(deserializer).map(Vec::into_boxed_slice)
    }
}

impl<T: Value + Sync> Value for Arc<[T]> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write_all(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read_all(deserializer).map(Arc::from)
    }
}

impl<T: Value> Value for VecDeque<T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_slices() {
            (all, []) => T::wire_write_all(all, serializer),
            // It goes round the end of its buffer, and is no slice. The bytes are the same.
            _ => serializer.collect_seq(self.iter().map(Ours)),
        }
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read_all(deserializer).map(VecDeque::from)
    }
}

impl<T: Value> Value for LinkedList<T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Ours))
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(T::wire_read_all(deserializer)?.into_iter().collect())
    }
}

impl<T: Value> Value for [T; 0] {}

macro_rules! arrays {
    ($($length:literal)+) => {$(
        impl<T: Value> Value for [T; $length] {
            fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.each_ref().map(Ours).serialize(serializer)
            }
            fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(<[Own<T>; $length]>::deserialize(deserializer)?.map(|own| own.0))
            }
        }
    )+};
}
arrays!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
