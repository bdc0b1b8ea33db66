//! What may be written at a place of a call's arguments: `entry`, `entry.key`, `list[]`. Words are read by it, and completed.
use crate::method::Method;
use rpc_core::schema::{Body, Field, Type, TypeId, Types};

/// A type may be wrapped in others that show nothing; more than this no person wrote.
const WRAPPERS_MAX: usize = 128;

/// A place, and what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    types: &'a Types,
    here: Here<'a>,
}

/// What is at a place, without options and other wrappers that do not show.
#[derive(Debug, Clone, Copy)]
enum Here<'a> {
    /// Names with values: arguments, a struct.
    Fields(&'a [Field]),
    /// Anything else.
    Type(&'a Type),
    /// Several values without names.
    Unnamed,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Any text as it is.
    Text,
    /// A single word.
    Word,
    /// The bytes of a file, or a word for them.
    Bytes,
    /// Field by field.
    Fields,
    /// Item by item.
    Items,
    /// Key by key.
    Entries,
    /// The name of a variant, or by what the variant holds.
    Choice,
    /// As JSON alone.
    Json,
}

/// A part of a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) doc: &'a str,
    /// What is there; none for a variant that holds nothing.
    pub(crate) place: Option<Place<'a>>,
    /// Its type; none for a variant.
    ty: Option<(&'a Types, TypeId)>,
}

impl<'a> Place<'a> {
    /// All arguments.
    pub(crate) fn of(method: Method<'a>) -> Self {
        Self { types: &method.service.types, here: Here::Fields(&method.schema.arguments) }
    }

    fn value(types: &'a Types, id: TypeId) -> Option<Self> {
        let mut id = id;
        for _ in 0..WRAPPERS_MAX {
            id = match types.get(id)? {
                Type::Option(inside) | Type::Struct { body: Body::Newtype(inside), .. } => *inside,
                Type::Struct { body, .. } if *body != Body::Unit => return Self::body(types, body),
                ty => return Some(Self { types, here: Here::Type(ty) }),
            };
        }
        None
    }

    fn body(types: &'a Types, body: &'a Body) -> Option<Self> {
        match body {
            Body::Unit => None,
            Body::Newtype(id) => Self::value(types, *id),
            Body::Tuple(_) => Some(Self { types, here: Here::Unnamed }),
            Body::Fields(fields) => Some(Self { types, here: Here::Fields(fields) }),
        }
    }

    /// How a value is written here.
    pub(crate) fn form(self) -> Form {
        match self.here {
            Here::Fields(_) => Form::Fields,
            Here::Unnamed => Form::Items,
            Here::Type(ty) => match ty {
                Type::String => Form::Text,
                Type::Bytes => Form::Bytes,
                Type::Sequence(_) | Type::Array(..) | Type::Tuple(_) => Form::Items,
                Type::Map(key, _) if self.is_key(*key) => Form::Entries,
                Type::Map(..) => Form::Json,
                Type::Enum { .. } => Form::Choice,
                _ => Form::Word,
            },
        }
    }

    /// Whether a map's key of this type is written as a name.
    fn is_key(self, key: TypeId) -> bool {
        let Some(Self { here: Here::Type(ty), .. }) = Self::value(self.types, key) else { return false };
        if let Some(Type::Option(_)) = self.types.get(key) {
            return false;
        }
        match ty {
            Type::Enum { variants, .. } => variants.iter().all(|variant| variant.body == Body::Unit),
            Type::Unit | Type::F32 | Type::F64 | Type::Bytes | Type::Sequence(_) | Type::Array(..) => false,
            Type::Tuple(_) | Type::Map(..) | Type::Struct { .. } | Type::Option(_) => false,
            _ => true,
        }
    }

    /// Whether it is true or false.
    pub(crate) fn is_bool(self) -> bool {
        matches!(self.here, Here::Type(Type::Bool))
    }

    /// The fields or variants here; none where names are the caller's own.
    pub(crate) fn parts(self) -> Vec<Part<'a>> {
        let types = self.types;
        match self.here {
            Here::Fields(fields) => {
                let part = |field: &'a Field| Part {
                    name: &field.name,
                    doc: &field.doc,
                    place: Self::value(types, field.ty),
                    ty: Some((types, field.ty)),
                };
                fields.iter().map(part).collect()
            }
            Here::Type(Type::Enum { variants, .. }) => {
                let parts = variants.iter().map(|variant| Part {
                    name: &variant.name,
                    doc: &variant.doc,
                    place: Self::body(types, &variant.body),
                    ty: None,
                });
                parts.collect()
            }
            _ => Vec::new(),
        }
    }

    /// What is behind a dot and this name.
    pub(crate) fn named(self, name: &str) -> Option<Self> {
        match self.here {
            Here::Type(Type::Map(_, value)) => Self::value(self.types, *value),
            _ => self.parts().into_iter().find(|part| part.name == name)?.place,
        }
    }

    /// What is behind `[]`.
    pub(crate) fn item(self) -> Option<Self> {
        match self.here {
            Here::Type(Type::Sequence(item) | Type::Array(item, _)) => Self::value(self.types, *item),
            _ => None,
        }
    }

    /// What is behind a path such as `entry.tags[]`.
    pub(crate) fn behind(self, path: &str) -> Option<Self> {
        path.split('.').try_fold(self, |place, part| match part.strip_suffix("[]") {
            Some(name) => place.named(name)?.item(),
            None => place.named(part),
        })
    }
}

impl Part<'_> {
    /// The name of its type, as Rust would write it; none for a variant.
    pub(crate) fn type_name(&self) -> Option<String> {
        self.ty.map(|(types, id)| types.name_of(id))
    }
}
