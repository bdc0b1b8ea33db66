//! `impl Schema`: enters a type, and all that it is made of, into a table.
use super::bounded;
use crate::{
    names::local,
    schema::model::{Body, Described, Field, Form, Variant},
    types, values,
};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{GenericParam, Type, parse_quote, spanned::Spanned};

pub(crate) fn code(described: &Described<'_>) -> TokenStream {
    let ident = described.ident;
    let generics = bounded(described.generics, &parse_quote!(::rpc_core::Schema));
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let target = quote!(#ident #ty_generics #where_clause);
    let body = match &described.form {
        Form::Transparent(ty) => {
            let (describe, types) = (by_schema(ty), local("types", ty.span()));
            quote_spanned!(ty.span()=> #describe(#types))
        }
        Form::Struct(body) => named(described, &body_struct(described, body)),
        Form::Enum(variants) => named(described, &body_enum(variants)),
    };
    implementation(&quote!(#impl_generics), &target, &body)
}

/// `impl Schema for #target`, with `types` in the body's scope.
pub(super) fn implementation(impl_generics: &TokenStream, target: &TokenStream, body: &TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl #impl_generics ::rpc_core::Schema for #target {
            fn describe(types: &mut ::rpc_core::schema::Types) -> ::rpc_core::schema::TypeId {
                #body
            }
        }
    }
}

/// A type with a name has one place, however often it is mentioned; a type that contains itself finds itself there.
fn named(described: &Described<'_>, form: &TokenStream) -> TokenStream {
    let Described { ident, name, doc, .. } = described;
    let (_, ty_generics, _) = described.generics.split_for_impl();
    // The place is looked up by Rust's type id, which only types without a lifetime of their own have.
    let key: Type = parse_quote!(#ident #ty_generics);
    let key = types::forever(&key);
    let arguments = described.generics.params.iter().filter_map(name_of_argument);
    quote! {
        types.derived::<#key>(&::rpc_core::__private::derived::Type {
            name: #name,
            arguments: &[#(#arguments),*],
            doc: #doc,
            form: #form,
        })
    }
}

/// The function that names what a type is generic over: two instances of it are two types.
fn name_of_argument(parameter: &GenericParam) -> Option<TokenStream> {
    match parameter {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(parameter) => {
            let ident = &parameter.ident;
            Some(quote!(::rpc_core::schema::Types::name_of_type::<#ident>))
        }
        GenericParam::Const(parameter) => {
            let ident = &parameter.ident;
            Some(quote!(|_| ::std::string::ToString::to_string(&#ident)))
        }
    }
}

/// A struct that travels field by field asks for `Value` there: where it asks here as well, a type that has none is one
/// error. Type parameters have nothing but their schema here.
fn body_struct(described: &Described<'_>, body: &Body<'_>) -> TokenStream {
    let is_by_value = described.travels_by_field().is_some() && described.generics.params.is_empty();
    let body = body_code(body, if is_by_value { values::describe } else { by_schema });
    quote!(::rpc_core::__private::derived::Form::Struct(#body))
}

fn body_enum(variants: &[Variant<'_>]) -> TokenStream {
    let variants = variants.iter().map(variant);
    quote!(::rpc_core::__private::derived::Form::Enum(&[#(#variants),*]))
}

fn variant(variant: &Variant<'_>) -> TokenStream {
    let Variant { name, doc, body } = variant;
    let body = body_code(body, by_schema);
    quote!(::rpc_core::__private::derived::Variant { name: #name, doc: #doc, body: #body })
}

fn body_code(body: &Body<'_>, describe: fn(&Type) -> TokenStream) -> TokenStream {
    let of = |field: &Field<'_>| describe(field.ty);
    let form = quote!(::rpc_core::__private::derived::Body);
    match body {
        Body::Unit => quote!(#form::Unit),
        Body::Newtype(only) => {
            let only = of(only);
            quote!(#form::Newtype(#only))
        }
        Body::Tuple(fields) => {
            let fields = fields.iter().map(of);
            quote!(#form::Tuple(&[#(#fields),*]))
        }
        Body::Fields(fields) => {
            let fields = fields.iter().map(|each| field(each, &of(each)));
            quote!(#form::Fields(&[#(#fields),*]))
        }
    }
}

fn field(field: &Field<'_>, describe: &TokenStream) -> TokenStream {
    let Field { name, doc, .. } = field;
    quote!(::rpc_core::__private::derived::Field { name: #name, doc: #doc, describe: #describe })
}

/// The function that describes a type, at the type's span: a type that has no schema is reported where it stands.
fn by_schema(ty: &Type) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as ::rpc_core::Schema>::describe)
}
