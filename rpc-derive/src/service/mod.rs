//! `#[derive(Service)]`.
mod attributes;
mod check;
pub(crate) mod expand;
pub(crate) mod model;
mod parse;

use crate::errors::Errors;
use model::Service;
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

/// All code of the derive.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match checked(input) {
        (Some(service), None) => expand::service(&service),
        (service, errors) => {
            // Whatever a generic service would generate has parameters that nothing can infer.
            let shapes = service.filter(|_| !is_generic(input)).map(|service| expand::shapes(&service));
            quote!(#errors #shapes)
        }
    }
}

/// What is whole of the service, and its mistakes.
pub(crate) fn checked(input: &DeriveInput) -> (Option<Service<'_>>, Option<TokenStream>) {
    let mut errors = Errors::default();
    let mut service = parse::service(input, &mut errors);
    if let Some(service) = &mut service {
        check::service(input, service, &mut errors);
    }
    (service, errors.into_code())
}

fn is_generic(input: &DeriveInput) -> bool {
    let generics = &input.generics;
    generics.type_params().count() + generics.const_params().count() > 0 || generics.lifetimes().count() > 1
}
