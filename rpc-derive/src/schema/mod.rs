//! `#[derive(Schema)]`.
mod attributes;
mod case;
mod check;
pub(crate) mod expand;
pub(crate) mod model;
mod parse;

use crate::errors::Errors;
use model::Described;
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

/// All code of the derive.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match checked(input) {
        (Some(described), None) => expand::described(&described),
        (described, errors) => {
            let shapes = expand::shapes(input, described.is_some());
            quote!(#errors #shapes)
        }
    }
}

/// The type, if serde can write and read it, and its mistakes.
pub(crate) fn checked(input: &DeriveInput) -> (Option<Described<'_>>, Option<TokenStream>) {
    let mut errors = Errors::default();
    check::attributes(input, &mut errors);
    let described = parse::described(input);
    (described, errors.into_code())
}
