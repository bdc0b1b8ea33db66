//! A schema that a peer told, before it is used.
//!
//! What is true after [`ServiceSchema::check`]: every type that is mentioned exists, methods have types for the items of their
//! shapes, names are plain and unique where they must be, counts are within limits, and no type contains itself without a way out. Text and conversion rely on none of
//! that for their safety (they have limits of their own): this is where a person learns what is wrong.
use super::{Body, Field, MethodSchema, ServiceSchema, Shape, Type, TypeId, Types, cycle, escape::is_unprintable};
use std::collections::HashSet;

/// Ten times the largest interface that people write by hand.
pub(super) const METHODS_MAX: usize = 1024;
/// As many types as a few hundred methods mention.
pub(super) const TYPES_MAX: usize = 8192;
/// Fields of one struct, elements of one tuple, variants of one enum, arguments of one method.
pub(super) const PARTS_MAX: usize = 4096;
/// All fields, elements, variants and arguments together: what a walk over the schema costs.
pub(super) const PARTS_TOTAL_MAX: usize = 65_536;
/// A name is one word on a line.
pub(super) const NAME_BYTES_MAX: usize = 256;
/// Documentation of one item: some pages.
pub(super) const DOC_BYTES_MAX: usize = 65_536;
/// Arrays larger than this do not fit a message.
pub(super) const ARRAY_LENGTH_MAX: u32 = 1 << 20;

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaFault {
    /// A type is mentioned that the table does not have.
    #[error("{place} is of type {}, of which there is none", .id.0)]
    NoSuchType {
        /// Who mentions it.
        place: String,
        /// What is mentioned.
        id: TypeId,
    },
    /// There is more of something than the limit says.
    #[error("{place} has {count} {what}, more than {limit}")]
    TooMany {
        /// Where.
        place: String,
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A method has a type for items that its shape has not, or none for items that it has.
    #[error("{place} has {} type for `{items}`, and the shape {shape:?}", if *.given { "a" } else { "no" })]
    Items {
        /// Which method.
        place: String,
        /// Which items: `accepts` or `stream`.
        items: &'static str,
        /// Whether there is a type for them.
        given: bool,
        /// The method's shape.
        shape: Shape,
    },
    /// A name is empty, or has characters that no name has.
    #[error("{place} has no proper name: {name:?}")]
    BadName {
        /// Whose name.
        place: String,
        /// The name.
        name: String,
    },
    /// Two things that are told apart by name have the same one.
    #[error("{place} has {name:?} twice")]
    DoubleName {
        /// Where.
        place: String,
        /// The name.
        name: String,
    },
    /// A type contains itself without an option, a list or an enum between: no value of it ever ends.
    #[error("type {} ({name}) contains itself without end", .id.0)]
    Endless {
        /// Which.
        id: TypeId,
        /// Its name.
        name: String,
    },
}

impl ServiceSchema {
    /// Whether this schema, perhaps a peer's, can be used.
    ///
    /// # Errors
    /// The first [`SchemaFault`] found. It takes time in proportion to the schema, never more.
    pub fn check(&self) -> Result<(), SchemaFault> {
        let mut walk = Walk { types: &self.types, parts: 0 };
        at_most("the service", "types", self.types.len(), TYPES_MAX)?;
        at_most("the service", "methods", self.methods.len(), METHODS_MAX)?;
        name("the service", &self.name)?;
        doc("the service", &self.doc)?;
        unique("the service", self.methods.iter().map(|method| &method.name))?;
        for method in &self.methods {
            name("a method", &method.name)?;
            // Names are written in messages, so they are checked before they are used in one.
            let place = format!("method {}", method.name);
            doc(&place, &method.doc)?;
            walk.fields(&place, &method.arguments)?;
            walk.items(&place, method)?;
            walk.mention(&place, method.returns)?;
        }
        for (id, ty) in self.types.iter() {
            walk.definition(&format!("type {} ({})", id.0, self.types.name_of(id)), ty)?;
        }
        match cycle::find(&self.types) {
            Some(id) => Err(SchemaFault::Endless { id, name: self.types.name_of(id) }),
            None => Ok(()),
        }
    }
}

struct Walk<'a> {
    types: &'a Types,
    /// Parts seen so far, in all types.
    parts: usize,
}

impl Walk<'_> {
    fn mention(&self, place: &str, id: TypeId) -> Result<(), SchemaFault> {
        match self.types.get(id) {
            Some(_) => Ok(()),
            None => Err(SchemaFault::NoSuchType { place: place.to_owned(), id }),
        }
    }

    fn mentions(&mut self, place: &str, ids: &[TypeId]) -> Result<(), SchemaFault> {
        self.count(place, "elements", ids.len())?;
        ids.iter().try_for_each(|id| self.mention(place, *id))
    }

    fn count(&mut self, place: &str, what: &'static str, count: usize) -> Result<(), SchemaFault> {
        at_most(place, what, count, PARTS_MAX)?;
        self.parts += count;
        at_most("the schema", "parts", self.parts, PARTS_TOTAL_MAX)
    }

    fn fields(&mut self, place: &str, fields: &[Field]) -> Result<(), SchemaFault> {
        self.count(place, "fields", fields.len())?;
        unique(place, fields.iter().map(|field| &field.name))?;
        fields.iter().try_for_each(|field| {
            name(place, &field.name)?;
            doc(place, &field.doc)?;
            self.mention(place, field.ty)
        })
    }

    fn items(&self, place: &str, method: &MethodSchema) -> Result<(), SchemaFault> {
        let shape = method.shape;
        let both = [("accepts", shape.accepts(), method.accepts), ("stream", shape.streams(), method.stream)];
        both.into_iter().try_for_each(|(items, wanted, ty)| match ty {
            Some(ty) if wanted => self.mention(place, ty),
            None if !wanted => Ok(()),
            _ => Err(SchemaFault::Items { place: place.to_owned(), items, given: ty.is_some(), shape }),
        })
    }

    fn body(&mut self, place: &str, body: &Body) -> Result<(), SchemaFault> {
        match body {
            Body::Unit => Ok(()),
            Body::Newtype(inside) => self.mention(place, *inside),
            Body::Tuple(ids) => self.mentions(place, ids),
            Body::Fields(fields) => self.fields(place, fields),
        }
    }

    fn definition(&mut self, place: &str, ty: &Type) -> Result<(), SchemaFault> {
        match ty {
            Type::Option(id) | Type::Sequence(id) => self.mention(place, *id),
            Type::Array(id, length) => {
                at_most(place, "array elements", *length as usize, ARRAY_LENGTH_MAX as usize)?;
                self.mention(place, *id)
            }
            Type::Tuple(ids) => self.mentions(place, ids),
            Type::Map(key, value) => self.mentions(place, &[*key, *value]),
            Type::Struct { name: called, doc: text, body } => {
                name(place, called)?;
                doc(place, text)?;
                self.body(place, body)
            }
            Type::Enum { name: called, doc: text, variants } => {
                name(place, called)?;
                doc(place, text)?;
                self.count(place, "variants", variants.len())?;
                unique(place, variants.iter().map(|variant| &variant.name))?;
                variants.iter().try_for_each(|variant| {
                    name(place, &variant.name)?;
                    doc(place, &variant.doc)?;
                    self.body(place, &variant.body)
                })
            }
            _ => Ok(()),
        }
    }
}

fn at_most(place: &str, what: &'static str, count: usize, limit: usize) -> Result<(), SchemaFault> {
    if count <= limit {
        return Ok(());
    }
    Err(SchemaFault::TooMany { place: place.to_owned(), what, count, limit })
}

fn doc(place: &str, doc: &str) -> Result<(), SchemaFault> {
    at_most(place, "bytes of documentation", doc.len(), DOC_BYTES_MAX)
}

/// serde's `rename` allows more than Rust does: `kebab-case`, `@type`. Names here are words without space or hidden marks.
fn name(place: &str, name: &str) -> Result<(), SchemaFault> {
    at_most(place, "bytes in a name", name.len(), NAME_BYTES_MAX)?;
    if !name.is_empty() && !name.chars().any(|character| character.is_whitespace() || is_unprintable(character)) {
        return Ok(());
    }
    Err(SchemaFault::BadName { place: place.to_owned(), name: name.to_owned() })
}

fn unique<'a>(place: &str, names: impl Iterator<Item = &'a String>) -> Result<(), SchemaFault> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let name = name.chars().take(NAME_BYTES_MAX).collect();
            return Err(SchemaFault::DoubleName { place: place.to_owned(), name });
        }
    }
    Ok(())
}
