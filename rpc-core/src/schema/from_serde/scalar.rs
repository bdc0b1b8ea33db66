//! Values that are a single word: from whatever form the format has them in.
use super::{
    Writer,
    list::{Item, List},
    number::Number,
};
use crate::schema::{Type, base64, name::word_name};
use serde::de::{Error, Expected, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// Reads one word of the type.
pub(super) struct Scalar<'w, 'a, 'o, 't> {
    pub(super) writer: &'w mut Writer<'a, 'o>,
    pub(super) word: &'t Type,
}

impl<'de> Visitor<'de> for Scalar<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.word {
            Type::Unit => "null",
            Type::Bool => "true or false",
            Type::Char => "a string of one character",
            Type::String => "a string",
            Type::Fd => "a file descriptor, which only a program can pass",
            Type::Bytes => "bytes as base64, \"hex:…\", \"text:…\" or numbers",
            word => word_name(word),
        })
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.word {
            Type::Unit => Ok(()),
            _ => Err(E::invalid_type(Unexpected::Unit, &self)),
        }
    }
    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        match self.word {
            Type::Bool => self.writer.put(&[flag.into()]).map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Bool(flag), &self)),
        }
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_i128(number.into())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_u128(number.into())
    }
    fn visit_i128<E: Error>(self, number: i128) -> Result<(), E> {
        self.number(Number::Signed(number))
    }
    fn visit_u128<E: Error>(self, number: u128) -> Result<(), E> {
        self.number(Number::Unsigned(number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.number(Number::Float(number))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.word {
            Type::String => self.writer.put_block(text.as_bytes()).map_err(E::custom),
            Type::Char if is_one(text) => self.writer.put_block(text.as_bytes()).map_err(E::custom),
            Type::Bytes => match bytes(text) {
                Some(bytes) => self.writer.put_block(&bytes).map_err(E::custom),
                None => Err(self.wrong(format_args!("{text:?}"), "")),
            },
            Type::Bool if text == "true" => self.visit_bool(true),
            Type::Bool if text == "false" => self.visit_bool(false),
            Type::Unit => Err(E::invalid_type(Unexpected::Str(text), &self)),
            word => match Number::parse(text, word) {
                Some(number) => self.number(number),
                None => Err(self.wrong(format_args!("{text:?}"), number_hint(text, word))),
            },
        }
    }
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        match self.word {
            Type::Bytes => self.writer.put_block(bytes).map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Bytes(bytes), &self)),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, bytes: A) -> Result<(), A::Error> {
        match self.word {
            Type::Bytes => List { writer: self.writer, item: Item::Byte }.visit_seq(bytes),
            _ => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }
}

impl Scalar<'_, '_, '_, '_> {
    fn number<E: Error>(self, number: Number) -> Result<(), E> {
        match number.encode(self.word) {
            Some(encoded) => self.writer.put_number(encoded).map_err(E::custom),
            None => Err(self.wrong(number, &number.hint(self.word))),
        }
    }

    /// A text is what somebody typed, who need not know that it is one.
    fn wrong<E: Error>(&self, what: impl fmt::Display, hint: &str) -> E {
        let expected: &dyn Expected = self;
        E::custom(format_args!("invalid value: {what}, expected {expected}{hint}"))
    }
}

/// What to write for a number that other programs write so.
fn number_hint(text: &str, word: &Type) -> &'static str {
    let is_float = matches!(word, Type::F32 | Type::F64);
    match text.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str() {
        "inf" | "infinity" | "nan" if is_float => " (those without digits are Infinity, -Infinity and NaN)",
        digits if is_float && digits.parse::<f64>().is_ok() => " (it is too large)",
        _ => "",
    }
}

fn is_one(text: &str) -> bool {
    text.chars().count() == 1
}

/// The bytes that a text stands for. Base64 has no colon, so the forms are never confused.
fn bytes(text: &str) -> Option<Vec<u8>> {
    if let Some(text) = text.strip_prefix("text:") {
        return Some(text.as_bytes().to_vec());
    }
    let Some(digits) = text.strip_prefix("hex:") else { return base64::decode(text) };
    let pair = |pair: &[u8]| {
        let [high, low] = pair.try_into().ok()?;
        let digit = |sign: u8| char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        Some(digit(high)? << 4 | digit(low)?)
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}
