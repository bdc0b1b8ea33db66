//! Every rule about serde's attributes, and every message: what the wire format gets wrong, and what a schema cannot see.
use super::attributes::{self, Key, Value};
use crate::errors::Errors;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Token, Variant, punctuated::Punctuated};

/// Keys that are refused wherever they stand, and why.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["skip_serializing_if"],
        "the wire has no mark for a field that is not there: what follows would be read in its place; \
         remove it, an empty `Option` or `Vec` is one byte",
    ),
    (&["flatten"], "a flattened field needs names on the wire, which has none: name the field instead"),
    (
        &["untagged", "tag", "content"],
        "a variant is its number on the wire, and nothing else tells it apart: remove it, JSON is made from the schema",
    ),
    (
        &["other"],
        "a variant is its number on the wire, and one that is not known cannot be skipped: there is no `other` one",
    ),
    (
        &["with", "serialize_with", "deserialize_with", "getter"],
        "the schema cannot see what a function writes: use a type of your own there, with `#[derive(Schema)]`",
    ),
    (
        &["from", "into", "try_from", "remote"],
        "the schema cannot see what another type writes: let that type travel, and convert where you use it",
    ),
    (
        &["variant_identifier", "field_identifier"],
        "an identifier enum reads names, which the wire does not have: remove it",
    ),
];

/// Reports every attribute of the type, its variants and its fields that cannot be honoured.
pub(super) fn attributes(input: &DeriveInput, errors: &mut Errors) {
    refused(&input.attrs, errors);
    match &input.data {
        Data::Struct(data) => fields(&data.fields, true, errors),
        Data::Enum(data) => variants(&data.variants, errors),
        Data::Union(_) => {
            errors.push(&input.ident, "a union cannot travel: nothing says which of its fields is there; use an enum");
        }
    }
}

fn variants(variants: &Punctuated<Variant, Token![,]>, errors: &mut Errors) {
    let kept = |variant: &Variant| !is_skipped(&attributes::keys(&variant.attrs));
    let kept_behind = |place: usize| variants.iter().skip(place + 1).any(kept);
    for (place, variant) in variants.iter().enumerate() {
        refused(&variant.attrs, errors);
        let keys = attributes::keys(&variant.attrs);
        one_sided_skip(&keys, errors);
        if is_skipped(&keys) && kept_behind(place) {
            errors.push(
                &variant.ident,
                "only the last variants can be skipped: reading counts without this one, writing with it",
            );
        }
        fields(&variant.fields, false, errors);
    }
}

fn fields(fields: &Fields, is_struct: bool, errors: &mut Errors) {
    for field in fields {
        refused(&field.attrs, errors);
        one_sided_skip(&attributes::keys(&field.attrs), errors);
    }
    if let (Fields::Unnamed(unnamed), true) = (fields, is_struct)
        && unnamed.unnamed.len() == 1
    {
        unnamed.unnamed.iter().for_each(|field| skipped_newtype(field, errors));
    }
}

/// Serde writes the field of such a struct, and does not read it.
fn skipped_newtype(field: &Field, errors: &mut Errors) {
    let keys = attributes::keys(&field.attrs);
    for key in keys.iter().filter(|key| is_skip(key)) {
        errors.push(
            &key.name,
            "serde writes the only field of such a struct all the same: make it a unit struct, or name the field",
        );
    }
}

fn refused(attributes: &[Attribute], errors: &mut Errors) {
    for key in attributes::keys(attributes) {
        if let Some((_, reason)) = REFUSED.iter().find(|(names, _)| names.iter().any(|name| key.is(name))) {
            errors.push(&key.name, format!("`{}`: {reason}", key.name));
        }
        if matches!(&*key.name.to_string(), "rename" | "rename_all" | "rename_all_fields") {
            one_name(&key, errors);
        }
    }
}

/// A schema has one name for both directions.
fn one_name(key: &Key, errors: &mut Errors) {
    let Value::Directions(directions) = &key.value else { return };
    let of = |name: &str| directions.iter().find(|(direction, _)| direction == name).map(|(_, text)| text.value());
    if of("serialize") != of("deserialize") {
        errors.push(&key.name, format!("a schema has one name for both directions: write `{} = \"..\"`", key.name));
    }
}

/// A field or variant that only one side knows.
fn one_sided_skip(keys: &[Key], errors: &mut Errors) {
    if is_skipped(keys) {
        return;
    }
    for key in keys.iter().filter(|key| is_skip(key)) {
        errors.push(
            &key.name,
            format!("`{}` alone: one side would write what the other does not read; use `skip`", key.name),
        );
    }
}

/// Whether a field or variant travels in neither direction.
pub(super) fn is_skipped(keys: &[Key]) -> bool {
    let has = |name: &str| keys.iter().any(|key| key.is(name));
    has("skip") || (has("skip_serializing") && has("skip_deserializing"))
}

fn is_skip(key: &Key) -> bool {
    key.is("skip") || key.is("skip_serializing") || key.is("skip_deserializing")
}
