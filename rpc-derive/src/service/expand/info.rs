//! What is known about the service at compile time: the statics `__METHODS` and `__INFO`, and `impl Service`.
use super::{Passing, any_lifetime, passing};
use crate::{
    names::ours,
    service::model::{Argument, Method, Service, Shape},
    types, values,
};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use std::time::Duration;
use syn::{Type, ext::IdentExt, spanned::Spanned};

pub(crate) fn code(service: &Service<'_>) -> TokenStream {
    let methods: Vec<_> = (0u32..).zip(&service.methods).map(|(index, method)| info(index, method)).collect();
    let count = methods.len();
    let implementation = implementation(service, &service.docs.text());
    quote! {
        static __METHODS: [::rpc_core::Method; #count] = [#(#methods),*];
        #implementation
    }
}

/// A service of no methods.
pub(super) fn shape(service: &Service<'_>) -> TokenStream {
    let implementation = implementation(service, "");
    quote! {
        static __METHODS: [::rpc_core::Method; 0] = [];
        #implementation
    }
}

fn implementation(service: &Service<'_>, doc: &str) -> TokenStream {
    let name = service.ident.unraw().to_string();
    let (this, client) = (any_lifetime(service), service.beside("Client"));
    quote! {
        static __INFO: ::rpc_core::ServiceInfo = ::rpc_core::ServiceInfo::new(#name, #doc, &__METHODS);
        #[automatically_derived]
        impl ::rpc_core::Service for #this {
            const INFO: &'static ::rpc_core::ServiceInfo = &__INFO;
            type Client<C: ::rpc_core::Channel> = #client<C>;
            fn client<C: ::rpc_core::Channel>(channel: C) -> #client<C> {
                #client { channel }
            }
        }
    }
}

fn info(index: u32, method: &Method<'_>) -> TokenStream {
    let (Some(shape), rpc) = (method.shape(), &method.rpc) else { return TokenStream::new() };
    let (name, doc) = (method.wire_name(), method.docs.text());
    let shape = match shape {
        Shape::Unary => quote!(Unary),
        Shape::OneWay => quote!(OneWay),
        Shape::Stream => quote!(Stream),
        Shape::Upload => quote!(Upload),
        Shape::Duplex => quote!(Duplex),
    };
    let (accepts, stream) = (optional(rpc.accepts.as_ref()), optional(rpc.stream.as_ref()));
    let nothing = || quote!(<() as ::rpc_core::Schema>::describe);
    let returns = method.returns().map_or_else(nothing, values::describe);
    let (idempotent, blocking) = (rpc.idempotent.is_some(), rpc.blocking.is_some());
    let timeout = timeout(rpc.timeout);
    let arguments = method.arguments.iter().map(argument);
    quote_spanned! {ours(method.variant.span())=>
        ::rpc_core::Method {
            name: #name,
            doc: #doc,
            index: #index,
            shape: ::rpc_core::Shape::#shape,
            idempotent: #idempotent,
            blocking: #blocking,
            timeout: #timeout,
            arguments: &[#(#arguments),*],
            accepts: #accepts,
            stream: #stream,
            returns: #returns,
        }
    }
}

/// The function that describes a type, if there is one.
fn optional(ty: Option<&Type>) -> TokenStream {
    match ty.map(values::describe) {
        Some(describe) => quote!(::core::option::Option::Some(#describe)),
        None => quote!(::core::option::Option::None),
    }
}

fn timeout(time: Option<Duration>) -> TokenStream {
    let Some(time) = time else { return quote!(::core::option::Option::None) };
    // The grammar's smallest unit is the millisecond, and it refuses what does not fit.
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#millis)))
}

fn argument(argument: &Argument<'_>) -> TokenStream {
    let (name, doc) = (argument.name.unraw().to_string(), argument.docs.text());
    let describe = match passing(argument) {
        Passing::Owned => values::describe(argument.ty),
        Passing::Bytes | Passing::Borrowed => {
            let ty = types::forever(argument.ty);
            quote_spanned!(argument.ty.span()=> <#ty as ::rpc_core::Schema>::describe)
        }
    };
    quote!(::rpc_core::Argument { name: #name, doc: #doc, describe: #describe })
}
