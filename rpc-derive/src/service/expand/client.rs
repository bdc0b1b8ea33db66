//! `KvClient<C>`: one function per method, over any channel.
use super::{
    Passing, allowing_parameters, answer_is_value, answer_span, arguments_are_values, parameters, passing, tuple,
};
use crate::{
    names::{all_at, free_type, local, ours},
    service::model::{Argument, Method, Service, Shape},
    types,
};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, spanned::Spanned};

/// The type.
pub(crate) fn item(service: &Service<'_>) -> TokenStream {
    let Service { ident, vis, .. } = service;
    let client = service.beside("Client");
    let doc = format!(
        "Calls a [`{ident}`] service over the channel `C`. \
         [`{ident}::connect`] and [`{ident}::client`] make it."
    );
    quote! {
        #[doc = #doc]
        #[derive(::core::fmt::Debug, ::core::clone::Clone)]
        #vis struct #client<C = ::rpc_core::Connection> {
            channel: C,
        }
    }
}

/// Its methods.
pub(crate) fn code(service: &Service<'_>) -> TokenStream {
    let channel = channel(service);
    let methods = service.methods.iter().enumerate().map(|(index, method)| {
        let call = call(index, method);
        function(service, method, &channel, &call)
    });
    implementation(service, &channel, methods.collect())
}

/// Methods that only have their types. One whose `#[rpc(..)]` is wrong gives whatever its caller expects.
pub(super) fn shape(service: &Service<'_>) -> TokenStream {
    let channel = channel(service);
    let methods = service.methods.iter().map(|method| {
        let names = parameters(method);
        function(service, method, &channel, &quote!({ #(let _ = #names;)* ::core::unreachable!() }))
    });
    implementation(service, &channel, methods.collect())
}

/// `C`, unless the service has a type of that name.
fn channel(service: &Service<'_>) -> Ident {
    free_type("C", service.types())
}

fn implementation(service: &Service<'_>, channel: &Ident, methods: TokenStream) -> TokenStream {
    let client = service.beside("Client");
    quote! {
        #[automatically_derived]
        impl<#channel: ::rpc_core::Channel> #client<#channel> {
            #methods
        }
        #[automatically_derived]
        impl<C: ::rpc_core::Channel> ::rpc_core::Client for #client<C> {
            type Channel = C;
            type Over<D: ::rpc_core::Channel> = #client<D>;
            fn channel(&self) -> &C {
                &self.channel
            }
            fn over<D: ::rpc_core::Channel>(channel: D) -> #client<D> {
                #client { channel }
            }
        }
    }
}

/// `pub fn get(&self, key: &str) -> Call<C, Option<String>> { .. }`
fn function(service: &Service<'_>, method: &Method<'_>, channel: &Ident, body: &TokenStream) -> TokenStream {
    let Method { name, deprecated, .. } = method;
    let vis = &service.vis;
    let docs = method.docs.attributes_or(&format!("Calls `{}`.", method.wire_name()));
    let (names, types) = (parameters(method), method.arguments.iter().map(|argument| types::elided(argument.ty)));
    let at = answer_span(method);
    let (parameter, answer) = match method.shape() {
        Some(Shape::Unary(ty)) => (quote!(), quote!(#ty)),
        Some(Shape::OneWay) => (quote!(), quote!(())),
        None => (quote!(<__R>), quote!(__R)),
    };
    let answer = quote_spanned!(at=> ::rpc_core::returns::Call<#channel, #answer>);
    let head = quote_spanned!(ours(method.variant.span())=> fn #name #parameter(&self #(, #names: #types)*));
    let allowed = allowing_parameters(1 + names.len());
    quote!(#docs #deprecated #allowed #vis #head -> #answer { #body })
}

fn call(index: usize, method: &Method<'_>) -> TokenStream {
    let arguments: Vec<_> = method.arguments.iter().map(encoded).collect();
    let arguments = tuple(&arguments, ours(method.variant.span()));
    let (answer_is_value, arguments_are_values) = (answer_is_value(method), arguments_are_values(method));
    let at = answer_span(method);
    let answer = match method.shape() {
        Some(Shape::Unary(ty)) => all_at(at, ty),
        _ => quote!(()),
    };
    let this = local("self", at);
    let outgoing = quote_spanned!(at=> ::rpc_core::Outgoing::new(&__INFO, &__METHODS[#index], &#arguments));
    let call = quote_spanned!(at=> ::rpc_core::Channel::call::<#answer>(&#this.channel, #outgoing));
    quote!(#answer_is_value #arguments_are_values #call)
}

/// At the type's span: a type that cannot travel is reported where it stands.
fn encoded(argument: &Argument<'_>) -> TokenStream {
    let at = argument.ty.span();
    let mut name = argument.name.clone();
    name.set_span(name.span().located_at(at));
    match passing(argument) {
        Passing::Bytes => quote!(::rpc_core::__private::Bytes(#name)),
        Passing::Borrowed => quote!(#name),
        Passing::Owned => quote_spanned!(at=> ::rpc_core::__private::ours(&#name)),
    }
}
