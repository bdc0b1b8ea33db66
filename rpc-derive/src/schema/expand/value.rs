//! `impl Value`, for a type that owns its data.
use super::bounded;
use crate::{
    names::local,
    schema::model::{Described, Field},
    values::is_value,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Member, parse_quote, spanned::Spanned};

pub(crate) fn code(described: &Described<'_>) -> Option<TokenStream> {
    if !described.is_owned() {
        return None;
    }
    let ident = described.ident;
    let mut generics = bounded(described.generics, &parse_quote!(::rpc_core::Value));
    if described.has_serde_attributes && generics.type_params().next().is_some() {
        // `default`, `skip` and `bound` change what serde's own impls ask of the parameters: ask for those impls.
        let (_, ty_generics, _) = described.generics.split_for_impl();
        let itself = quote!(#ident #ty_generics);
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(#itself: ::rpc_core::__private::serde::Serialize));
        clause.predicates.push(parse_quote!(#itself: ::rpc_core::__private::serde::de::DeserializeOwned));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let hooks = hooks(described);
    // The span makes "`Serialize` is not satisfied" point at the type's name.
    Some(quote_spanned! {described.span()=>
        #[automatically_derived]
        impl #impl_generics ::rpc_core::Value for #ident #ty_generics #where_clause { #hooks }
    })
}

/// Field by field, for the types that travel so. In a format for people they travel by serde all the same: there their
/// fields have names.
fn hooks(described: &Described<'_>) -> Option<TokenStream> {
    let fields = described.travels_by_field()?;
    let members = fields.iter().map(|field| &field.member);
    let names: Vec<_> = (0..fields.len()).map(|place| format_ident!("field{place}")).collect();
    let are_values: TokenStream = fields.iter().map(|field| is_value(field.ty)).collect();
    let written = fields.iter().map(written);
    Some(quote! {
        fn wire_write<__S: ::rpc_core::__private::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            #are_values
            ::rpc_core::__private::write_fields(self, &(#(#written,)*), serializer)
        }
        fn wire_read<'de, __D: ::rpc_core::__private::serde::Deserializer<'de>>(
            deserializer: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            #are_values
            ::rpc_core::__private::read_fields(
                deserializer,
                |(#(::rpc_core::__private::Own(#names),)*)| Self { #(#members: #names),* },
            )
        }
    })
}

/// At the field's type, where `is_value` has reported it if it is none.
fn written(field: &Field<'_>) -> TokenStream {
    let at = field.ty.span();
    let (this, mut member) = (local("self", at), field.member.clone());
    match &mut member {
        Member::Named(name) => name.set_span(at),
        Member::Unnamed(index) => index.span = at,
    }
    quote_spanned!(at=> ::rpc_core::__private::Ours(&#this.#member))
}
