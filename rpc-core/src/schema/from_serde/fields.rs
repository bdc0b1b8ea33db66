//! Objects with the fields that the schema names, in any order.
use super::{Problem, Value, Writer};
use crate::schema::{Field, Type, nearest, path::Step};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::{fmt, ops::Range};

/// Reads the arguments of a method.
pub(in crate::schema) fn read_fields<'a, 'de, D: Deserializer<'de>>(
    writer: &mut Writer<'a, '_>,
    fields: &'a [Field],
    deserializer: D,
) -> Result<(), D::Error> {
    writer.inside(1, |writer| deserializer.deserialize_any(Fields { writer, fields, what: "argument" }))
}

/// Reads an object.
pub(super) struct Fields<'w, 'a, 'o> {
    pub(super) writer: &'w mut Writer<'a, 'o>,
    pub(super) fields: &'a [Field],
    /// What to call them in messages.
    pub(super) what: &'static str,
}

impl<'de> Visitor<'de> for Fields<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the {}s{}", self.what, listed(self.fields.iter().map(|field| &*field.name)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self { writer, fields, what } = self;
        let mut found = Found::new(writer.out.len(), fields.len());
        while let Some(name) = object.next_key::<String>()? {
            // Most objects have their fields in order.
            let next = fields.get(found.next).filter(|field| field.name == name).map(|_| found.next);
            let Some(index) = next.or_else(|| fields.iter().position(|field| field.name == name)) else {
                return Err(A::Error::custom(unknown(what, &name, fields)));
            };
            let Some(field) = fields.get(index) else { continue };
            if found.has(index) {
                return Err(A::Error::custom(format_args!("{what} `{name}` is given twice")));
            }
            let begin = writer.out.len();
            let id = field.ty;
            writer.step(Step::Name(&field.name), |writer| object.next_value_seed(Value { writer, id }))?;
            found.put(index, begin..writer.out.len());
        }
        found.settle(writer, fields, what).map_err(A::Error::custom)
    }
}

/// Where in the bytes each field is, in the order in which they were read.
struct Found {
    begin: usize,
    spans: Vec<Option<Range<usize>>>,
    /// The field that comes next if all are in order.
    next: usize,
    in_order: bool,
}

impl Found {
    fn new(begin: usize, count: usize) -> Self {
        Self { begin, spans: vec![None; count], next: 0, in_order: true }
    }

    fn has(&self, index: usize) -> bool {
        self.spans.get(index).is_some_and(Option::is_some)
    }

    fn put(&mut self, index: usize, span: Range<usize>) {
        self.in_order &= index == self.next;
        self.next = index + 1;
        if let Some(place) = self.spans.get_mut(index) {
            *place = Some(span);
        }
    }

    /// Puts the fields in the order of the schema, and `None` where an option is missing.
    fn settle(self, writer: &mut Writer<'_, '_>, fields: &[Field], what: &str) -> Result<(), Problem> {
        if self.in_order && self.next == fields.len() {
            return Ok(());
        }
        let is_option = |field: &Field| matches!(writer.types.get(field.ty), Some(Type::Option(_)));
        let missing = |(field, span): &(&Field, &Option<Range<usize>>)| span.is_none() && !is_option(field);
        let missing: Vec<&str> =
            fields.iter().zip(&self.spans).filter(missing).map(|(field, _)| &*field.name).collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            return Err(format!("missing {what}{plural}{}", listed(missing.into_iter())));
        }
        let read = writer.out.split_off(self.begin);
        for span in self.spans {
            let bytes = span.and_then(|span| read.get(span.start - self.begin..span.end - self.begin));
            writer.put(bytes.unwrap_or(&[NONE]))?;
        }
        Ok(())
    }
}

/// How an option without a value travels.
const NONE: u8 = 0;

fn unknown(what: &str, name: &str, fields: &[Field]) -> String {
    let names = || fields.iter().map(|field| field.name.as_str());
    match nearest(name, names()) {
        Some(meant) => format!("unknown {what} `{name}` (did you mean `{meant}`?)"),
        None if fields.is_empty() => format!("unknown {what} `{name}`: there are none"),
        None => format!("unknown {what} `{name}`, expected{}", listed(names())),
    }
}

/// Names for a message: the first ones, and `…`.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN_MAX: usize = 16;
    let mut text = String::new();
    for (index, name) in names.take(SHOWN_MAX + 1).enumerate() {
        text.push_str(if index == 0 { " " } else { ", " });
        if index == SHOWN_MAX {
            text.push('…');
            break;
        }
        text.extend(["`", name, "`"]);
    }
    text
}
