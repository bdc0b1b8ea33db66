//! Any self-describing serde format to bytes. See [`convert`](super::convert) for the forms.
//!
//! What is read chooses its own form (`deserialize_any`), and the schema says whether that fits. Only options are asked for
//! as options, because formats differ in how they tell one.
mod choice;
mod fields;
mod list;
mod map;
mod number;
mod scalar;

use super::{
    Body, ConvertError, Type, TypeId, Types,
    convert::DEPTH_MAX,
    form::Forms,
    path::{Path, Step},
};
use list::{Item, Items, List, Tuple};
use serde::de::{DeserializeSeed, Deserializer, Error};
use std::fmt::Display;

pub(super) use fields::read_fields;

/// More bytes than any message has (a frame is 4 MiB unless someone asks for more). A few letters can stand for many
/// bytes: `{}` for a struct of options.
const BYTES_MAX: usize = 64 << 20;

/// The bytes being made.
pub(super) struct Writer<'a, 'o> {
    types: &'a Types,
    forms: Forms<'a>,
    out: &'o mut Vec<u8>,
    /// Where our bytes begin in `out`.
    start: usize,
    depth: u32,
    path: Path<'a>,
}

/// What is wrong with what is read.
type Problem = String;

impl<'a, 'o> Writer<'a, 'o> {
    /// Runs `read` on a new writer. When it fails, `out` is as it was, and the error has the place where it failed.
    pub(super) fn run<E: Display>(
        types: &'a Types,
        out: &'o mut Vec<u8>,
        read: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), ConvertError> {
        let start = out.len();
        let mut writer = Self { types, forms: Forms::new(types), out, start, depth: 0, path: Path::default() };
        read(&mut writer).map_err(|error| {
            writer.out.truncate(start);
            ConvertError { path: writer.path.to_string(), message: error.to_string() }
        })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        if self.out.len() - self.start > BYTES_MAX.saturating_sub(bytes.len()) {
            return Err(format!("the value takes more than {BYTES_MAX} bytes"));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Numbers travel in groups of seven bits, the lowest first.
    fn put_varint(&mut self, number: u128) -> Result<(), Problem> {
        let mut rest = number;
        while rest >= 0x80 {
            self.put(&[rest as u8 | 0x80])?;
            rest >>= 7;
        }
        self.put(&[rest as u8])
    }

    fn put_block(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.put_varint(bytes.len() as u128)?;
        self.put(bytes)
    }

    /// Leaves room for the length of a list that is about to be read; gives its place.
    fn put_length_later(&mut self) -> Result<usize, Problem> {
        self.put(&[0])?;
        Ok(self.out.len() - 1)
    }

    /// Writes the length where room was left for it. Lists are short mostly, so one byte of room is mostly enough.
    fn put_length_at(&mut self, place: usize, length: usize) -> Result<(), Problem> {
        let end = self.out.len();
        self.put_varint(length as u128)?;
        let varint = self.out.split_off(end);
        self.out.splice(place..=place, varint);
        Ok(())
    }

    /// Some containers deeper. It stays so after an error, when nothing more is read.
    fn inside<T, E: Error>(&mut self, levels: u32, read: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        if self.depth + levels >= DEPTH_MAX {
            return Err(E::custom(format_args!("the value is more than {DEPTH_MAX} levels deep")));
        }
        self.depth += levels;
        let done = read(self)?;
        self.depth -= levels;
        Ok(done)
    }

    /// A step further along the path. It stays there after an error, to tell where.
    fn step<T, E>(&mut self, step: Step<'a>, read: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.path.push(step);
        let done = read(self)?;
        self.path.pop();
        Ok(done)
    }
}

/// Reads a value of the type at `id`.
pub(super) fn read_value<'de, D: Deserializer<'de>>(
    writer: &mut Writer<'_, '_>,
    id: TypeId,
    deserializer: D,
) -> Result<(), D::Error> {
    let types = writer.types;
    let ty = types.get(id).ok_or_else(|| D::Error::custom("the schema has no such type"))?;
    match ty {
        Type::Option(inside) => choice::read_option(writer, *inside, deserializer),
        Type::Sequence(item) => {
            writer.inside(1, |writer| deserializer.deserialize_any(List { writer, item: Item::Value(*item) }))
        }
        Type::Array(item, length) => {
            let items = Items::Same(*item, *length as usize);
            writer.inside(1, |writer| deserializer.deserialize_any(Tuple { writer, items }))
        }
        Type::Tuple(ids) => {
            let items = Items::Each(ids);
            writer.inside(1, |writer| deserializer.deserialize_any(Tuple { writer, items }))
        }
        Type::Map(key, value) => map::read(writer, *key, *value, deserializer),
        Type::Struct { body, .. } => writer.inside(1, |writer| read_body(writer, body, deserializer)),
        Type::Enum { name, variants, .. } => deserializer.deserialize_any(choice::Choice { writer, name, variants }),
        word => deserializer.deserialize_any(scalar::Scalar { writer, word }),
    }
}

/// Reads the inside of a struct or a variant.
fn read_body<'a, 'de, D: Deserializer<'de>>(
    writer: &mut Writer<'a, '_>,
    body: &'a Body,
    deserializer: D,
) -> Result<(), D::Error> {
    match body {
        Body::Unit => deserializer.deserialize_any(scalar::Scalar { writer, word: &Type::Unit }),
        Body::Newtype(inside) => read_value(writer, *inside, deserializer),
        Body::Tuple(ids) => deserializer.deserialize_any(Tuple { writer, items: Items::Each(ids) }),
        Body::Fields(fields) => deserializer.deserialize_any(fields::Fields { writer, fields, what: "field" }),
    }
}

/// A value of the type at `id`, inside of another.
struct Value<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    id: TypeId,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        read_value(self.writer, self.id, deserializer)
    }
}
