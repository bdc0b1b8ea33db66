//! `Kv::connect`, `Kv::client` and `Kv::serve`: on the enum, so that no method's name is taken.
use super::any_lifetime;
use crate::service::model::Service;
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn code(service: &Service<'_>) -> TokenStream {
    functions(service, &quote!(impl ::rpc_core::Handler + use<H>), &quote!(__Serve(handler)))
}

/// The same functions; nothing can be served.
pub(super) fn shape(service: &Service<'_>) -> TokenStream {
    let served = quote!(::std::boxed::Box<dyn ::rpc_core::Handler>);
    functions(
        service,
        &served,
        &quote!({
            let _ = handler;
            ::core::unreachable!()
        }),
    )
}

fn functions(service: &Service<'_>, served: &TokenStream, serve: &TokenStream) -> TokenStream {
    let Service { ident, vis, .. } = service;
    let this = any_lifetime(service);
    let (client, handler) = (service.beside("Client"), service.beside("Handler"));
    let docs = [
        format!("Connects to a [`{ident}`] server at `address`.\n\n# Errors\nWhen nobody serves [`{ident}`] there."),
        format!("A client of [`{ident}`] over `channel`."),
        format!("`handler` as a [`{ident}`] service: for a server, or for a connection in this process."),
    ];
    let [connect_doc, client_doc, serve_doc] = &docs;
    quote! {
        #[automatically_derived]
        impl #this {
            #[doc = #connect_doc]
            #vis fn connect(address: &str) -> ::core::result::Result<#client, ::rpc_core::Error> {
                let service = <#this as ::rpc_core::Service>::INFO;
                ::core::result::Result::Ok(#client { channel: ::rpc_core::Connect::new(address).service(service).connect()? })
            }
            #[doc = #client_doc]
            #vis fn client<C: ::rpc_core::Channel>(channel: C) -> #client<C> {
                #client { channel }
            }
            #[doc = #serve_doc]
            #vis fn serve<H: #handler>(handler: H) -> #served {
                #serve
            }
        }
    }
}
