//! Answers and items on their way to stdout: read by the schema, to their end, before the first byte is written.
use crate::args::{BigInts, Format};
use crate::failure::Failure;
use crate::limited::Limited;
use crate::method::Method;
use crate::output;
use crate::style::Style;
use rpc_core::Error;
use rpc_core::schema::{Described, TypeId, WriteOptions};
use serde::Serialize;
use serde_json::value::RawValue;
use std::io;

/// More JSON of an error is not told: a small message may have any amount of it.
const ERROR_BYTES_MAX: usize = 4 << 20;

/// How what a method sends is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer<'a> {
    pub(crate) method: Method<'a>,
    pub(crate) format: Option<Format>,
    pub(crate) big_ints: BigInts,
    pub(crate) style: Style,
}

impl<'a> Printer<'a> {
    /// Writes an answer, or fails with it: the `Err` of a method that answers a `Result` is no result.
    pub(crate) fn answer(&self, encoded: &[u8]) -> Result<(), Failure> {
        output::answer(&self.read_answer(encoded)?, encoded, self.format, self.style)
    }

    /// Writes an item, whose type is at `id`.
    pub(crate) fn item(&self, id: TypeId, encoded: &[u8]) -> Result<(), Failure> {
        output::answer(&self.read(id, encoded)?, encoded, self.format, self.style)
    }

    /// Writes items as one list.
    pub(crate) fn list(&self, id: TypeId, items: &[Vec<u8>]) -> Result<(), Failure> {
        let values: Vec<Described<'_>> = items.iter().map(|item| self.described(id, item)).collect();
        output::list(&values, items, self.format, self.style)
    }

    /// An answer, or what of it is the `Ok` of a `Result`.
    pub(crate) fn read_answer<'b>(&self, encoded: &'b [u8]) -> Result<Described<'b>, Failure>
    where
        'a: 'b,
    {
        let answer = self.read(self.method.schema.returns, encoded)?;
        match answer.as_result() {
            None => Ok(answer),
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(Failure::Answered {
                method: self.method.full_name(),
                error_type: error.type_name(),
                value: raw(&error).map_err(|error| self.bad_reply(&error))?,
                meaning: error.variant().map(|variant| variant.doc.clone()).unwrap_or_default(),
            }),
        }
    }

    /// A value of the type at `id`, which can be read to its end.
    pub(crate) fn read<'b>(&self, id: TypeId, encoded: &'b [u8]) -> Result<Described<'b>, Failure>
    where
        'a: 'b,
    {
        let value = self.described(id, encoded);
        // A dry run: half a value on stdout could be taken for a whole one.
        serde_json::to_writer(io::sink(), &value).map_err(|error| self.bad_reply(&error))?;
        Ok(value)
    }

    fn described<'b>(&self, id: TypeId, encoded: &'b [u8]) -> Described<'b>
    where
        'a: 'b,
    {
        let options = WriteOptions::default().big_ints_as_strings(self.big_ints == BigInts::String);
        self.method.service.types.to_serde(id, encoded, options)
    }

    fn bad_reply(&self, error: &serde_json::Error) -> Failure {
        Error::BadReply { method: self.method.full_name(), problem: error.to_string() }.into()
    }
}

/// A value as JSON in one line; none if that is too long.
fn raw(value: &impl Serialize) -> serde_json::Result<Option<Box<RawValue>>> {
    let mut json = Limited::new(ERROR_BYTES_MAX);
    match serde_json::to_writer(&mut json, value) {
        Err(error) if error.is_io() => Ok(None),
        written => {
            written.and_then(|()| RawValue::from_string(json.into_text().map_err(serde_json::Error::io)?)).map(Some)
        }
    }
}
