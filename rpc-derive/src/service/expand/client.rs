//! `KvClient<C>`: one function per method, over any channel.
use super::{Passing, all_are_values, allowing_parameters, answer_span, parameters, passing, tuple};
use crate::{
    names::{all_at, free_type, local, ours},
    service::model::{Argument, Method, Rpc, Service},
    types,
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
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

/// Methods that only have their types. One whose `#[rpc(..)]` names no answer gives whatever its caller expects.
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
    let (parameter, answer) = match (&method.rpc.returns, method.shape()) {
        (Some(ty), _) => (quote!(), types::elided(ty).into_token_stream()),
        (None, Some(_)) => (quote!(), quote!(())),
        (None, None) => (quote!(<__R>), quote!(__R)),
    };
    let (gives, items) = (Ident::new(way(&method.rpc).gives, at), method.rpc.items().map(types::elided));
    let gives = quote_spanned!(at=> ::rpc_core::returns::#gives<#channel, #(#items,)* #answer>);
    let head = quote_spanned!(ours(method.variant.span())=> fn #name #parameter(&self #(, #names: #types)*));
    let allowed = allowing_parameters(1 + names.len());
    quote!(#docs #deprecated #allowed #vis #head -> #gives { #body })
}

fn call(index: usize, method: &Method<'_>) -> TokenStream {
    let arguments: Vec<_> = method.arguments.iter().map(encoded).collect();
    let arguments = tuple(&arguments, ours(method.variant.span()));
    let all_are_values = all_are_values(method);
    let at = answer_span(method);
    let answer = method.returns().map_or(quote!(()), |ty| all_at(at, ty));
    let items = method.rpc.items().map(|ty| all_at(ty.span(), ty));
    let (this, function) = (local("self", at), Ident::new(way(&method.rpc).function, at));
    let outgoing = quote_spanned!(at=> ::rpc_core::Outgoing::new(&__INFO, &__METHODS[#index], &#arguments));
    let call = quote_spanned!(at=> ::rpc_core::Channel::#function::<#(#items,)* #answer>(&#this.channel, #outgoing));
    quote!(#all_are_values #call)
}

/// How a method goes over a channel.
struct Way {
    /// The channel's function.
    function: &'static str,
    /// What that gives, in `rpc_core::returns`.
    gives: &'static str,
}

fn way(rpc: &Rpc) -> Way {
    let (function, gives) = match (&rpc.accepts, &rpc.stream) {
        (None, None) => ("call", "Call"),
        (None, Some(_)) => ("stream", "Stream"),
        (Some(_), None) => ("upload", "Upload"),
        (Some(_), Some(_)) => ("duplex", "Duplex"),
    };
    Way { function, gives }
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
