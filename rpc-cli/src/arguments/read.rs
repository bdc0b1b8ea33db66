//! The tree as serde reads it; what is wrong is marked on the way.
use super::mark::Mark;
use super::tree::{Entry, Node, Source};
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::cell::RefCell;

/// What is not known of words that say parts of an item.
const ONE_ITEM: &str = " (each [] begins another item: one that has more than one part is written []:=JSON)";

/// The place of the first mistake.
#[derive(Debug, Default)]
pub(super) struct Blame(RefCell<Option<Mark>>);

impl Blame {
    /// The place, if the mistake has one.
    pub(super) fn take(&self) -> Option<Mark> {
        self.0.borrow_mut().take()
    }

    /// The innermost place is the first to be told.
    fn on<T>(&self, result: Result<T, Error>, mark: impl FnOnce() -> Mark) -> Result<T, Error> {
        if result.is_err() {
            self.0.borrow_mut().get_or_insert_with(mark);
        }
        result
    }
}

/// A node that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'de> {
    pub(super) node: &'de Node,
    pub(super) blame: &'de Blame,
}

impl<'de> Reading<'de> {
    /// JSON by its own parser, to its end.
    fn json<V: Visitor<'de>>(
        self,
        text: &'de str,
        source: &Source,
        read: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'de>>) -> serde_json::Result<V::Value>,
    ) -> Result<V::Value, Error> {
        if text.trim_ascii().is_empty() {
            let what = match source {
                Source::Word { .. } => "JSON is missing here",
                Source::File(_) => "the file is empty, and JSON is expected",
                Source::Stdin => "stdin is empty, and a JSON object is expected",
                Source::Line => "the line is empty, and JSON is expected",
            };
            let failed = Err(serde::de::Error::custom(what));
            // Of what is empty there is no line to show.
            return match source {
                Source::Word { .. } => self.blame.on(failed, || Mark::of_json(text, source, 1, 1)),
                _ => failed,
            };
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let read = read(&mut json).and_then(|value| json.end().map(|()| value));
        read.or_else(|error| {
            let (line, column) = (error.line(), error.column());
            let told = error.to_string();
            // The place is shown, not told.
            let told = told.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&told);
            let told = match source {
                Source::Word { .. } if is_unquoted(told) => {
                    &format!("{told} (a text has quotes in JSON; '..' around it keeps them from the shell)")
                }
                _ if is_unquoted(told) => &format!("{told} (a text has quotes in JSON)"),
                Source::Line if error.is_eof() => &format!("{told} (a value is one line; `jq -c` makes it so)"),
                _ => told,
            };
            let is_missing = told.starts_with("missing ");
            let failed = Err(serde::de::Error::custom(told));
            if is_missing { failed } else { self.blame.on(failed, || Mark::of_json(text, source, line, column)) }
        })
    }
}

/// Whether serde_json complains of a text that has no quotes, as a shell makes it.
fn is_unquoted(told: &str) -> bool {
    ["expected value", "expected ident", "key must be a string"].contains(&told)
}

impl<'de> Deserializer<'de> for Reading<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Node::Text { text, index, range } => {
                let mark = || Mark::Word { index: *index, range: range.clone() };
                self.blame.on(visitor.visit_borrowed_str(text), mark)
            }
            Node::Content { text, source } => {
                let mark = || Mark::whole(text, source);
                self.blame.on(visitor.visit_borrowed_str(text), mark)
            }
            Node::Json { text, source } => self.json::<V>(text, source, |json| json.deserialize_any(visitor)),
            Node::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Node::Object(entries) => {
                let mut object = Object::of(entries, self.blame);
                let read = visitor.visit_map(&mut object);
                match object.current {
                    None => read,
                    Some(entry) => self.blame.on(read, || entry.mark()),
                }
            }
            Node::List(items) => visitor.visit_seq(List { items: items.iter(), blame: self.blame }),
        }
    }

    /// A word is a value, and never none; JSON has `null`.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Node::Json { text, source } => self.json::<V>(text, source, |json| json.deserialize_option(visitor)),
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl Entry {
    fn mark(&self) -> Mark {
        Mark::Word { index: self.index, range: self.range.clone() }
    }
}

/// The values by name.
pub(super) struct Object<'de> {
    entries: std::slice::Iter<'de, Entry>,
    /// Whose name or value is read. After the last, what is wrong is nobody's: something is missing.
    current: Option<&'de Entry>,
    blame: &'de Blame,
}

impl<'de> Object<'de> {
    pub(super) fn of(entries: &'de [Entry], blame: &'de Blame) -> Self {
        Self { entries: entries.iter(), current: None, blame }
    }

    /// Whether there is another name.
    pub(super) fn has_more(&self) -> bool {
        !self.entries.as_slice().is_empty()
    }
}

impl<'de> MapAccess<'de> for &mut Object<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        let name: StrDeserializer<'_, Error> = entry.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.current {
            Some(entry) => seed.deserialize(Reading { node: &entry.value, blame: self.blame }),
            None => Err(serde::de::Error::custom("a value is read before its name")),
        }
    }
}

/// The values one after the other.
struct List<'de> {
    items: std::slice::Iter<'de, Node>,
    blame: &'de Blame,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let read = seed.deserialize(Reading { node, blame: self.blame });
        read.map(Some).map_err(|error| if let Node::Object(_) = node { one_item(error) } else { error })
    }
}

/// What is missing from an item was perhaps to come from the next word.
fn one_item(error: Error) -> Error {
    let told = error.to_string();
    match told.starts_with("missing ") && !told.ends_with(ONE_ITEM) {
        true => serde::de::Error::custom(told + ONE_ITEM),
        false => error,
    }
}
