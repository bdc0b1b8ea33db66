//! Numbers, from any width to the one that the schema says: never rounded to an integer, never wrapped.
use super::{Problem, Writer};
use crate::schema::{Type, form::Integer};
use std::fmt;

/// A number as the format has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Unsigned(u128),
    Signed(i128),
    Float(f64),
}

/// A number as it travels.
pub(super) enum Encoded {
    Byte(u8),
    Varint(u128),
    Single(f32),
    Double(f64),
}

impl Number {
    /// The number that a string has in digits, or by the name of one that is not finite.
    pub(super) fn parse(text: &str, word: &Type) -> Option<Number> {
        match (Integer::of(word), word) {
            // Whether it is in the range of the type is told later.
            (Some(_), _) => {
                let signed = text.parse().ok().map(Number::Signed);
                signed.or_else(|| text.parse().ok().map(Number::Unsigned))
            }
            (None, Type::F32 | Type::F64) => match text {
                "NaN" => Some(Number::Float(f64::NAN)),
                "Infinity" => Some(Number::Float(f64::INFINITY)),
                "-Infinity" => Some(Number::Float(f64::NEG_INFINITY)),
                // The parser takes more names than these, and makes an infinity of what is too large.
                digits => digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Number::Float),
            },
            _ => None,
        }
    }

    /// What travels; `None` if the type has no such value.
    pub(super) fn encode(self, word: &Type) -> Option<Encoded> {
        match (Integer::of(word), word) {
            (Some(form), _) => {
                let number = if form.signed { self.signed(form.bits)? } else { self.unsigned(form.bits)? };
                Some(number)
            }
            (None, Type::F32) => self.single().map(Encoded::Single),
            (None, Type::F64) => Some(Encoded::Double(self.double())),
            _ => None,
        }
    }

    /// What to say of a number that the type does not have.
    pub(super) fn hint(self, word: &Type) -> String {
        match (self, Integer::of(word)) {
            (Number::Float(number), Some(form)) if has_lost_digits(number, form) => {
                ": quote it, to keep all of its digits".to_owned()
            }
            (Number::Float(_), Some(_)) => String::new(),
            (_, Some(form)) => {
                let (min, max) = range(form);
                format!(" ({min} to {max})")
            }
            (_, None) if matches!(word, Type::F32 | Type::F64) => " (it is too large)".to_owned(),
            (_, None) => String::new(),
        }
    }

    fn unsigned(self, bits: u32) -> Option<Encoded> {
        let number = match self {
            Number::Unsigned(number) => number,
            Number::Signed(number) => number.try_into().ok()?,
            Number::Float(_) => return None,
        };
        match bits {
            8 => number.try_into().ok().map(Encoded::Byte),
            // A shift by all the bits is none for the processor.
            bits => (number.checked_shr(bits).unwrap_or(0) == 0).then_some(Encoded::Varint(number)),
        }
    }

    /// A sign travels as the lowest bit, so that small negative numbers are short.
    fn signed(self, bits: u32) -> Option<Encoded> {
        let number: i128 = match self {
            Number::Unsigned(number) => number.try_into().ok()?,
            Number::Signed(number) => number,
            Number::Float(_) => return None,
        };
        if bits == 8 {
            return i8::try_from(number).ok().map(|byte| Encoded::Byte(byte.cast_unsigned()));
        }
        let zigzag = (number << 1 ^ number >> 127).cast_unsigned();
        (zigzag.checked_shr(bits).unwrap_or(0) == 0).then_some(Encoded::Varint(zigzag))
    }

    fn double(self) -> f64 {
        match self {
            Number::Unsigned(number) => number as f64,
            Number::Signed(number) => number as f64,
            Number::Float(number) => number,
        }
    }

    /// `None` if it would become infinite.
    fn single(self) -> Option<f32> {
        let single = self.double() as f32;
        (single.is_finite() || !self.double().is_finite()).then_some(single)
    }
}

/// Whether the format made a float of an integer that is wider than its own.
fn has_lost_digits(number: f64, form: Integer) -> bool {
    // The largest integers become floats just above them.
    let (min, max) = if form.signed { (-2f64.powi(127), 2f64.powi(127)) } else { (0.0, 2f64.powi(128)) };
    form.bits == 128 && number.fract() == 0.0 && number.abs() >= 2f64.powi(63) && (min..=max).contains(&number)
}

/// The least and the largest.
fn range(form: Integer) -> (i128, u128) {
    if form.signed {
        let max = i128::MAX >> (128 - form.bits);
        (-max - 1, max.unsigned_abs())
    } else {
        (0, u128::MAX >> (128 - form.bits))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Unsigned(number) => number.fmt(f),
            Number::Signed(number) => number.fmt(f),
            // With its point, which is why it is no integer.
            Number::Float(number) => write!(f, "{number:?}"),
        }
    }
}

impl Writer<'_, '_> {
    pub(super) fn put_number(&mut self, number: Encoded) -> Result<(), Problem> {
        match number {
            Encoded::Byte(byte) => self.put(&[byte]),
            Encoded::Varint(number) => self.put_varint(number),
            Encoded::Single(number) => self.put(&number.to_le_bytes()),
            Encoded::Double(number) => self.put(&number.to_le_bytes()),
        }
    }
}
