//! A service as code: one file per generated item.
//!
//! What users name is generated beside the enum (`item`). The code behind it is generated inside of one
//! `const _: () = { .. }` (`code`), where it shares two statics that nobody else sees. With mistakes the same items are
//! generated without a body (`shape`), so that what other code names is there.
pub(crate) mod client;
pub(crate) mod functions;
pub(crate) mod handler;
pub(crate) mod info;
pub(crate) mod reply;
mod used;

use super::model::{Argument, Method, Service};
use crate::{names::ours, types, values::is_value};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, spanned::Spanned};

/// All items of a service without mistakes.
pub(super) fn service(service: &Service<'_>) -> TokenStream {
    let items = [client::item(service), handler::item(service), reply::item(service)];
    let code = [
        info::code(service),
        functions::code(service),
        client::code(service),
        handler::code(service),
        reply::code(service),
        used::code(service),
    ];
    quote! {
        #(#items)*
        const _: () = {
            #(#code)*
        };
    }
}

/// The same items without what makes them work.
pub(super) fn shapes(service: &Service<'_>) -> TokenStream {
    let items = [client::item(service), handler::item(service), reply::item(service)];
    let code = [info::shape(service), functions::shape(service), client::shape(service), reply::shape(service)];
    quote! {
        #(#items)*
        const _: () = {
            #(#code)*
        };
    }
}

/// `Kv<'_>`, or `Kv`: spelled out, for users who deny elided lifetimes in paths.
fn any_lifetime(service: &Service<'_>) -> TokenStream {
    let ident = service.ident;
    match service.generics.lifetimes().next() {
        Some(_) => quote!(#ident<'_>),
        None => quote!(#ident),
    }
}

/// Where an error about the answer's type belongs: at the type in `#[rpc(returns = ..)]`.
fn answer_span(method: &Method<'_>) -> Span {
    match method.returns() {
        Some(ty) => ty.span(),
        None => ours(method.variant.span()),
    }
}

/// [`is_value`] of everything that travels as a value: the answer, the items, the arguments that are owned.
fn all_are_values(method: &Method<'_>) -> TokenStream {
    let owned = method.arguments.iter().filter(|argument| matches!(passing(argument), Passing::Owned));
    let types = method.returns().into_iter().chain(method.rpc.items()).chain(owned.map(|argument| argument.ty));
    types.map(is_value).collect()
}

/// How an argument travels.
enum Passing {
    /// `&[u8]`: as one block.
    Bytes,
    /// Any other type that mentions a lifetime: by serde.
    Borrowed,
    /// Any other type: by `Value`, in which bytes are one block at any depth.
    Owned,
}

fn passing(argument: &Argument<'_>) -> Passing {
    match (types::is_byte_slice(argument.ty), types::borrows(argument.ty)) {
        (true, _) => Passing::Bytes,
        (false, true) => Passing::Borrowed,
        (false, false) => Passing::Owned,
    }
}

/// A tuple of expressions, patterns or types; of one it is `(x,)`, of none `()`.
fn tuple(parts: &[TokenStream], span: Span) -> TokenStream {
    match parts {
        [] => quote_spanned!(span=> ()),
        [one] => quote_spanned!(span=> (#one,)),
        _ => quote_spanned!(span=> (#(#parts),*)),
    }
}

/// How many parameters clippy lets a function have.
const PARAMETERS_FOR_CLIPPY: usize = 7;

/// A method has as many parameters as its message has fields, and two more for items, which clippy would tell the user, who cannot change it.
fn allowing_parameters(count: usize) -> Option<TokenStream> {
    (count > PARAMETERS_FOR_CLIPPY).then(|| quote!(#[allow(clippy::too_many_arguments)]))
}

fn parameters<'m>(method: &'m Method<'_>) -> Vec<&'m Ident> {
    method.arguments.iter().map(|argument| &argument.name).collect()
}
