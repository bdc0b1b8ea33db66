//! Doc comments: as attributes for generated items, as text for the schema.
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The documentation of one item of the user.
pub(crate) struct Docs<'a>(Vec<&'a Attribute>);

impl<'a> Docs<'a> {
    /// The doc comments among an item's attributes.
    pub(crate) fn of(attributes: &'a [Attribute]) -> Self {
        Self(attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).collect())
    }

    /// The lines joined by `\n`, each without the space that follows `///`. Text that a macro makes is not known here.
    pub(crate) fn text(&self) -> String {
        let texts = self.0.iter().filter_map(|attribute| literal(attribute));
        let lines = texts.map(|text| text.split('\n').map(unindented).collect::<Vec<_>>().join("\n"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The attributes for a generated item. `otherwise` is its documentation when the user wrote none:
    /// the user's crate may deny undocumented items, and cannot document ours.
    pub(crate) fn attributes_or(&self, otherwise: &str) -> TokenStream {
        let attributes = &self.0;
        match attributes.is_empty() {
            true => quote!(#[doc = #otherwise]),
            false => quote!(#(#attributes)*),
        }
    }
}

fn literal(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn unindented(line: &str) -> &str {
    line.strip_prefix(' ').unwrap_or(line)
}
