//! A value type as code: `impl Schema` for all, `impl Value` for those that own their data.
pub(crate) mod describe;
pub(crate) mod value;

use super::model::Described;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, GenericParam, Generics, parse_quote};

/// All items of a type without mistakes.
pub(super) fn described(described: &Described<'_>) -> TokenStream {
    let (describe, value) = (describe::code(described), value::code(described));
    quote!(#describe #value)
}

/// The same impls without what makes them work, so that one mistake is not ten. No `Value` for what serde cannot write:
/// that would be one more.
pub(super) fn shapes(input: &DeriveInput, is_serializable: bool) -> TokenStream {
    let ident = &input.ident;
    let with_schema = bounded(&input.generics, &parse_quote!(::rpc_core::Schema));
    let (impl_generics, ty_generics, where_clause) = with_schema.split_for_impl();
    let describe = describe::implementation(
        &quote!(#impl_generics),
        &quote!(#ident #ty_generics #where_clause),
        &quote!(let _ = types; ::core::unreachable!()),
    );
    let is_value = is_serializable && input.generics.lifetimes().next().is_none();
    let value = is_value.then(|| {
        let with_value = bounded(&input.generics, &parse_quote!(::rpc_core::Value));
        let (impl_generics, ty_generics, where_clause) = with_value.split_for_impl();
        quote_spanned! {ident.span()=>
            #[automatically_derived]
            impl #impl_generics ::rpc_core::Value for #ident #ty_generics #where_clause {}
        }
    });
    quote!(#describe #value)
}

/// The type's generics, with one more bound on every type parameter.
fn bounded(generics: &Generics, bound: &syn::TypeParamBound) -> Generics {
    let mut generics = generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(bound.clone());
            parameter.bounds.push(parse_quote!('static));
        }
    }
    generics
}
