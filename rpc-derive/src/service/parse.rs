//! The enum as syn sees it, in our own words.
use super::{
    attributes,
    model::{Argument, Method, Service},
};
use crate::{docs::Docs, errors::Errors, names};
use syn::{Data, DeriveInput, Field, Fields, Ident, Variant, spanned::Spanned};

/// The service; `None` if this is no enum at all.
pub(super) fn service<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<Service<'a>> {
    let Data::Enum(data) = &input.data else {
        errors.push(&input.ident, "a service is an enum, with one variant for each method");
        return None;
    };
    Some(Service {
        ident: &input.ident,
        vis: names::all_ours(&input.vis),
        generics: &input.generics,
        docs: Docs::of(&input.attrs),
        methods: data.variants.iter().map(|variant| method(variant, errors)).collect(),
    })
}

fn method<'a>(variant: &'a Variant, errors: &mut Errors) -> Method<'a> {
    let (rpc, is_sound) = attributes::rpc(variant, errors);
    Method {
        variant: &variant.ident,
        name: names::identifier(&names::snake(&variant.ident), variant.ident.span()),
        docs: Docs::of(&variant.attrs),
        deprecated: variant.attrs.iter().find(|attribute| attribute.path().is_ident("deprecated")),
        arguments: arguments(variant, errors),
        rpc,
        is_sound,
    }
}

fn arguments<'a>(variant: &'a Variant, errors: &mut Errors) -> Vec<Argument<'a>> {
    if let Fields::Unnamed(fields) = &variant.fields {
        errors.push(
            fields,
            format!("name the arguments: `{} {{ name: Type }}`; they become the parameters' names", variant.ident),
        );
    }
    variant.fields.iter().enumerate().map(|(place, field)| argument(place, field)).collect()
}

/// Unnamed fields are reported; they get names all the same, so that a handler has as many parameters as the user means.
fn argument(place: usize, field: &Field) -> Argument<'_> {
    let unnamed = || Ident::new(&format!("arg{place}"), names::ours(field.span()));
    Argument { name: field.ident.clone().unwrap_or_else(unnamed), ty: &field.ty, docs: Docs::of(&field.attrs) }
}
