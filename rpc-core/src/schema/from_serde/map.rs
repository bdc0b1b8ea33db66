//! Maps: objects if the key has a text of its own, and pairs of any key.
use super::{
    Value, Writer,
    list::{Item, List},
    scalar::Scalar,
};
use crate::schema::{Body, Type, TypeId, path::Step};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use std::{collections::HashSet, fmt};

pub(super) fn read<'de, D: Deserializer<'de>>(
    writer: &mut Writer<'_, '_>,
    key: TypeId,
    value: TypeId,
    deserializer: D,
) -> Result<(), D::Error> {
    // An object is one level; pairs are two.
    let levels = if writer.forms.is_key(key) { 1 } else { 2 };
    writer.inside(levels, |writer| deserializer.deserialize_any(Map { writer, key, value }))
}

struct Map<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    key: TypeId,
    value: TypeId,
}

impl<'de> Visitor<'de> for Map<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.writer.forms.is_key(self.key) { "an object" } else { "an array of pairs" })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, pairs: A) -> Result<(), A::Error> {
        List { writer: self.writer, item: Item::Pair(self.key, self.value) }.visit_seq(pairs)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let ty = self.writer.types.unwrapped(self.key);
        let Some(ty) = ty.filter(|_| self.writer.forms.is_key(self.key)) else {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        };
        let Self { writer, value, .. } = self;
        let place = writer.put_length_later().map_err(A::Error::custom)?;
        let (mut length, mut seen) = (0, HashSet::new());
        loop {
            let begin = writer.out.len();
            let Some(text) = object.next_key_seed(Key { writer, ty })? else { break };
            // As they travel: `1` and `01` are one key.
            if !seen.insert(writer.out.get(begin..).unwrap_or_default().to_vec()) {
                return Err(A::Error::custom(format_args!("the key `{text}` is given twice")));
            }
            writer.step(Step::Key(text.into()), |writer| object.next_value_seed(Value { writer, id: value }))?;
            length += 1;
        }
        writer.put_length_at(place, length).map_err(A::Error::custom)
    }
}

/// Reads a key, and gives its text for messages.
struct Key<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    ty: &'a Type,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, '_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key of the map")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        let Self { writer, ty } = self;
        match ty {
            Type::Enum { name, variants, .. } => {
                let variant = writer.put_variant(name, variants, text).map_err(E::custom)?;
                debug_assert_eq!(variant.body, Body::Unit, "else it were no key");
            }
            _ => Scalar { writer, word: ty }.visit_str(text)?,
        }
        Ok(text.to_owned())
    }
    // JSON has strings for keys; other formats may have them as they are.
    fn visit_bool<E: Error>(self, key: bool) -> Result<String, E> {
        Scalar { writer: self.writer, word: self.ty }.visit_bool(key)?;
        Ok(key.to_string())
    }
    fn visit_i64<E: Error>(self, key: i64) -> Result<String, E> {
        Scalar { writer: self.writer, word: self.ty }.visit_i64(key)?;
        Ok(key.to_string())
    }
    fn visit_u64<E: Error>(self, key: u64) -> Result<String, E> {
        Scalar { writer: self.writer, word: self.ty }.visit_u64(key)?;
        Ok(key.to_string())
    }
}
