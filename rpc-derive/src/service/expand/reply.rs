//! `enum KvReply`: every answer of the service as one value, for recordings, golden bytes and tests.
//!
//! Its serde impls are ours, and not serde's derive, so that bytes in answers travel as one block. What they write is what
//! serde's derive would: by index in postcard, by the variant's name in JSON.
use crate::{
    names::{all_at, local},
    service::model::{Method, Service},
    values::is_value,
};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ext::IdentExt, spanned::Spanned};

/// The type.
pub(crate) fn item(service: &Service<'_>) -> TokenStream {
    let Service { ident, vis, .. } = service;
    let reply = service.beside("Reply");
    let doc = format!(
        "What the methods of [`{ident}`] answer, as it travels: the method's index, then its answer. \
         For recordings and tests; a client decodes only the answer of its own method."
    );
    let variants = service.methods.iter().map(variant);
    quote! {
        #[doc = #doc]
        #[derive(::core::fmt::Debug)]
        #vis enum #reply {
            #(#variants),*
        }
    }
}

fn variant(method: &Method<'_>) -> TokenStream {
    let name = ours(method);
    let method_name = method.wire_name();
    let doc = match method.returns() {
        Some(_) if method.rpc.stream.is_some() => format!("What `{method_name}` answers behind its items."),
        Some(_) => format!("What `{method_name}` answers."),
        None => format!("Holds the place of `{method_name}`, which answers nothing."),
    };
    match method.returns() {
        Some(ty) => quote!(#[doc = #doc] #name(#ty)),
        None => quote!(#[doc = #doc] #name),
    }
}

/// The variant, pointing at the user's.
fn ours(method: &Method<'_>) -> Ident {
    let mut name = method.variant.clone();
    name.set_span(crate::names::ours(name.span()));
    name
}

/// The serde impls.
pub(crate) fn code(service: &Service<'_>) -> TokenStream {
    let reply = service.beside("Reply");
    let name = reply.unraw().to_string();
    let write = (0u32..).zip(&service.methods).map(|(index, method)| write(&reply, &name, index, method));
    let names = service.methods.iter().map(|method| method.variant.unraw().to_string());
    let serialize = serialize(&reply, &quote!(match self { #(#write)* }));
    let deserialize = deserialize(
        &reply,
        &quote! {
            ::rpc_core::__private::serde::Deserializer::deserialize_enum(deserializer, #name, __NAMES, __Visitor)
        },
    );
    let visitor = visitor(service, &reply);
    quote! {
        #serialize
        const __NAMES: &[&str] = &[#(#names),*];
        #visitor
        #deserialize
    }
}

fn visitor(service: &Service<'_>, reply: &Ident) -> TokenStream {
    let expecting = format!("an answer of {}", service.ident.unraw());
    let read = service.methods.iter().enumerate().map(|(index, method)| read(reply, index, method));
    quote! {
        struct __Visitor;
        #[automatically_derived]
        impl<'de> ::rpc_core::__private::serde::de::Visitor<'de> for __Visitor {
            type Value = #reply;
            fn expecting(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#expecting)
            }
            fn visit_enum<__A: ::rpc_core::__private::serde::de::EnumAccess<'de>>(
                self,
                access: __A,
            ) -> ::core::result::Result<#reply, __A::Error> {
                let names = ::rpc_core::__private::VariantIndex(__NAMES);
                let (index, body) = ::rpc_core::__private::serde::de::EnumAccess::variant_seed(access, names)?;
                match index {
                    #(#read)*
                    _ => ::core::result::Result::Err(::rpc_core::__private::serde::de::Error::custom("no such answer")),
                }
            }
        }
    }
}

/// The same impls, which do nothing.
pub(super) fn shape(service: &Service<'_>) -> TokenStream {
    let reply = service.beside("Reply");
    let serialize = serialize(&reply, &quote!(let _ = serializer; ::core::unreachable!()));
    let deserialize = deserialize(&reply, &quote!(let _ = deserializer; ::core::unreachable!()));
    quote!(#serialize #deserialize)
}

fn serialize(reply: &Ident, body: &TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::rpc_core::__private::serde::Serialize for #reply {
            fn serialize<__S: ::rpc_core::__private::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #body
            }
        }
    }
}

fn deserialize(reply: &Ident, body: &TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl<'de> ::rpc_core::__private::serde::Deserialize<'de> for #reply {
            fn deserialize<__D: ::rpc_core::__private::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #body
            }
        }
    }
}

fn write(reply: &Ident, reply_name: &str, index: u32, method: &Method<'_>) -> TokenStream {
    let (variant, name) = (method.variant, method.variant.unraw().to_string());
    let serializer = quote!(::rpc_core::__private::serde::Serializer);
    let Some(ty) = method.returns() else {
        return quote!(#reply::#variant => #serializer::serialize_unit_variant(serializer, #reply_name, #index, #name),);
    };
    let answer_is_value = is_value(ty);
    let answer = local("answer", ty.span());
    let answer = quote_spanned!(ty.span()=> &::rpc_core::__private::Ours(#answer));
    quote! {
        #reply::#variant(answer) => {
            #answer_is_value
            #serializer::serialize_newtype_variant(serializer, #reply_name, #index, #name, #answer)
        }
    }
}

fn read(reply: &Ident, index: usize, method: &Method<'_>) -> TokenStream {
    let variant = method.variant;
    let Some(ty) = method.returns() else {
        let access = quote!(::rpc_core::__private::serde::de::VariantAccess);
        return quote!(#index => #access::unit_variant(body).map(|()| #reply::#variant),);
    };
    let answer_is_value = is_value(ty);
    let at = ty.span();
    let (ty, body) = (all_at(at, ty), local("body", at));
    let own = quote_spanned!(at=> ::rpc_core::__private::Own<#ty>);
    let read = quote_spanned!(at=> ::rpc_core::__private::serde::de::VariantAccess::newtype_variant::<#own>(#body));
    quote! {
        #index => {
            #answer_is_value
            #read.map(|answer| #reply::#variant(answer.0))
        }
    }
}
