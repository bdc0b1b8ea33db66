//! Options and enums.
use super::{Problem, Writer, fields::listed, read_body, read_value};
use crate::schema::{Body, TypeId, Variant, nearest, path::Step};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use std::fmt;

/// Reads an option: null, the value, or `{"some": value}` where the value can itself be null.
pub(super) fn read_option<'de, D: Deserializer<'de>>(
    writer: &mut Writer<'_, '_>,
    inside: TypeId,
    deserializer: D,
) -> Result<(), D::Error> {
    writer.inside(1, |writer| deserializer.deserialize_option(Optional { writer, inside }))
}

struct Optional<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    inside: TypeId,
}

impl<'de> Visitor<'de> for Optional<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or a value")
    }
    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.writer.put(&[0]).map_err(E::custom)
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { writer, inside } = self;
        writer.put(&[1]).map_err(D::Error::custom)?;
        if writer.forms.can_be_null(inside) {
            return deserializer.deserialize_any(Wrapped { writer, inside });
        }
        read_value(writer, inside, deserializer)
    }
}

struct Wrapped<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    inside: TypeId,
}

impl<'de> Visitor<'de> for Wrapped<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or {\"some\": value}, because the value can be null itself")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        match object.next_key::<String>()?.as_deref() {
            Some("some") => {}
            Some(other) => return Err(A::Error::invalid_value(Unexpected::Str(other), &self)),
            None => return Err(A::Error::invalid_length(0, &self)),
        }
        let Self { writer, inside } = self;
        let value = super::Value { writer, id: inside };
        object.next_value_seed(value)?;
        only(object, |more| format!("one entry expected, and no `{more}`"))
    }
}

/// An object with one entry has no other; `problem` is that of one with this name.
fn only<'de, A: MapAccess<'de>>(mut object: A, problem: impl Fn(&str) -> String) -> Result<(), A::Error> {
    match object.next_key::<String>()? {
        None => Ok(()),
        Some(more) => {
            object.next_value::<IgnoredAny>()?;
            Err(A::Error::custom(problem(&more)))
        }
    }
}

/// Reads an enum: the name of a variant, or an object of its name and what it holds.
pub(super) struct Choice<'w, 'a, 'o> {
    pub(super) writer: &'w mut Writer<'a, 'o>,
    pub(super) name: &'a str,
    pub(super) variants: &'a [Variant],
}

impl<'de> Visitor<'de> for Choice<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variants.iter().map(|variant| variant.name.as_str());
        write!(f, "a variant of {}:{}", self.name, listed(names))
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        let variant = self.writer.put_variant(self.name, self.variants, name).map_err(E::custom)?;
        if variant.body == Body::Unit {
            return Ok(());
        }
        Err(E::custom(format_args!("variant `{name}` of {} holds something: {{\"{name}\": …}}", self.name)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Some(name) = object.next_key::<String>()? else {
            return Err(A::Error::invalid_length(0, &self));
        };
        let Self { writer, name: of, variants } = self;
        let variant = writer.put_variant(of, variants, &name).map_err(A::Error::custom)?;
        writer.inside(variant.levels(), |writer| {
            writer.step(Step::Name(&variant.name), |writer| {
                object.next_value_seed(Inside { writer, body: &variant.body })
            })
        })?;
        only(object, |more| format!("{of} is one variant, and here are `{name}` and `{more}`"))
    }
}

impl Writer<'_, '_> {
    /// Writes which variant of the enum `of` it is.
    pub(super) fn put_variant<'v>(
        &mut self,
        of: &str,
        variants: &'v [Variant],
        name: &str,
    ) -> Result<&'v Variant, Problem> {
        let Some((index, variant)) = variants.iter().enumerate().find(|(_, variant)| variant.name == name) else {
            let names = || variants.iter().map(|variant| variant.name.as_str());
            return Err(match nearest(name, names()) {
                Some(meant) => format!("{of} has no variant `{name}` (did you mean `{meant}`?)"),
                None => format!("{of} has no variant `{name}`, but{}", listed(names())),
            });
        };
        self.put_varint(index as u128)?;
        Ok(variant)
    }
}

/// What a variant holds.
struct Inside<'w, 'a, 'o> {
    writer: &'w mut Writer<'a, 'o>,
    body: &'a Body,
}

impl<'de> DeserializeSeed<'de> for Inside<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        read_body(self.writer, self.body, deserializer)
    }
}
