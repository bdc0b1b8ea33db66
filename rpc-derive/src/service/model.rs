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
    /// What `#[rpc(..)]` says, as far as it can be read.
    pub(crate) rpc: Rpc,
    /// Whether `rpc` can be acted on. What it lacks, or has wrong, is reported already.
    pub(crate) is_sound: bool,
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
    /// Beside items it is `()` unless the user says otherwise.
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

/// How the two sides talk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// One request, one answer.
    Unary,
    /// One request, no answer.
    OneWay,
    /// One request, items, one answer.
    Stream,
    /// One request with items behind it, one answer.
    Upload,
    /// One request with items behind it, items, one answer.
    Duplex,
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
            arguments.chain(method.rpc.items()).chain(&method.rpc.returns)
        })
    }
}

impl Method<'_> {
    /// How the two sides talk; `None` if that is reported as a mistake.
    pub(crate) fn shape(&self) -> Option<Shape> {
        self.rpc.shape().filter(|_| self.is_sound)
    }

    /// What it answers; `None` if that is nothing, or reported as a mistake.
    pub(crate) fn returns(&self) -> Option<&Type> {
        self.rpc.returns.as_ref().filter(|_| self.is_sound)
    }

    /// The name in the schema: `type`.
    pub(crate) fn wire_name(&self) -> String {
        self.name.unraw().to_string()
    }
}

impl Rpc {
    fn shape(&self) -> Option<Shape> {
        match (&self.accepts, &self.stream, &self.returns) {
            (Some(_), Some(_), Some(_)) => Some(Shape::Duplex),
            (Some(_), None, Some(_)) => Some(Shape::Upload),
            (None, Some(_), Some(_)) => Some(Shape::Stream),
            (None, None, Some(_)) => Some(Shape::Unary),
            (None, None, None) => self.oneway.map(|_| Shape::OneWay),
            (_, _, None) => None,
        }
    }

    /// The types of the items, the client's first.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Type> {
        self.accepts.iter().chain(&self.stream)
    }

    /// Whether no key says how the two sides talk.
    pub(crate) fn is_silent(&self) -> bool {
        self.returns.is_none() && self.oneway.is_none() && self.items().next().is_none()
    }
}
