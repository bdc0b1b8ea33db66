//! The type as syn sees it, in our own words: with the names that serde gives its parts.
use super::{
    attributes::{self, Key, Value},
    case::Case,
    check::is_skipped,
    model::{Body, Described, Field, Form, Variant},
};
use crate::{docs::Docs, types};
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Member, Type, ext::IdentExt};

/// The type; `None` for a union, which is reported, and for a transparent struct of several fields, which serde reports.
pub(super) fn described(input: &DeriveInput) -> Option<Described<'_>> {
    let keys = attributes::keys(&input.attrs);
    let form = match &input.data {
        Data::Struct(data) if keys.iter().any(|key| key.is("transparent")) => transparent(&data.fields)?,
        Data::Struct(data) => Form::Struct(body(&data.fields, case(&keys, "rename_all"))),
        Data::Enum(data) => Form::Enum(data.variants.iter().filter_map(|each| variant(each, &keys)).collect()),
        Data::Union(_) => return None,
    };
    Some(Described {
        ident: &input.ident,
        generics: &input.generics,
        name: renamed(&keys).unwrap_or_else(|| input.ident.unraw().to_string()),
        doc: Docs::of(&input.attrs).text(),
        form,
        has_serde_attributes: has_serde_attributes(input),
    })
}

/// The field that serde takes for the whole: the one that travels and is no `PhantomData`.
fn transparent(fields: &Fields) -> Option<Form<'_>> {
    let mut travelling = fields
        .iter()
        .filter(|field| !is_skipped(&attributes::keys(&field.attrs)) && !is_phantom(&field.ty))
        .map(|field| &field.ty);
    match (travelling.next(), travelling.next()) {
        (Some(ty), None) => Some(Form::Transparent(ty)),
        _ => None,
    }
}

fn is_phantom(ty: &Type) -> bool {
    matches!(types::bare(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "PhantomData"))
}

fn variant<'a>(variant: &'a syn::Variant, container: &[Key]) -> Option<Variant<'a>> {
    let keys = attributes::keys(&variant.attrs);
    if is_skipped(&keys) {
        return None;
    }
    let name = renamed(&keys).unwrap_or_else(|| {
        let name = variant.ident.unraw().to_string();
        case(container, "rename_all").map_or(name.clone(), |case| case.variant(&name))
    });
    let case = case(&keys, "rename_all").or_else(|| case(container, "rename_all_fields"));
    let body = match body(&variant.fields, case) {
        // As serde has it: a variant whose only unnamed field is skipped is a unit variant.
        Body::Tuple(fields) if fields.is_empty() && variant.fields.len() == 1 => Body::Unit,
        body => body,
    };
    Some(Variant { name, doc: Docs::of(&variant.attrs).text(), body })
}

fn body(fields: &Fields, case: Option<Case>) -> Body<'_> {
    let travelling = fields.members().zip(fields).filter_map(|(member, field)| part(member, field, case));
    let mut travelling: Vec<_> = travelling.collect();
    match fields {
        Fields::Unit => Body::Unit,
        Fields::Named(_) => Body::Fields(travelling),
        Fields::Unnamed(all) => match (all.unnamed.len(), travelling.pop()) {
            (1, Some(only)) => Body::Newtype(only),
            (_, last) => {
                travelling.extend(last);
                Body::Tuple(travelling)
            }
        },
    }
}

fn part(member: Member, field: &syn::Field, case: Option<Case>) -> Option<Field<'_>> {
    let keys = attributes::keys(&field.attrs);
    if is_skipped(&keys) {
        return None;
    }
    let written = field.ident.as_ref().map(|ident: &Ident| ident.unraw().to_string()).unwrap_or_default();
    let name = renamed(&keys).unwrap_or_else(|| case.map_or(written.clone(), |case| case.field(&written)));
    Some(Field { name, doc: Docs::of(&field.attrs).text(), ty: &field.ty, member })
}

fn renamed(keys: &[Key]) -> Option<String> {
    keys.iter().filter(|key| key.is("rename")).find_map(text)
}

fn case(keys: &[Key], name: &str) -> Option<Case> {
    keys.iter().filter(|key| key.is(name)).find_map(text).and_then(|case| Case::of(&case))
}

/// The text of a key, or the one for both directions, which are equal: `check` sees to it.
fn text(key: &Key) -> Option<String> {
    match &key.value {
        Value::Nothing => None,
        Value::Text(text) => Some(text.value()),
        Value::Directions(directions) => directions.first().map(|(_, text)| text.value()),
    }
}

fn has_serde_attributes(input: &DeriveInput) -> bool {
    let any = |attributes: &[Attribute]| attributes.iter().any(|attribute| attribute.path().is_ident("serde"));
    let in_fields = |fields: &Fields| fields.iter().any(|field| any(&field.attrs));
    let inside = match &input.data {
        Data::Struct(data) => in_fields(&data.fields),
        Data::Enum(data) => data.variants.iter().any(|variant| any(&variant.attrs) || in_fields(&variant.fields)),
        Data::Union(_) => false,
    };
    any(&input.attrs) || inside
}
