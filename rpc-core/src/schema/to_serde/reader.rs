//! The bytes being described, and what keeps them from describing too much.
use crate::schema::{
    Type, TypeId, Types, WriteOptions,
    convert::DEPTH_MAX,
    form::{Forms, Integer},
    path::{Path, Step},
};
use serde::ser::Error;
use std::{
    cell::{Cell, RefCell},
    fmt::Display,
};

/// A byte can name a variant or a field of fifty letters, with quotes and commas around it: as much text for each byte,
/// and no more. Text and bytes are in the message as they are, and are not counted.
const GROWTH_PER_BYTE: usize = 128;
/// As much text may come from values that take no bytes, whatever the length of the message.
const GROWTH_FREE: usize = 1 << 20;
/// What one value costs beside names: its signs, its comma, the time to look at it.
const VALUE_COST: usize = 8;

/// Reads values from bytes. All is in cells, because serde describes through shared references.
pub(super) struct Reader<'a> {
    pub(super) types: &'a Types,
    pub(super) options: WriteOptions,
    pub(super) forms: Forms<'a>,
    bytes: Cell<&'a [u8]>,
    growth_left: Cell<usize>,
    depth: Cell<u32>,
    path: RefCell<Path<'a>>,
}

/// An integer of any width.
pub(super) enum Number {
    Unsigned(u128),
    Signed(i128),
}

/// What is wrong with the bytes.
pub(super) type Problem = String;

impl<'a> Reader<'a> {
    pub(super) fn new(types: &'a Types, bytes: &'a [u8], options: WriteOptions) -> Self {
        let growth = bytes.len().saturating_mul(GROWTH_PER_BYTE).saturating_add(GROWTH_FREE);
        Self {
            types,
            options,
            forms: Forms::new(types),
            bytes: Cell::new(bytes),
            growth_left: Cell::new(growth),
            depth: Cell::new(0),
            path: RefCell::default(),
        }
    }

    /// The problem with its place, as an error of the format that we write.
    pub(super) fn fail<E: Error>(&self, problem: impl Display) -> E {
        E::custom(format_args!("{}: {problem}", self.path.borrow()))
    }

    pub(super) fn ty<E: Error>(&self, id: TypeId) -> Result<&'a Type, E> {
        self.types.get(id).ok_or_else(|| self.fail("the schema has no such type"))
    }

    pub(super) fn at_end<E: Error>(&self) -> Result<(), E> {
        match self.left() {
            0 => Ok(()),
            left => Err(self.fail(format_args!("{left} bytes are left over behind the value"))),
        }
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.get().len()
    }

    /// A length to announce to the format, which may allocate for it: not more than elements of a byte could be there.
    pub(super) fn announced(&self, length: u64) -> Option<usize> {
        usize::try_from(length).ok().filter(|length| *length <= self.left())
    }

    /// Pays for a value, and for a name written with it.
    pub(super) fn pay<E: Error>(&self, name: &str) -> Result<(), E> {
        self.spend(name).map_err(|problem| self.fail(problem))
    }

    pub(super) fn spend(&self, name: &str) -> Result<(), Problem> {
        let left = self.growth_left.get().checked_sub(name.len().saturating_add(VALUE_COST));
        self.growth_left.set(left.ok_or("the value is too large for the bytes it is made of")?);
        Ok(())
    }

    /// One container deeper. It stays so after an error, when nothing more is read.
    pub(super) fn inside<T, E: Error>(&self, levels: u32, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let depth = self.depth.get();
        if depth + levels >= DEPTH_MAX {
            return Err(self.fail(format_args!("the value is more than {DEPTH_MAX} levels deep")));
        }
        self.depth.set(depth + levels);
        let done = read()?;
        self.depth.set(depth);
        Ok(done)
    }

    /// A step further along the path. It stays there after an error, to tell where.
    pub(super) fn step<T, E>(&self, step: Step<'a>, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        let done = read()?;
        self.path.borrow_mut().pop();
        Ok(done)
    }

    pub(super) fn take(&self, count: usize) -> Result<&'a [u8], Problem> {
        let bytes = self.bytes.get();
        let Some((taken, rest)) = bytes.split_at_checked(count) else {
            return Err(format!("{count} bytes expected, {} are left", bytes.len()));
        };
        self.bytes.set(rest);
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&self) -> Result<[u8; N], Problem> {
        self.take(N)?.try_into().map_err(|_| "too few bytes".to_owned())
    }

    pub(super) fn byte(&self) -> Result<u8, Problem> {
        self.array().map(|[byte]| byte)
    }

    /// A number of at most `bits` bits in groups of seven, the lowest first; as lenient as postcard is about empty groups.
    pub(super) fn varint(&self, bits: u32) -> Result<u128, Problem> {
        let mut number = 0;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte()?;
            let group = u128::from(byte & 0x7f);
            if bits - shift < 7 && group >> (bits - shift) != 0 {
                break;
            }
            number |= group << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(format!("a number has more than {bits} bits"))
    }

    /// An integer. A single byte is as it is; a longer one is a varint, with its sign as the lowest bit.
    pub(super) fn integer(&self, form: Integer) -> Result<Number, Problem> {
        Ok(match form {
            Integer { bits: 8, signed: false } => Number::Unsigned(self.byte()?.into()),
            Integer { bits: 8, signed: true } => Number::Signed(self.byte()?.cast_signed().into()),
            Integer { bits, signed: false } => Number::Unsigned(self.varint(bits)?),
            Integer { bits, signed: true } => {
                let number = self.varint(bits)?;
                let half = (number >> 1).cast_signed();
                Number::Signed(if number & 1 == 0 { half } else { !half })
            }
        })
    }

    pub(super) fn length(&self) -> Result<u64, Problem> {
        self.varint(64)?.try_into().map_err(|_| "a length has more than 64 bits".to_owned())
    }

    pub(super) fn block(&self) -> Result<&'a [u8], Problem> {
        let length = self.length()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    pub(super) fn text(&self) -> Result<&'a str, Problem> {
        std::str::from_utf8(self.block()?).map_err(|error| format!("the text is no UTF-8: {error}"))
    }

    pub(super) fn character(&self) -> Result<char, Problem> {
        let text = self.text()?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err("a char is not one character".to_owned()),
        }
    }

    /// `what` is told by a byte that is 0 or 1.
    pub(super) fn flag(&self, what: &str) -> Result<bool, Problem> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{what} begins with {other}, not with 0 or 1")),
        }
    }
}
