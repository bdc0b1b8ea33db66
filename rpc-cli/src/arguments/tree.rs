//! The values that the words give, under their names.
use super::word::{Problem, Step};
use std::ops::Range;

/// A value on its way to the schema.
#[derive(Debug)]
pub(super) enum Node {
    /// What stands in a word, whatever its type.
    Text { text: String, index: usize, range: Range<usize> },
    /// What stands in a file, whatever its type.
    Content { text: String, source: Source },
    /// JSON.
    Json { text: String, source: Source },
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Values by name, in order.
    Object(Vec<Entry>),
    /// Values one after the other.
    List(Vec<Node>),
}

/// A value with its name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where the name was first written: which word, which of its bytes.
    pub(super) index: usize,
    pub(super) range: Range<usize>,
    pub(super) value: Node,
}

/// Where a text comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A word, from this byte on.
    Word { index: usize, begin: usize },
    /// The file of that name.
    File(String),
    /// stdin.
    Stdin,
    /// A line of stdin, whose number is told by whoever reads it.
    Line,
}

impl Node {
    /// No values.
    pub(super) fn new() -> Self {
        Self::Object(Vec::new())
    }

    /// All arguments, as stdin has them.
    pub(super) fn object_from(text: String) -> Self {
        Self::Json { text, source: Source::Stdin }
    }

    /// All arguments, as the only word has them.
    pub(super) fn object_in_word(text: &str) -> Self {
        Self::Json { text: text.to_owned(), source: Source::Word { index: 0, begin: 0 } }
    }

    /// The value with that name.
    pub(super) fn named(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// The name of the first value that has one.
    pub(super) fn first_name(&self) -> Option<&str> {
        match self {
            Self::Object(entries) => entries.first().map(|entry| entry.name.as_str()),
            _ => None,
        }
    }

    /// How many values there are one after the other.
    pub(super) fn items(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            _ => 0,
        }
    }

    /// Puts a value at the end of a path; `index` is the word that says so.
    pub(super) fn insert(&mut self, index: usize, path: &[Step], value: Self) -> Result<(), Problem> {
        let Some((step, rest)) = path.split_first() else {
            *self = value;
            return Ok(());
        };
        match (&step.name, self) {
            (Some(name), Self::Object(entries)) => {
                if let Some(entry) = entries.iter_mut().find(|entry| entry.name == *name) {
                    return match rest {
                        [] => Err((format!("`{name}` is given twice"), step.range.clone())),
                        rest => entry.value.insert(index, rest, value),
                    };
                }
                let value = Self::behind(rest, index, value)?;
                entries.push(Entry { name: name.clone(), index, range: step.range.clone(), value });
            }
            (None, Self::List(items)) => items.push(Self::behind(rest, index, value)?),
            _ => return Err(("this was given another value already".to_owned(), step.range.clone())),
        }
        Ok(())
    }

    /// The value with the names that are left around it.
    fn behind(rest: &[Step], index: usize, value: Self) -> Result<Self, Problem> {
        let mut inside = match rest.first() {
            Some(Step { name: None, .. }) => Self::List(Vec::new()),
            _ => Self::new(),
        };
        inside.insert(index, rest, value)?;
        Ok(inside)
    }
}
