//! Bytes to any serde format. See [`convert`](super::convert) for the forms.
mod key;
mod reader;

use super::{
    Body, Field, Type, TypeId, Types, Variant, WriteOptions, base64,
    convert::{DEPTH_MAX, Root},
    form::Integer,
    name::result_of,
    path::Step,
};
use reader::{Number, Reader};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt;

/// Bytes with their description: what a serde format writes as if it were the value.
///
/// Writing it fails, with the place in the message, when the bytes are no value of the type, or go on behind it.
#[derive(Clone, Copy)]
pub struct Described<'a> {
    types: &'a Types,
    root: Root<'a>,
    bytes: &'a [u8],
    options: WriteOptions,
}

impl<'a> Described<'a> {
    pub(super) fn new(types: &'a Types, root: Root<'a>, bytes: &'a [u8], options: WriteOptions) -> Self {
        Self { types, root, bytes, options }
    }

    /// The name of its type, as [`Types::name_of`] tells it.
    pub fn type_name(&self) -> String {
        match self.root {
            Root::Value(id) => self.types.name_of(id),
            Root::Fields(_) => "arguments".to_owned(),
        }
    }

    /// Whether its type is `()`, which says nothing.
    ///
    /// ```
    /// use rpc_core::{Schema, schema::{Types, WriteOptions}};
    /// let mut types = Types::default();
    /// let id = <Result<(), String>>::describe(&mut types);
    /// let answer = types.to_serde(id, &[0], WriteOptions::default());
    /// assert!(!answer.is_unit() && answer.as_result().unwrap().unwrap().is_unit());
    /// ```
    pub fn is_unit(&self) -> bool {
        matches!(self.root, Root::Value(id) if self.types.get(id) == Some(&Type::Unit))
    }

    /// What is inside, if the type is the standard library's `Result`: a service's own failure told apart from its answer.
    /// `None` for other types, and for bytes that are neither `Ok` nor `Err`.
    ///
    /// ```
    /// use rpc_core::{Schema, schema::{Types, WriteOptions}};
    /// let mut types = Types::default();
    /// let id = <Result<u8, String>>::describe(&mut types);
    /// let answer = types.to_serde(id, &[1, 2, b'n', b'o'], WriteOptions::default());
    /// let error = answer.as_result().unwrap().unwrap_err();
    /// assert_eq!((error.type_name().as_str(), serde_json::to_string(&error).unwrap().as_str()), ("String", r#""no""#));
    /// assert!(error.as_result().is_none());
    /// ```
    pub fn as_result(&self) -> Option<Result<Self, Self>> {
        let Root::Value(id) = self.root else { return None };
        let Some(Type::Enum { name, variants, .. }) = self.types.get(id) else { return None };
        let [value, error] = result_of(name, variants)?;
        let reader = Reader::new(self.types, self.bytes, self.options);
        let index = reader.varint(32).ok()?;
        let bytes = self.bytes.get(self.bytes.len() - reader.left()..)?;
        let inside = |id| Self { root: Root::Value(id), bytes, ..*self };
        match index {
            0 => Some(Ok(inside(value))),
            1 => Some(Err(inside(error))),
            _ => None,
        }
    }
}

impl<'a> Described<'a> {
    /// Which variant it is, if its type is an enum of the service (its docs say what it means). `None` for other types, and
    /// for bytes that are none of the variants.
    pub fn variant(&self) -> Option<&'a Variant> {
        let Root::Value(id) = self.root else { return None };
        let Type::Enum { variants, .. } = self.types.unwrapped(id)? else { return None };
        variant(&Reader::new(self.types, self.bytes, self.options), variants).ok()
    }
}

/// A text or bytes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain<'a> {
    /// `None`, where there could be one of the others.
    Nothing,
    /// A string or a char.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> Described<'a> {
    /// The text or the bytes that it is, within options and structs around one unnamed field: what can be shown without
    /// quotes. `None` for other types, and for bytes that are no value of the type.
    ///
    /// ```
    /// use rpc_core::{Schema, schema::{Plain, Types, WriteOptions}};
    /// let mut types = Types::default();
    /// let id = <Option<String>>::describe(&mut types);
    /// let plain = |bytes| types.to_serde(id, bytes, WriteOptions::default()).as_plain();
    /// assert_eq!(plain(&[1, 2, b'h', b'i']), Some(Plain::Text("hi")));
    /// assert_eq!(plain(&[0]), Some(Plain::Nothing));
    /// assert_eq!(plain(&[1, 7, b'h', b'i']), None);
    /// ```
    pub fn as_plain(&self) -> Option<Plain<'a>> {
        let Root::Value(mut id) = self.root else { return None };
        let reader = Reader::new(self.types, self.bytes, self.options);
        let mut is_some = true;
        // Not deeper than a value may be.
        for _ in 0..DEPTH_MAX {
            let plain = match self.types.get(id)? {
                Type::Option(inside) => {
                    is_some = is_some && reader.flag("an option").ok()?;
                    id = *inside;
                    continue;
                }
                Type::Struct { body: Body::Newtype(inside), .. } => {
                    id = *inside;
                    continue;
                }
                Type::String | Type::Char | Type::Bytes if !is_some => Plain::Nothing,
                Type::String | Type::Char => Plain::Text(reader.text().ok()?),
                Type::Bytes => Plain::Bytes(reader.block().ok()?),
                _ => return None,
            };
            return (reader.left() == 0).then_some(plain);
        }
        None
    }
}

impl fmt::Debug for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Described").field("root", &self.root).field("bytes", &self.bytes.len()).finish()
    }
}

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reader = Reader::new(self.types, self.bytes, self.options);
        let done = match self.root {
            Root::Value(id) => Node::value(&reader, id).serialize(serializer),
            Root::Fields(fields) => reader.inside(1, || write_fields(&reader, fields, serializer)),
        }?;
        reader.at_end()?;
        Ok(done)
    }
}

/// What is next in the bytes.
struct Node<'r, 'a> {
    reader: &'r Reader<'a>,
    part: Part<'a>,
}

enum Part<'a> {
    Value(TypeId),
    Body(&'a Body),
    /// A key and its value, as an array of two.
    Pair(TypeId, TypeId),
}

impl<'r, 'a> Node<'r, 'a> {
    fn value(reader: &'r Reader<'a>, id: TypeId) -> Self {
        Self { reader, part: Part::Value(id) }
    }
}

impl Serialize for Node<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reader = self.reader;
        match self.part {
            Part::Value(id) => {
                reader.pay("")?;
                write_value(reader, id, serializer)
            }
            Part::Body(body) => write_body(reader, body, serializer),
            Part::Pair(key, value) => write_elements(reader, &[key, value], serializer),
        }
    }
}

fn write_value<'a, S: Serializer>(reader: &Reader<'a>, id: TypeId, serializer: S) -> Result<S::Ok, S::Error> {
    match reader.ty(id)? {
        Type::Option(inside) => write_option(reader, *inside, serializer),
        Type::Sequence(item) => {
            let length = reader.length().map_err(|problem| reader.fail(problem))?;
            reader.inside(1, || write_list(reader, length, || Part::Value(*item), serializer))
        }
        Type::Array(item, length) => {
            reader.inside(1, || write_list(reader, u64::from(*length), || Part::Value(*item), serializer))
        }
        Type::Tuple(ids) => reader.inside(1, || write_elements(reader, ids, serializer)),
        Type::Map(key, value) => write_map(reader, *key, *value, serializer),
        Type::Struct { body, .. } => reader.inside(1, || write_body(reader, body, serializer)),
        Type::Enum { variants, .. } => write_enum(reader, variants, serializer),
        word => write_word(reader, word, serializer),
    }
}

fn write_word<S: Serializer>(reader: &Reader<'_>, word: &Type, serializer: S) -> Result<S::Ok, S::Error> {
    let fail = |problem| reader.fail(problem);
    if let Some(form) = Integer::of(word) {
        return write_integer(reader, form, serializer);
    }
    match word {
        Type::Bool => serializer.serialize_bool(reader.flag("a bool").map_err(fail)?),
        Type::F32 => match f32::from_le_bytes(reader.array().map_err(fail)?) {
            number if number.is_finite() => serializer.serialize_f32(number),
            number => serializer.serialize_str(not_finite(number.into())),
        },
        Type::F64 => match f64::from_le_bytes(reader.array().map_err(fail)?) {
            number if number.is_finite() => serializer.serialize_f64(number),
            number => serializer.serialize_str(not_finite(number)),
        },
        Type::Char => serializer.serialize_char(reader.character().map_err(fail)?),
        Type::String => serializer.serialize_str(reader.text().map_err(fail)?),
        Type::Bytes => serializer.serialize_str(&base64::encode(reader.block().map_err(fail)?)),
        Type::Fd => write_fd(reader, serializer),
        _ => serializer.serialize_unit(),
    }
}

/// Only its place is in the bytes. Who reads these alone learns that there was one.
fn write_fd<S: Serializer>(reader: &Reader<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let place = reader.integer(Integer { signed: false, bits: 32 }).map_err(|problem| reader.fail(problem))?;
    let mut object = serializer.serialize_map(Some(1))?;
    match place {
        Number::Unsigned(place) => object.serialize_entry("fd", &place)?,
        Number::Signed(place) => object.serialize_entry("fd", &place)?,
    }
    object.end()
}

fn write_integer<S: Serializer>(reader: &Reader<'_>, form: Integer, serializer: S) -> Result<S::Ok, S::Error> {
    // A double has 53 bits for the size of a number.
    let size_max = if reader.options.big_ints_as_strings { 1 << 53 } else { u64::MAX };
    let is_number = |size: u128| form.bits <= 64 && size <= size_max.into();
    match reader.integer(form).map_err(|problem| reader.fail(problem))? {
        Number::Unsigned(number) => match u64::try_from(number) {
            Ok(short) if is_number(number) => serializer.serialize_u64(short),
            _ => serializer.collect_str(&number),
        },
        Number::Signed(number) => match i64::try_from(number) {
            Ok(short) if is_number(number.unsigned_abs()) => serializer.serialize_i64(short),
            _ => serializer.collect_str(&number),
        },
    }
}

fn not_finite(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn write_option<S: Serializer>(reader: &Reader<'_>, inside: TypeId, serializer: S) -> Result<S::Ok, S::Error> {
    if !reader.flag("an option").map_err(|problem| reader.fail(problem))? {
        return serializer.serialize_none();
    }
    let value = Node::value(reader, inside);
    reader.inside(1, || {
        if !reader.forms.can_be_null(inside) {
            return serializer.serialize_some(&value);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("some", &value)?;
        map.end()
    })
}

fn write_list<'a, S: Serializer>(
    reader: &Reader<'a>,
    length: u64,
    part: impl Fn() -> Part<'a>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(reader.announced(length))?;
    for (index, _) in (0..length).enumerate() {
        reader.step(Step::Index(index), || list.serialize_element(&Node { reader, part: part() }))?;
    }
    list.end()
}

fn write_elements<S: Serializer>(reader: &Reader<'_>, ids: &[TypeId], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(ids.len()))?;
    for (index, id) in ids.iter().enumerate() {
        reader.step(Step::Index(index), || list.serialize_element(&Node::value(reader, *id)))?;
    }
    list.end()
}

fn write_map<'a, S: Serializer>(
    reader: &Reader<'a>,
    key: TypeId,
    value: TypeId,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let length = reader.length().map_err(|problem| reader.fail(problem))?;
    if !reader.forms.is_key(key) {
        return reader.inside(2, || write_list(reader, length, || Part::Pair(key, value), serializer));
    }
    reader.inside(1, || {
        let mut map = serializer.serialize_map(reader.announced(length))?;
        for _ in 0..length {
            reader.pay("")?;
            let text = key::read(reader, key).map_err(|problem| reader.fail(problem))?;
            map.serialize_key(&*text)?;
            reader.step(Step::Key(text), || map.serialize_value(&Node::value(reader, value)))?;
        }
        map.end()
    })
}

fn write_body<'a, S: Serializer>(reader: &Reader<'a>, body: &'a Body, serializer: S) -> Result<S::Ok, S::Error> {
    match body {
        Body::Unit => serializer.serialize_unit(),
        Body::Newtype(inside) => Node::value(reader, *inside).serialize(serializer),
        Body::Tuple(ids) => write_elements(reader, ids, serializer),
        Body::Fields(fields) => write_fields(reader, fields, serializer),
    }
}

/// Named fields are a map and no serde struct, whose names would have to be known when this is compiled.
fn write_fields<'a, S: Serializer>(reader: &Reader<'a>, fields: &'a [Field], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for Field { name, ty, .. } in fields {
        reader.pay(name)?;
        reader.step(Step::Name(name), || map.serialize_entry(name, &Node::value(reader, *ty)))?;
    }
    map.end()
}

fn write_enum<'a, S: Serializer>(
    reader: &Reader<'a>,
    variants: &'a [Variant],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let variant = variant(reader, variants).map_err(|problem| reader.fail(problem))?;
    reader.pay(&variant.name)?;
    if variant.body == Body::Unit {
        return serializer.serialize_str(&variant.name);
    }
    reader.inside(variant.levels(), || {
        let mut map = serializer.serialize_map(Some(1))?;
        let body = Node { reader, part: Part::Body(&variant.body) };
        reader.step(Step::Name(&variant.name), || map.serialize_entry(&variant.name, &body))?;
        map.end()
    })
}

fn variant<'a>(reader: &Reader<'a>, variants: &'a [Variant]) -> Result<&'a Variant, String> {
    let index = reader.varint(32)?;
    let found = usize::try_from(index).ok().and_then(|index| variants.get(index));
    found.ok_or_else(|| format!("there is no variant {index}, but {} variants", variants.len()))
}
