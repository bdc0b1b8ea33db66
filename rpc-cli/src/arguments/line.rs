//! A line of stdin: the arguments of one call of many, or an item.
use super::read::{Blame, Object, Reading};
use super::tree::{Entry, Node, Source};
use super::{LINES, bytes, is_object, misfit, tree};
use crate::failure::{Failure, Misfit};
use crate::lines::Line;
use crate::method::Method;
use rpc_core::schema::{MethodSchema, TypeId};
use serde::de::value::Error;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// What the words of a command line say for every line.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    method: Method<'a>,
    words: &'a [String],
    entries: Vec<Entry>,
    /// The argument that no word gives, if there is one alone.
    left: Option<&'a str>,
}

impl<'a> Given<'a> {
    /// The arguments for `method` that are the same for all lines.
    pub(crate) fn parse(method: Method<'a>, words: &'a [String]) -> Result<Self, Failure> {
        let entries = entries(method, words).map_err(|misfit| method.misfit(misfit))?;
        let is_given = |name: &str| entries.iter().any(|entry| entry.name == name);
        let mut left = method.schema.arguments.iter().map(|field| &*field.name).filter(|name| !is_given(name));
        let left = left.next().filter(|_| left.next().is_none());
        Ok(Self { method, words, entries, left })
    }

    /// All arguments of a call: of a line that is an object the values by name, of another the value that is left.
    pub(crate) fn encode(&self, line: &Line) -> Result<Vec<u8>, Failure> {
        let encoded = line.text().and_then(|text| self.bytes(text));
        encoded.map_err(|misfit| self.method.misfit(misfit))
    }

    fn bytes(&self, text: &str) -> Result<Vec<u8>, Misfit> {
        let (blame, mut out) = (Blame::default(), Vec::new());
        let value = Node::Json { text: text.to_owned(), source: Source::Line };
        let line = match self.left {
            Some(left) if !is_object(text) => {
                Node::Object(vec![Entry { name: left.to_owned(), index: 0, range: 0..0, value }])
            }
            _ => value,
        };
        let both = Both { given: &self.entries, line: Reading { node: &line, blame: &blame } };
        let read = self.method.service.arguments_from_serde(self.method.schema, both, &mut out);
        read.map(|()| out).map_err(|error| misfit(error, &blame, self.words))
    }
}

/// What the words say. It is checked here: a mistake in them is no line's.
fn entries(method: Method<'_>, words: &[String]) -> Result<Vec<Entry>, Misfit> {
    let root = tree(method, words, Some(LINES))?;
    let Node::Object(entries) = &root else { return Ok(Vec::new()) };
    let fields = &method.schema.arguments;
    let is_given = |name: &str| entries.iter().any(|entry| entry.name == name);
    let are_known = entries.iter().all(|entry| fields.iter().any(|field| field.name == entry.name));
    // Those that are left are no mistake; and whoever mistypes a name is told all of them.
    let arguments = fields.iter().filter(|field| !are_known || is_given(&field.name)).cloned().collect();
    let schema = MethodSchema { arguments, ..method.schema.clone() };
    bytes(Method { schema: &schema, ..method }, words, &root)?;
    match root {
        Node::Object(entries) => Ok(entries),
        _ => Ok(Vec::new()),
    }
}

/// An item of the type at `id` that goes to `method`.
pub(crate) fn item(method: Method<'_>, id: TypeId, line: &Line) -> Result<Vec<u8>, Failure> {
    let encoded = line.text().and_then(|text| {
        let (blame, mut out) = (Blame::default(), Vec::new());
        let node = Node::Json { text: text.to_owned(), source: Source::Line };
        let read = method.service.types.from_serde(id, Reading { node: &node, blame: &blame }, &mut out);
        read.map(|()| out).map_err(|error| misfit(error, &blame, &[]))
    });
    encoded.map_err(|misfit| method.misfit(misfit))
}

/// An object of what words and a line have.
struct Both<'de> {
    given: &'de [Entry],
    line: Reading<'de>,
}

impl<'de> Deserializer<'de> for Both<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let given = Object::of(self.given, self.line.blame);
        self.line.deserialize_any(Join { given, visitor })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Shows `visitor` what is given before what the line has.
struct Join<'de, V> {
    given: Object<'de>,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Join<'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, line: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Joined { given: self.given, line, is_given: true })
    }
}

struct Joined<'de, A> {
    given: Object<'de>,
    line: A,
    /// Whether the last name was one of those that are given.
    is_given: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Joined<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.is_given = self.given.has_more();
        match self.is_given {
            true => (&mut self.given).next_key_seed(seed).map_err(A::Error::custom),
            false => self.line.next_key_seed(seed),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match self.is_given {
            true => (&mut self.given).next_value_seed(seed).map_err(A::Error::custom),
            false => self.line.next_value_seed(seed),
        }
    }
}
