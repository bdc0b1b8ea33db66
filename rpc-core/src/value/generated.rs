//! What generated code says about values: each asks for [`Value`] at the user's type, so that a type that is none is
//! reported there, in the same words wherever it is used; rustc then shows them once.
use super::{Ours, Value};
use crate::schema::{TypeId, Types};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// [`Schema::describe`](crate::Schema::describe) of a type that owns its data.
pub fn describe<T: Value>(types: &mut Types) -> TypeId {
    T::describe(types)
}

/// [`Ours`], whose users need not prove again that it can be written.
pub fn ours<T: Value>(value: &T) -> impl Serialize {
    Ours(value)
}

/// Writes a struct as the tuple of its fields, which has the same bytes in a format without names. A format for people
/// gets the struct as serde writes it, with the names.
///
/// # Errors
/// Those of the serializer.
#[inline]
pub fn write_fields<T: Value, S: Serializer>(whole: &T, fields: &impl Serialize, to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() { whole.serialize(to) } else { fields.serialize(to) }
}

/// Reads what [`write_fields`] writes.
///
/// # Errors
/// Those of the deserializer.
#[inline]
pub fn read_fields<'de, T: Value, F: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
    whole: impl FnOnce(F) -> T,
) -> Result<T, D::Error> {
    if from.is_human_readable() { T::deserialize(from) } else { F::deserialize(from).map(whole) }
}
