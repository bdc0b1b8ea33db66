//! Maps and sets: their keys, values and elements travel by their own hooks.
use super::{Ours, Own, Value};
use serde::{
    Deserializer, Serializer,
    de::{MapAccess, Visitor},
};
use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet},
    fmt,
    hash::{BuildHasher, Hash},
    marker::PhantomData,
};

macro_rules! sets {
    ($($ty:ident<T: $bound:ident $(+ $more:ident)? $(, $hasher:ident)?>),+) => {$(
        impl<T: Value + $bound $(+ $more)? $(, $hasher: BuildHasher + Default + Send + 'static)?> Value
            for $ty<T $(, $hasher)?>
        {
            fn wire_write<Out: Serializer>(&self, serializer: Out) -> Result<Out::Ok, Out::Error> {
                serializer.collect_seq(self.iter().map(Ours))
            }
            fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(T::wire_read_all(deserializer)?.into_iter().collect())
            }
        }
    )+};
}
sets!(HashSet<T: Eq + Hash, S>, BTreeSet<T: Ord>, BinaryHeap<T: Ord>);

impl<K: Value + Eq + Hash, V: Value, H: BuildHasher + Default + Send + 'static> Value for HashMap<K, V, H> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (Ours(key), Ours(value))))
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<K: Value + Ord, V: Value> Value for BTreeMap<K, V> {
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (Ours(key), Ours(value))))
    }
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// What a map can be filled with.
trait Fill: Default {
    type Key: Value;
    type Value: Value;
    /// Makes room for this many entries, where that saves time.
    fn prepare(&mut self, count: usize);
    fn put(&mut self, key: Self::Key, value: Self::Value);
}

impl<K: Value + Eq + Hash, V: Value, H: BuildHasher + Default> Fill for HashMap<K, V, H> {
    type Key = K;
    type Value = V;
    fn prepare(&mut self, count: usize) {
        self.reserve(count);
    }
    fn put(&mut self, key: K, value: V) {
        self.insert(key, value);
    }
}

impl<K: Value + Ord, V: Value> Fill for BTreeMap<K, V> {
    type Key = K;
    type Value = V;
    fn prepare(&mut self, _count: usize) {}
    fn put(&mut self, key: K, value: V) {
        self.insert(key, value);
    }
}

/// A claimed length is only a claim: no more than this is allocated before entries arrive, as serde does for lists.
const RESERVE_BYTES_MAX: usize = 4096;

struct Entries<M>(PhantomData<M>);

impl<'de, M: Fill> Visitor<'de> for Entries<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<M, A::Error> {
        let mut map = M::default();
        let fits = RESERVE_BYTES_MAX / size_of::<(M::Key, M::Value)>().max(1);
        map.prepare(entries.size_hint().unwrap_or(0).min(fits));
        while let Some((Own(key), Own(value))) = entries.next_entry()? {
            map.put(key, value);
        }
        Ok(map)
    }
}
