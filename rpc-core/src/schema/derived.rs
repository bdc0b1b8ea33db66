//! What the derive says of a type: constants, so that one function describes all types, and none has code of its own for it.
//!
//! Its types mirror those of the table, with functions in place of [`TypeId`]s.
use super::{TypeId, Types};

/// [`Schema::describe`](super::Schema::describe) of a type.
pub type Describe = fn(&mut Types) -> TypeId;

/// A struct or an enum.
#[derive(Debug)]
pub struct Type {
    /// Its name on the wire; `Page` of a `Page<Entry>`.
    pub name: &'static str,
    /// The names of what it is generic over.
    pub arguments: &'static [fn(&mut Types) -> String],
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: &'static str,
    /// What it is made of.
    pub form: Form,
}

/// What a type is made of.
#[derive(Debug)]
pub enum Form {
    /// Fields.
    Struct(Body),
    /// Variants.
    Enum(&'static [Variant]),
}

/// The inside of a struct or of a variant.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Unit,
    /// One unnamed field.
    Newtype(Describe),
    /// Several unnamed fields.
    Tuple(&'static [Describe]),
    /// Named fields.
    Fields(&'static [Field]),
}

/// A named field.
#[derive(Debug)]
pub struct Field {
    /// As serde calls it.
    pub name: &'static str,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: &'static str,
    /// What it holds.
    pub describe: Describe,
}

/// One variant of an enum.
#[derive(Debug)]
pub struct Variant {
    /// As serde calls it.
    pub name: &'static str,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: &'static str,
    /// What follows the index.
    pub body: Body,
}

impl Types {
    /// Enters a derived type. `T` is the type, with `'static` for its lifetimes.
    ///
    /// Its name is made first, and its place is taken under it, so that a type that is mentioned inside itself
    /// (`Node` in a `Page<Node>` that a `Node` contains) has its name already.
    #[doc(hidden)]
    pub fn derived<T: ?Sized + 'static>(&mut self, ty: &'static Type) -> TypeId {
        self.enter_derived(std::any::TypeId::of::<T>(), ty)
    }

    fn enter_derived(&mut self, key: std::any::TypeId, ty: &Type) -> TypeId {
        if let Some(id) = self.entered(key) {
            return id;
        }
        // Making the name enters the type's arguments, and one of those may enter this very type: then it has its place.
        let name = ty.name(self);
        self.enter(key, name.clone(), |types| ty.entry(types, name))
    }

    /// Enters `T`, and gives its name: the derive makes the name of `Page<T>` from it.
    #[doc(hidden)]
    pub fn name_of_type<T: super::Schema + ?Sized>(&mut self) -> String {
        let id = T::describe(self);
        self.name_of(id)
    }
}

impl Type {
    /// `Entry`, or `Page<Entry>`: two instances of a generic type are two types.
    fn name(&self, types: &mut Types) -> String {
        if self.arguments.is_empty() {
            return self.name.to_owned();
        }
        let arguments: Vec<_> = self.arguments.iter().map(|name| name(types)).collect();
        format!("{}<{}>", self.name, arguments.join(", "))
    }

    fn entry(&self, types: &mut Types, name: String) -> super::Type {
        let doc = self.doc.to_owned();
        match &self.form {
            Form::Struct(body) => super::Type::Struct { name, doc, body: body.entry(types) },
            Form::Enum(variants) => {
                let variants = variants.iter().map(|variant| variant.entry(types)).collect();
                super::Type::Enum { name, doc, variants }
            }
        }
    }
}

impl Body {
    fn entry(&self, types: &mut Types) -> super::Body {
        match self {
            Body::Unit => super::Body::Unit,
            Body::Newtype(describe) => super::Body::Newtype(describe(types)),
            Body::Tuple(fields) => super::Body::Tuple(fields.iter().map(|describe| describe(types)).collect()),
            Body::Fields(fields) => super::Body::Fields(fields.iter().map(|field| field.entry(types)).collect()),
        }
    }
}

impl Field {
    fn entry(&self, types: &mut Types) -> super::Field {
        super::Field { name: self.name.to_owned(), doc: self.doc.to_owned(), ty: (self.describe)(types) }
    }
}

impl Variant {
    fn entry(&self, types: &mut Types) -> super::Variant {
        super::Variant { name: self.name.to_owned(), doc: self.doc.to_owned(), body: self.body.entry(types) }
    }
}
