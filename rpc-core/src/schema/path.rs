//! Where in a value a conversion is: `$.entry.tags[3]`.
use super::escape::push_name;
use std::{borrow::Cow, fmt::Write};

/// One step from a value to a part of it.
#[derive(Debug, Clone)]
pub(crate) enum Step<'a> {
    /// A field or a variant.
    Name(&'a str),
    Index(usize),
    /// The value behind a key of a map.
    Key(Cow<'a, str>),
}

/// The steps from the whole to where we are. It stays as it is when something fails, and so tells where.
#[derive(Debug, Default)]
pub(crate) struct Path<'a>(Vec<Step<'a>>);

impl<'a> Path<'a> {
    pub(crate) fn push(&mut self, step: Step<'a>) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::from("$");
        for step in &self.0 {
            match step {
                Step::Name(name) => {
                    text.push('.');
                    push_name(&mut text, name);
                }
                Step::Index(index) => write!(text, "[{index}]")?,
                Step::Key(key) => {
                    text.push_str("[\"");
                    push_name(&mut text, key);
                    text.push_str("\"]");
                }
            }
        }
        f.write_str(&text)
    }
}
