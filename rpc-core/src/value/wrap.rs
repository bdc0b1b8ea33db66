//! Types around another one: they pass its hooks through.
use super::{Ours, Own, Value};
use crate::schema::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, sync::Arc};

impl<T: Value> Value for Option<T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Ours).serialize(serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Own<T>>::deserialize(deserializer)?.map(|own| own.0))
    }
}

impl<T: Value, E: Value> Value for Result<T, E> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Ours).map_err(Ours).serialize(serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let own = Result::<Own<T>, Own<E>>::deserialize(deserializer)?;
        Ok(own.map(|own| own.0).map_err(|own| own.0))
    }
}

impl<T: Value> Value for Box<T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read(deserializer).map(Box::new)
    }
}

impl<T: Value + Sync> Value for Arc<T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read(deserializer).map(Arc::new)
    }
}

impl Value for Cow<'static, str> {}

impl<T: Value + Clone + Sync> Value for Cow<'static, [T]> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write_all(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read_all(deserializer).map(Cow::Owned)
    }
}

impl<T: Value + Clone + Sync> Value for Cow<'static, T> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::wire_write(self, serializer)
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read(deserializer).map(Cow::Owned)
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt)+))+) => {$(
        impl<$($name: Value),+> Value for ($($name,)+)
        where
            Self: Schema,
        {
            fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ($(Ours(&self.$index),)+).serialize(serializer)
            }
            fn wire_read<'de, De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
                let own = <($(Own<$name>,)+)>::deserialize(deserializer)?;
                Ok(($(own.$index.0,)+))
            }
        }
    )+};
}
tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15)
}
