//! A service in our own words. No tokens are produced here.
use crate::{docs::Docs, names};
use proc_macro2::{Span, TokenStream};
use std::time::Duration;
use syn::{Attribute, Generics, Ident, Type, ext::IdentExt};

/// The enum.
pub(crate) struct Service<'a> {
    pub(crate) ident: &'a Ident,
    /// The enum's visibility, with spans of ours.
    pub(crate) vis: TokenStream,
    /// At most one lifetime, once checked.
    pub(crate) generics: &'a Generics,
    pub(crate) docs: Docs<'a>,
    /// One per variant, in their order.
    pub(crate) methods: Vec<Method<'a>>,
}

/// One variant.
pub(crate) struct Method<'a> {
    pub(crate) variant: &'a Ident,
    /// The variant's name in snake case, as Rust writes it: `r#type`.
    pub(crate) name: Ident,
    pub(crate) docs: Docs<'a>,
    /// Carried over to the client's method, so that callers are warned.
    pub(crate) deprecated: Option<&'a Attribute>,
    /// In the order of the fields, in which they travel.
    pub(crate) arguments: Vec<Argument<'a>>,
    /// `None`: `#[rpc(..)]` is missing or wrong, which is reported already.
    pub(crate) rpc: Option<Rpc>,
}

/// One field.
pub(crate) struct Argument<'a> {
    pub(crate) name: Ident,
    pub(crate) ty: &'a Type,
    pub(crate) docs: Docs<'a>,
}

/// What `#[rpc(..)]` says, key by key.
#[derive(Default)]
pub(crate) struct Rpc {
    pub(crate) returns: Option<Type>,
    /// The items that the server sends before it answers.
    pub(crate) stream: Option<Type>,
    /// The items that the client sends after its request.
    pub(crate) accepts: Option<Type>,
    pub(crate) oneway: Option<Span>,
    pub(crate) idempotent: Option<Span>,
    pub(crate) blocking: Option<Span>,
    pub(crate) timeout: Option<Duration>,
}

/// How the two sides talk. The shapes with streams will be further variants.
#[derive(Clone, Copy)]
pub(crate) enum Shape<'m> {
    /// One request, one answer of this type.
    Unary(&'m Type),
    /// One request, no answer.
    OneWay,
}

impl Service<'_> {
    /// A name that the derive adds beside the enum: `KvClient`.
    pub(crate) fn beside(&self, suffix: &str) -> Ident {
        let name = format!("{}{suffix}", self.ident.unraw());
        Ident::new(&name, names::ours(self.ident.span()))
    }

    /// All types that the user wrote.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        self.methods.iter().flat_map(|method| {
            let arguments = method.arguments.iter().map(|argument| argument.ty);
            arguments.chain(method.rpc.as_ref().and_then(|rpc| rpc.returns.as_ref()))
        })
    }
}

impl Method<'_> {
    /// How the two sides talk; `None` if that is reported as a mistake.
    pub(crate) fn shape(&self) -> Option<Shape<'_>> {
        self.rpc.as_ref().and_then(Rpc::shape)
    }

    /// The name in the schema: `type`.
    pub(crate) fn wire_name(&self) -> String {
        self.name.unraw().to_string()
    }
}

impl Rpc {
    fn shape(&self) -> Option<Shape<'_>> {
        match (&self.returns, self.oneway) {
            (Some(returns), _) => Some(Shape::Unary(returns)),
            (None, Some(_)) => Some(Shape::OneWay),
            (None, None) => None,
        }
    }

    /// Whether no key says how the two sides talk.
    pub(crate) fn is_silent(&self) -> bool {
        self.returns.is_none() && self.stream.is_none() && self.accepts.is_none() && self.oneway.is_none()
    }
}
