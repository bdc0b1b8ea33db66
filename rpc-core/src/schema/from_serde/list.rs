//! Arrays: lists of any length, tuples of one.
use super::{Value, Writer, scalar::Scalar};
use crate::schema::{Type, TypeId, path::Step};
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// What a list holds.
#[derive(Clone, Copy)]
pub(super) enum Item {
    Value(TypeId),
    /// A byte, in a list that travels as a block.
    Byte,
    /// A key and its value, in a map that is written as pairs.
    Pair(TypeId, TypeId),
}

/// Reads a list, and puts its length before it.
pub(super) struct List<'w, 'a, 'o> {
    pub(super) writer: &'w mut Writer<'a, 'o>,
    pub(super) item: Item,
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.item, Item::Pair(..)) { "an array of pairs" } else { "an array" })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { writer, item } = self;
        let place = writer.put_length_later().map_err(A::Error::custom)?;
        let mut length = 0;
        while writer.step(Step::Index(length), |writer| list.next_element_seed(Element { writer, item }))?.is_some() {
            length += 1;
        }
        writer.put_length_at(place, length).map_err(A::Error::custom)
    }
}

struct Element<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    item: Item,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { writer, item } = self;
        match item {
            Item::Value(id) => super::read_value(writer, id, deserializer),
            Item::Byte => deserializer.deserialize_any(Scalar { writer, word: &Type::U8 }),
            Item::Pair(key, value) => deserializer.deserialize_any(Tuple { writer, items: Items::Each(&[key, value]) }),
        }
    }
}

/// What a tuple or an array holds.
#[derive(Clone, Copy)]
pub(super) enum Items<'t> {
    Each(&'t [TypeId]),
    Same(TypeId, usize),
}

impl Items<'_> {
    fn count(self) -> usize {
        match self {
            Items::Each(ids) => ids.len(),
            Items::Same(_, count) => count,
        }
    }

    fn at(self, index: usize) -> Option<TypeId> {
        match self {
            Items::Each(ids) => ids.get(index).copied(),
            Items::Same(id, count) => (index < count).then_some(id),
        }
    }
}

/// Reads as many elements as the schema says.
pub(super) struct Tuple<'w, 'a, 'o, 't> {
    pub(super) writer: &'w mut Writer<'a, 'o>,
    pub(super) items: Items<'t>,
}

impl<'de> Visitor<'de> for Tuple<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.items.count() {
            1 => f.write_str("an array of one element"),
            count => write!(f, "an array of {count} elements"),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { writer, items } = self;
        let mut index = 0;
        while let Some(id) = items.at(index) {
            let value = |writer: &mut Writer<'_, '_>| list.next_element_seed(Value { writer, id });
            if writer.step(Step::Index(index), value)?.is_none() {
                return Err(A::Error::invalid_length(index, &Self { writer, items }));
            }
            index += 1;
        }
        // What is too much is not decoded: it may be anything.
        match list.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom(format_args!("too many elements: {index} expected"))),
        }
    }
}
