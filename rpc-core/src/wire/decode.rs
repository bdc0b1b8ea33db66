//! Bytes to values, bounded: what a peer sends can neither exhaust the stack, nor memory, nor time.
//!
//! A frame limit alone bounds none of them: four bytes can claim millions of elements that take no bytes, and a few
//! kilobytes of nesting overflow a stack. So every value is decoded through [`Bounded`], which stands between a type's
//! `Deserialize` impl and postcard. It counts depth, charges containers against a budget of memory before they are
//! made, and never passes on a size hint for a map.
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;

/// How deep values may nest. A debug build takes some 10 KiB of stack a level, and threads may have 2 MiB.
const DEPTH_MAX: u32 = 128;

/// Elements that take no bytes on the wire, of which nothing else bounds the number, in one message.
const EMPTY_ELEMENTS_MAX: usize = 64 << 10;

/// What the standard maps and sets allocate with their first entry: a B-tree leaf has room for eleven.
const FIRST_ENTRY_COST: usize = 12;

/// A hash table is at most half empty after it has grown.
const ENTRY_COST: usize = 2;

/// What a decoded message may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecodeLimits {
    /// Bytes of memory, about, that containers may take together.
    pub(crate) memory_bytes_max: usize,
}

impl DecodeLimits {
    /// For messages in frames of at most `frame_bytes_max`: four times that, and a mebibyte for small frames.
    pub(crate) fn for_frames_of(frame_bytes_max: u32) -> Self {
        Self { memory_bytes_max: (frame_bytes_max as usize).saturating_mul(4).saturating_add(1 << 20) }
    }
}

/// Why bytes are not the value that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("it ends too early")]
    Ends,
    #[error("{0} bytes follow behind its end")]
    Trailing(usize),
    #[error("it nests deeper than {DEPTH_MAX} levels")]
    Depth,
    #[error("decoded, it would take more than {0} bytes of memory")]
    Memory(usize),
    #[error("it has more than {EMPTY_ELEMENTS_MAX} elements that take no bytes")]
    Empty,
    #[error("a text in it is not UTF-8")]
    Utf8,
    #[error("a number in it is out of range")]
    Number,
    #[error("it holds a value that its type does not have")]
    Value,
}

/// The value that all of `bytes` are.
///
/// # Errors
/// When they are not: see [`DecodeError`].
#[inline]
pub(crate) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8], limits: DecodeLimits) -> Result<T, DecodeError> {
    match decode_prefix(bytes, limits)? {
        (value, []) => Ok(value),
        (_, rest) => Err(DecodeError::Trailing(rest.len())),
    }
}

/// The value that `bytes` begin with, and what follows it.
#[inline]
pub(crate) fn decode_prefix<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    limits: DecodeLimits,
) -> Result<(T, &'de [u8]), DecodeError> {
    let budget = Budget::new(limits);
    let mut postcard = postcard::Deserializer::from_bytes(bytes);
    let decoded = T::deserialize(Bounded { inner: &mut postcard, budget: &budget });
    let why = |error| budget.exceeded.get().unwrap_or_else(|| reason(error));
    let value = decoded.map_err(why)?;
    Ok((value, postcard.finalize().map_err(why)?))
}

fn reason(error: postcard::Error) -> DecodeError {
    match error {
        postcard::Error::DeserializeUnexpectedEnd => DecodeError::Ends,
        postcard::Error::DeserializeBadUtf8 => DecodeError::Utf8,
        postcard::Error::DeserializeBadVarint => DecodeError::Number,
        _ => DecodeError::Value,
    }
}

/// What is left to spend. Behind `Cell`s, because serde hands deserializers on by value.
struct Budget {
    depth: Cell<u32>,
    memory: Cell<usize>,
    empty: Cell<usize>,
    memory_bytes_max: usize,
    /// Postcard's errors carry no text, so the reason waits here.
    exceeded: Cell<Option<DecodeError>>,
}

impl Budget {
    fn new(limits: DecodeLimits) -> Self {
        Self {
            depth: Cell::new(DEPTH_MAX),
            memory: Cell::new(limits.memory_bytes_max),
            empty: Cell::new(EMPTY_ELEMENTS_MAX),
            memory_bytes_max: limits.memory_bytes_max,
            exceeded: Cell::new(None),
        }
    }

    #[cold]
    fn refuse<E: de::Error>(&self, why: DecodeError) -> E {
        self.exceeded.set(Some(why));
        E::custom(why)
    }

    #[inline(always)]
    fn charge<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        match self.memory.get().checked_sub(bytes) {
            Some(left) => {
                self.memory.set(left);
                Ok(())
            }
            None => Err(self.refuse(DecodeError::Memory(self.memory_bytes_max))),
        }
    }

    /// One element of a list that claims more elements than there are bytes.
    fn charge_empty<E: de::Error>(&self) -> Result<(), E> {
        match self.empty.get().checked_sub(1) {
            Some(left) => {
                self.empty.set(left);
                Ok(())
            }
            None => Err(self.refuse(DecodeError::Empty)),
        }
    }

    #[inline(always)]
    fn enter<E: de::Error>(&self) -> Result<Level<'_>, E> {
        match self.depth.get().checked_sub(1) {
            Some(left) => {
                self.depth.set(left);
                Ok(Level(&self.depth))
            }
            None => Err(self.refuse(DecodeError::Depth)),
        }
    }
}

/// One level of nesting, while it lasts.
struct Level<'a>(&'a Cell<u32>);

impl Drop for Level<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Any of serde's parts, watched.
struct Bounded<'b, T> {
    inner: T,
    budget: &'b Budget,
}

impl<'b, T> Bounded<'b, T> {
    #[inline(always)]
    fn watch<U>(&self, inner: U) -> Bounded<'b, U> {
        Bounded { inner, budget: self.budget }
    }
}

/// Deserializer methods that hold no other values.
macro_rules! leaves {
    ($($method:ident)*) => {$(
        #[inline(always)]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

/// Deserializer methods that do: a level deeper, with a watched visitor.
macro_rules! containers {
    ($($method:ident($($name:ident: $ty:ty),*))*) => {$(
        #[inline(always)]
        fn $method<V: Visitor<'de>>(self, $($name: $ty,)* visitor: V) -> Result<V::Value, D::Error> {
            let _level = self.budget.enter::<D::Error>()?;
            let visitor = self.watch(visitor);
            self.inner.$method($($name,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    leaves! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier deserialize_ignored_any
    }

    containers! {
        deserialize_option()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visits {
    ($($method:ident: $ty:ty)*) => {$(
        #[inline(always)]
        fn $method<E: de::Error>(self, value: $ty) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Bounded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(f)
    }

    visits! {
        visit_bool: bool visit_i8: i8 visit_i16: i16 visit_i32: i32 visit_i64: i64 visit_i128: i128
        visit_u8: u8 visit_u16: u16 visit_u32: u32 visit_u64: u64 visit_u128: u128 visit_f32: f32 visit_f64: f64
        visit_char: char visit_str: &str visit_borrowed_str: &'de str visit_string: String
        visit_bytes: &[u8] visit_borrowed_bytes: &'de [u8] visit_byte_buf: Vec<u8>
    }

    #[inline(always)]
    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    #[inline(always)]
    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    #[inline(always)]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.watch(deserializer);
        self.inner.visit_some(deserializer)
    }

    #[inline(always)]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.watch(deserializer);
        self.inner.visit_newtype_struct(deserializer)
    }

    #[inline(always)]
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let access = Elements { access, budget: self.budget, charge: Charge::Unknown };
        self.inner.visit_seq(access)
    }

    #[inline(always)]
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let access = Entries { access, budget: self.budget, cost: FIRST_ENTRY_COST };
        self.inner.visit_map(access)
    }

    #[inline(always)]
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let access = self.watch(access);
        self.inner.visit_enum(access)
    }
}

/// How the elements of one list are paid for.
enum Charge {
    /// Before the first element.
    Unknown,
    /// All at once, at the first.
    Paid,
    /// One by one: the list claims more elements than there are bytes left, so most of them take none.
    Each,
}

struct Elements<'b, A> {
    access: A,
    budget: &'b Budget,
    charge: Charge,
}

impl<A> Elements<'_, A> {
    #[inline(always)]
    fn pay<'de, T>(&mut self) -> Result<(), A::Error>
    where
        A: SeqAccess<'de>,
    {
        if let Charge::Unknown = self.charge {
            let Some(count) = self.access.size_hint() else {
                self.charge = Charge::Each;
                return self.pay::<T>();
            };
            self.charge = Charge::Paid;
            return self.budget.charge(count.saturating_mul(size_of::<T>().max(1)));
        }
        if let Charge::Each = self.charge {
            self.budget.charge_empty()?;
            self.budget.charge(size_of::<T>().max(1))?;
        }
        Ok(())
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.pay::<T::Value>()?;
        self.access.next_element_seed(Bounded { inner: seed, budget: self.budget })
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        self.access.size_hint()
    }
}

/// Postcard hints the claimed length of a map, whatever bytes are left: so maps get no hint, and grow as entries come.
struct Entries<'b, A> {
    access: A,
    budget: &'b Budget,
    cost: usize,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, A> {
    type Error = A::Error;

    #[inline(always)]
    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let key = self.access.next_key_seed(Bounded { inner: seed, budget: self.budget })?;
        if key.is_some() {
            self.budget.charge(size_of::<T::Value>().saturating_mul(self.cost))?;
            if size_of::<T::Value>() == 0 {
                self.budget.charge_empty()?;
            }
        }
        Ok(key)
    }

    #[inline(always)]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.budget.charge(size_of::<T::Value>().saturating_mul(self.cost))?;
        self.cost = ENTRY_COST;
        self.access.next_value_seed(Bounded { inner: seed, budget: self.budget })
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, T> {
    type Value = T::Value;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        let deserializer = self.watch(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, 'b, A: EnumAccess<'de>> EnumAccess<'de> for Bounded<'b, A> {
    type Error = A::Error;
    type Variant = Bounded<'b, A::Variant>;

    #[inline(always)]
    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        let budget = self.budget;
        let (value, access) = self.inner.variant_seed(seed)?;
        Ok((value, Bounded { inner: access, budget }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    #[inline(always)]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline(always)]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        let seed = self.watch(seed);
        self.inner.newtype_variant_seed(seed)
    }

    #[inline(always)]
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.watch(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    #[inline(always)]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.watch(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod bombs;
