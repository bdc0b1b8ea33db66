//! Bytes to any serde format and back, guided by a schema: no type of the service is needed, and nothing is lost on the way.
//!
//! | type | in JSON, and so in any other format |
//! |---|---|
//! | integer up to 64 bits | a number; with `big_ints_as_strings` a string past 2^53 |
//! | integer of 128 bits | a string of digits |
//! | float | a number with the shortest digits of its own width, or `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | char, string | a string |
//! | bytes | base64 |
//! | file descriptor | `{"fd": place}`, its place in the message; it cannot be read |
//! | option | null or the value; `{"some": …}` around it where the inside can itself be null |
//! | list, set, array, tuple | an array, one element too |
//! | map | an object if its key is a string, char, bool, integer or enum of plain names; else `[[key, value], …]` |
//! | unit, unit struct | null |
//! | struct around one unnamed field | that field |
//! | struct with unnamed fields | an array |
//! | struct with named fields, arguments | an object, in order |
//! | enum | `"Name"` or `{"Name": …}` |
//!
//! What is read may say a little more: any number, true and false in a string; an array of numbers, `"hex:…"` or `"text:…"`
//! for bytes; pairs for any map; `{"Name": null}` for a plain name; a missing option is `None`; fields in any order.
//!
//! Neither direction panics, or grows without bounds, on any bytes, text or schema. Two things do not come back as
//! they were: which of the many bit patterns a NaN had; and an object with a key twice, which no map has, is refused.
use super::{
    Field, MethodSchema, ServiceSchema, TypeId, Types,
    from_serde::{Writer, read_fields, read_value},
    to_serde::Described,
};
use serde::Deserializer;

/// How many containers deep a value may be. A test holds that a debug build needs less than 2 MiB of stack for it.
pub(crate) const DEPTH_MAX: u32 = 128;

/// Why bytes or text are no value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
#[non_exhaustive]
pub struct ConvertError {
    /// Where in the value: `$.entry.key`, `$.list[3]`; `$` is the whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// How values are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Integers past 2^53 as strings, for readers that keep every number as a double.
    pub big_ints_as_strings: bool,
}

impl WriteOptions {
    /// With integers past 2^53 as strings, or not.
    pub fn big_ints_as_strings(mut self, quoted: bool) -> Self {
        self.big_ints_as_strings = quoted;
        self
    }
}

/// What is described: one value, or a list of named ones, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Root<'a> {
    Value(TypeId),
    Fields(&'a [Field]),
}

impl Types {
    /// `bytes`, which are a value of the type at `id`, as something that any serde format can write.
    ///
    /// ```
    /// use rpc_core::{Schema, schema::{Types, WriteOptions}};
    /// let mut types = Types::default();
    /// let id = <(Option<String>, u8)>::describe(&mut types);
    /// let value = types.to_serde(id, &[1, 2, b'h', b'i', 7], WriteOptions::default());
    /// assert_eq!(serde_json::to_string(&value).unwrap(), r#"["hi",7]"#);
    /// ```
    pub fn to_serde<'a>(&'a self, id: TypeId, bytes: &'a [u8], options: WriteOptions) -> Described<'a> {
        Described::new(self, Root::Value(id), bytes, options)
    }

    /// Reads a value of the type at `id` from any self-describing format, and appends its bytes to `out`.
    ///
    /// What follows the value is left to the format's own deserializer: call its `end`.
    ///
    /// ```
    /// use rpc_core::{Schema, schema::Types};
    /// let mut types = Types::default();
    /// let id = <(Option<String>, u8)>::describe(&mut types);
    /// let mut bytes = Vec::new();
    /// let mut json = serde_json::Deserializer::from_str(r#"["hi", 7]"#);
    /// types.from_serde(id, &mut json, &mut bytes)?;
    /// assert_eq!(bytes, [1, 2, b'h', b'i', 7]);
    ///
    /// let mut json = serde_json::Deserializer::from_str(r#"["hi", 700]"#);
    /// let error = types.from_serde(id, &mut json, &mut bytes).unwrap_err();
    /// assert_eq!(error.path, "$[1]");
    /// # Ok::<(), rpc_core::schema::ConvertError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConvertError`] when what is read is no such value, or is malformed. `out` is then as it was.
    pub fn from_serde<'de, D: Deserializer<'de>>(
        &self,
        id: TypeId,
        deserializer: D,
        out: &mut Vec<u8>,
    ) -> Result<(), ConvertError> {
        Writer::run(self, out, |writer| read_value(writer, id, deserializer))
    }
}

impl ServiceSchema {
    /// The arguments of a call, as something that any serde format can write: an object.
    pub fn arguments_to_serde<'a>(
        &'a self,
        method: &'a MethodSchema,
        bytes: &'a [u8],
        options: WriteOptions,
    ) -> Described<'a> {
        Described::new(&self.types, Root::Fields(&method.arguments), bytes, options)
    }

    /// Reads the arguments of a call from an object of any self-describing format, and appends their bytes to `out`.
    ///
    /// # Errors
    /// [`ConvertError`] when they do not fit the method, or are malformed. `out` is then as it was.
    pub fn arguments_from_serde<'de, D: Deserializer<'de>>(
        &self,
        method: &MethodSchema,
        deserializer: D,
        out: &mut Vec<u8>,
    ) -> Result<(), ConvertError> {
        Writer::run(&self.types, out, |writer| read_fields(writer, &method.arguments, deserializer))
    }
}
