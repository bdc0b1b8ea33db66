//! A value type in our own words: what its schema says. No tokens are produced here.
use proc_macro2::Span;
use syn::{Generics, Ident, Member, Type};

/// The longest tuple that serde knows.
const FIELDS_MAX: usize = 16;

/// A struct or an enum.
pub(crate) struct Described<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// As serde calls it.
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) form: Form<'a>,
    /// Whether any of serde's attributes is there: then the type travels as they say, by serde.
    pub(crate) has_serde_attributes: bool,
}

/// What a type is on the wire.
pub(crate) enum Form<'a> {
    Struct(Body<'a>),
    Enum(Vec<Variant<'a>>),
    /// `#[serde(transparent)]`: it is its one field.
    Transparent(&'a Type),
}

/// One variant that travels.
pub(crate) struct Variant<'a> {
    /// As serde calls it.
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) body: Body<'a>,
}

/// The inside of a struct or of a variant, without the fields that do not travel.
pub(crate) enum Body<'a> {
    Unit,
    /// One unnamed field.
    Newtype(Field<'a>),
    /// Unnamed fields.
    Tuple(Vec<Field<'a>>),
    /// Named fields.
    Fields(Vec<Field<'a>>),
}

/// One field that travels.
pub(crate) struct Field<'a> {
    /// As serde calls it; unnamed fields have none.
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) ty: &'a Type,
    /// How code reaches it in a value.
    pub(crate) member: Member,
}

impl Described<'_> {
    /// Whether it can be an answer: with a lifetime it would borrow from the message that it came in.
    pub(crate) fn is_owned(&self) -> bool {
        self.generics.lifetimes().next().is_none()
    }

    /// The fields of a plain struct: it travels field by field, as a tuple, so that bytes in it travel as one block.
    /// A type with serde's attributes travels as they say, by serde.
    pub(crate) fn travels_by_field(&self) -> Option<&[Field<'_>]> {
        let Form::Struct(body) = &self.form else { return None };
        let fields = body.fields();
        let is_plain = !self.has_serde_attributes && self.is_owned() && (1..=FIELDS_MAX).contains(&fields.len());
        is_plain.then_some(fields)
    }

    /// Where an error about the whole type belongs.
    pub(crate) fn span(&self) -> Span {
        self.ident.span()
    }
}

impl<'a> Body<'a> {
    /// The fields in the order in which they travel.
    pub(crate) fn fields(&self) -> &[Field<'a>] {
        match self {
            Self::Unit => &[],
            Self::Newtype(field) => std::slice::from_ref(field),
            Self::Tuple(fields) | Self::Fields(fields) => fields,
        }
    }
}
