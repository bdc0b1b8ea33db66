//! What a type's schema says, held against what its serde impl does.
//!
//! [`check`] is one test of one value, for the standard library's types and for derived ones alike. It says why it fails in
//! a panic that shows the value.
mod agree;
pub(crate) mod seen;

use agree::By;
use rpc_core::{
    __private::{Ours, Own},
    Value,
    schema::{TypeId, Types, WriteOptions},
};
use serde::Serialize;
use std::fmt::Debug;

/// Holds for a value that: its schema describes what serde writes; its hooks write the same bytes as serde; the bytes read
/// back, by its hooks, as the value; and they come back from JSON as they were.
pub(crate) fn check<T: Value + Debug + PartialEq>(value: T) {
    let bytes = check_bytes(&value);
    let Own(read): Own<T> =
        postcard::from_bytes(&bytes).unwrap_or_else(|error| panic!("{value:?} does not read back: {error}"));
    assert_eq!(read, value);
}

/// [`check`] for a value that is not equal to itself, or cannot be compared.
pub(crate) fn check_bytes<T: Value + Debug>(value: &T) -> Vec<u8> {
    let (types, id) = described::<T>();
    agree::check(&types, id, &seen::record(value), By::Serde)
        .unwrap_or_else(|why| panic!("{value:?}: by serde, {why}"));
    agree::check(&types, id, &seen::record(&Ours(value)), By::Hooks)
        .unwrap_or_else(|why| panic!("{value:?}: by hooks, {why}"));
    let bytes = bytes(value);
    assert_eq!(self::bytes(&Ours(value)), bytes, "{value:?} by its hooks");
    let json = json(&types, id, &bytes).unwrap_or_else(|error| panic!("{value:?} {bytes:?} to JSON: {error}"));
    assert_eq!(from_json(&types, id, &json).as_ref(), Ok(&bytes), "{value:?} from {json}");
    let written =
        serde_json::to_string_pretty(&types.to_serde(id, &bytes, WriteOptions::default())).expect("it is JSON");
    assert_eq!(from_json(&types, id, &written).as_ref(), Ok(&bytes), "{value:?} from {written}");
    bytes
}

/// The schema of one type.
pub(crate) fn described<T: rpc_core::Schema + ?Sized>() -> (Types, TypeId) {
    let mut types = Types::default();
    let id = T::describe(&mut types);
    (types, id)
}

/// Bytes as JSON.
pub(crate) fn json(types: &Types, id: TypeId, bytes: &[u8]) -> Result<String, String> {
    serde_json::to_string(&types.to_serde(id, bytes, WriteOptions::default())).map_err(|error| error.to_string())
}

/// JSON as bytes.
pub(crate) fn from_json(types: &Types, id: TypeId, json: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut json = serde_json::Deserializer::from_str(json);
    types.from_serde(id, &mut json, &mut bytes).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// A value as postcard has it.
pub(crate) fn bytes(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("postcard writes it")
}
