//! All mistakes of one type, collected, so that one build shows them all.
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::fmt::Display;
use syn::Error;

/// What was found wrong so far.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// A mistake that all of `tokens` make.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(Error::new_spanned(tokens, message));
    }

    /// A mistake at one place.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.add(Error::new(span, message));
    }

    /// A mistake that syn found.
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The mistakes as the code that makes rustc report them; `None` if there are none.
    pub(crate) fn into_code(self) -> Option<TokenStream> {
        self.0.map(Error::into_compile_error)
    }
}
