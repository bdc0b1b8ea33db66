//! Generated code that asks for `rpc_core::Value`: always in the same words, and at the user's type.
//!
//! A type that is no `Value` is wrong in all code that moves one. rustc shows errors once that are the same in every word
//! and place. So such code states first that its types are values, and what would fail after that is at the same place.
use crate::names::all_at;
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{Type, spanned::Spanned};

/// The statement that a type is a `Value`.
pub(crate) fn is_value(ty: &Type) -> TokenStream {
    let describe = describe(ty);
    quote_spanned!(ty.span()=> let _ = #describe;)
}

/// The function that describes a type which must be a `Value`.
pub(crate) fn describe(ty: &Type) -> TokenStream {
    let at = ty.span();
    let ty = all_at(at, ty);
    quote_spanned!(at=> ::rpc_core::__private::describe::<#ty>)
}
