//! The wire needs no value of the enum, so rustc would call the variants of a private one unused: here they are used.
use crate::service::model::{Method, Service};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn code(service: &Service<'_>) -> TokenStream {
    let ident = service.ident;
    let (impl_generics, ty_generics, _) = service.generics.split_for_impl();
    let (makers, readers): (Vec<_>, Vec<_>) = service.methods.iter().map(|method| uses(service, method)).unzip();
    quote! {
        #[allow(dead_code, deprecated)]
        fn __variants_are_used #impl_generics (request: #ident #ty_generics) {
            #(#makers)*
            match request {
                #(#readers)*
            }
        }
    }
}

/// A variant made, and taken apart.
fn uses(service: &Service<'_>, method: &Method<'_>) -> (TokenStream, TokenStream) {
    let (ident, variant) = (service.ident, method.variant);
    let (_, ty_generics, _) = service.generics.split_for_impl();
    let names: Vec<_> = method.arguments.iter().map(|argument| &argument.name).collect();
    let types = method.arguments.iter().map(|argument| argument.ty);
    (
        quote!(let _ = |#(#names: #types),*| -> #ident #ty_generics { #ident::#variant { #(#names),* } };),
        quote!(#ident::#variant { #(#names),* } => { #(let _ = #names;)* }),
    )
}
