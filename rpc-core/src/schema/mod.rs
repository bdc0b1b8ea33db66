//! Types and services described: what a client and a server compare before they talk, and what a shell needs to talk at all.
//!
//! A [`ServiceSchema`] is a list of methods over a flat [`Types`] table. The table is flat, and types refer to each other
//! by [`TypeId`], so that recursive types need nothing special, and so that a schema is itself a plain value that travels.
//!
//! A schema, and the bytes that it describes, may come from a peer. Invariant: nothing in here panics on them, recurses
//! deeper than a named limit, or works or grows out of proportion to them.
// Peers reach all of this code, so a slip would be theirs to use. Tests may slip.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod base64;
mod check;
mod compatible;
pub mod convert;
mod cycle;
#[doc(hidden)]
pub mod derived;
mod descriptors;
mod escape;
mod fingerprint;
mod form;
mod from_serde;
mod name;
mod nearest;
mod path;
mod standard;
mod text;
mod to_serde;
mod types;

pub use check::SchemaFault;
pub use compatible::{Mismatch, Verdict, compare};
pub use convert::{ConvertError, WriteOptions};
pub(crate) use descriptors::FdUse;
pub use escape::{escaped, is_unprintable};
pub use fingerprint::Fingerprint;
pub use nearest::nearest;
pub use to_serde::{Described, Plain};
pub use types::{Body, Field, Type, TypeId, Types, Variant};

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A type that describes itself: what it looks like on the wire, with its names and docs.
///
/// Derive it beside serde's two: `#[derive(Serialize, Deserialize, Schema)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is used in a service, but cannot travel",
    label = "this type has no `Schema`",
    note = "add `#[derive(Debug, Serialize, Deserialize, Schema)]` to `{Self}`; wrap a type of another crate in a struct of your own"
)]
pub trait Schema {
    /// Enters this type, and all that it is made of, into `types`; gives its id there.
    fn describe(types: &mut Types) -> TypeId;
}

/// How the two sides talk in one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, crate::Schema)]
#[non_exhaustive]
pub enum Shape {
    /// One request, one reply.
    Unary,
    /// One request, no reply.
    OneWay,
    /// One request, items, one reply.
    Stream,
    /// One request with items behind it, one reply.
    Upload,
    /// One request with items behind it, items, one reply; items both ways at once.
    Duplex,
}

impl Shape {
    /// Whether items travel in either direction.
    pub fn has_items(self) -> bool {
        self.accepts() || self.streams()
    }

    /// Whether items follow the request.
    pub fn accepts(self) -> bool {
        matches!(self, Shape::Upload | Shape::Duplex)
    }

    /// Whether items come before the reply.
    pub fn streams(self) -> bool {
        matches!(self, Shape::Stream | Shape::Duplex)
    }
}

/// One method of a service, as a running server tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, crate::Schema)]
pub struct MethodSchema {
    /// The method's name: the variant's, in snake case.
    pub name: String,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: String,
    /// How the two sides talk.
    pub shape: Shape,
    /// Whether a call may be repeated without harm.
    pub idempotent: bool,
    /// The method's own default for how long a call may take.
    pub timeout: Option<Duration>,
    /// The arguments in the order in which they travel.
    pub arguments: Vec<Field>,
    /// What the items are that follow the request, if there are any.
    pub accepts: Option<TypeId>,
    /// What the items are that come before the answer, if there are any.
    pub stream: Option<TypeId>,
    /// What it answers; the unit type for one-way methods.
    pub returns: TypeId,
}

/// One service, as a running server tells it. A request on the wire is the method's index here as a varint, then the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, crate::Schema)]
pub struct ServiceSchema {
    /// The service's name: the enum's.
    pub name: String,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: String,
    /// The methods, in the order of their variants.
    pub methods: Vec<MethodSchema>,
    /// Every type that the methods mention.
    pub types: Types,
}
