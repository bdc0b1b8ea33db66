//! What may be a reply, or an owned argument, and how it travels.
//!
//! The wire is what serde and postcard make of a type, with one difference in *how* it is written: a list of `u8` goes as one
//! block instead of byte by byte. The bytes are the same, 20 times faster. Two hooks of [`Value`] do that: the element type
//! chooses how a list of it travels, so it works through any nesting without an attribute.
pub(crate) mod beside;
mod collection;
#[cfg(unix)]
mod fd;
mod generated;
mod list;
mod plain;
mod variant;
mod wrap;

#[cfg(unix)]
pub use fd::Fd;
pub use generated::{describe, ours, read_fields, write_fields};
pub use variant::VariantIndex;

use crate::schema::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// A value that can be a reply, an owned argument or a streamed item: it describes itself, travels by serde, and owns its data.
///
/// `#[derive(Serialize, Deserialize, Schema)]` implements it. There is no blanket impl, so that a missing derive is one
/// error that names the type itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is used in a service, but cannot travel",
    label = "this type has no `Schema`",
    note = "add `#[derive(Debug, Serialize, Deserialize, Schema)]` to `{Self}`; wrap a type of another crate in a struct of your own"
)]
pub trait Value: Schema + Serialize + DeserializeOwned + Send + 'static {
    #[doc(hidden)]
    fn wire_write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
    #[doc(hidden)]
    fn wire_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
    #[doc(hidden)]
    fn wire_write_all<S: Serializer>(all: &[Self], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(Ours))
    }
    #[doc(hidden)]
    fn wire_read_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Self>, D::Error> {
        // serde's own visitor for `Vec<Own<Self>>`; the standard library unwraps it in place.
        Ok(Vec::<Own<Self>>::deserialize(deserializer)?.into_iter().map(|own| own.0).collect())
    }
}

/// Serializes by [`Value`], not by the type's own serde impl.
#[derive(Debug)]
pub struct Ours<'a, T>(pub &'a T);

impl<T: Value> Serialize for Ours<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.wire_write(serializer)
    }
}

/// Deserializes by [`Value`], not by the type's own serde impl.
#[derive(Debug)]
pub struct Own<T>(pub T);

impl<'de, T: Value> Deserialize<'de> for Own<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read(deserializer).map(Own)
    }
}

/// A borrowed `&[u8]` argument, which travels as one block.
#[derive(Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Bytes)
    }
}
