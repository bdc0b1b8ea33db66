//! What may be written at a place of a call's arguments: `entry`, `entry.key`, `list[]`. Words are read by it, and completed.
use crate::method::Method;
use rpc_core::schema::{Body, Field, Type, TypeId, Types};

/// A type may be wrapped in others that show nothing; more than this no person wrote.
const WRAPPERS_MAX: usize = 128;

/// What the word for the inside of an option is, where that can itself be null.
const SOME: &str = "some";

/// A place, and what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    types: &'a Types,
    here: Here<'a>,
    /// Whether null is a value here.
    can_be_null: bool,
}

/// What is at a place, without options and other wrappers that do not show.
#[derive(Debug, Clone, Copy)]
enum Here<'a> {
    /// Names with values: arguments, a struct.
    Fields(&'a [Field]),
    /// A `std::time::Duration`.
    Time(&'a [Field]),
    /// Anything else.
    Type(&'a Type),
    /// Several values without names.
    Unnamed(&'a [TypeId]),
    /// An option whose inside can itself be null.
    Some(TypeId),
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
    /// null, or behind the word `some`.
    Some,
    /// `300ms`; or field by field.
    Time,
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
        Self { types: &method.service.types, here: Here::Fields(&method.schema.arguments), can_be_null: false }
    }

    fn value(types: &'a Types, id: TypeId) -> Option<Self> {
        let (mut id, can_be_null) = (id, is_nullable(types, id));
        for _ in 0..WRAPPERS_MAX {
            let here = match types.get(id)? {
                Type::Option(inside) if is_nullable(types, *inside) => Here::Some(*inside),
                Type::Option(inside) | Type::Struct { body: Body::Newtype(inside), .. } => {
                    id = *inside;
                    continue;
                }
                Type::Struct { name, body: Body::Fields(fields), .. } if is_time(types, name, fields) => {
                    Here::Time(fields)
                }
                Type::Struct { body: Body::Fields(fields), .. } => Here::Fields(fields),
                Type::Struct { body: Body::Tuple(ids), .. } | Type::Tuple(ids) => Here::Unnamed(ids),
                ty => Here::Type(ty),
            };
            return Some(Self { types, here, can_be_null });
        }
        None
    }

    fn body(types: &'a Types, body: &'a Body) -> Option<Self> {
        let here = match body {
            Body::Unit => return None,
            Body::Newtype(id) => return Self::value(types, *id),
            Body::Tuple(ids) => Here::Unnamed(ids),
            Body::Fields(fields) => Here::Fields(fields),
        };
        Some(Self { types, here, can_be_null: false })
    }

    /// Whether null is a value here.
    pub(crate) fn can_be_null(self) -> bool {
        self.can_be_null
    }

    /// How a value is written here.
    pub(crate) fn form(self) -> Form {
        match self.here {
            Here::Fields(_) => Form::Fields,
            Here::Time(_) => Form::Time,
            Here::Unnamed(_) => Form::Items,
            Here::Some(_) => Form::Some,
            Here::Type(ty) => match ty {
                Type::String => Form::Text,
                Type::Bytes => Form::Bytes,
                Type::Sequence(_) | Type::Array(..) => Form::Items,
                Type::Map(key, _) if self.is_key(*key) => Form::Entries,
                Type::Map(..) => Form::Json,
                Type::Enum { .. } => Form::Choice,
                _ => Form::Word,
            },
        }
    }

    /// Whether a map's key of this type is written as a name.
    fn is_key(self, key: TypeId) -> bool {
        let Some(Self { here: Here::Type(ty), can_be_null: false, .. }) = Self::value(self.types, key) else {
            return false;
        };
        match ty {
            Type::Enum { variants, .. } => variants.iter().all(|variant| variant.body == Body::Unit),
            Type::F32 | Type::F64 | Type::Bytes | Type::Fd | Type::Sequence(_) | Type::Array(..) | Type::Map(..) => {
                false
            }
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
            Here::Fields(fields) | Here::Time(fields) => {
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
            Here::Some(inside) => {
                let (place, ty) = (Self::value(types, inside), Some((types, inside)));
                vec![Part { name: SOME, doc: "", place, ty }]
            }
            Here::Type(_) | Here::Unnamed(_) => Vec::new(),
        }
    }

    /// What is behind a dot and this name.
    pub(crate) fn named(self, name: &str) -> Option<Self> {
        match self.here {
            Here::Type(Type::Map(_, value)) => Self::value(self.types, *value),
            _ => self.parts().into_iter().find(|part| part.name == name)?.place,
        }
    }

    /// What is behind each `[]`, if all are alike.
    pub(crate) fn item(self) -> Option<Self> {
        match self.here {
            Here::Type(Type::Sequence(item) | Type::Array(item, _)) => Self::value(self.types, *item),
            _ => None,
        }
    }

    /// What is behind the `[]` with so many before it.
    pub(crate) fn nth(self, index: usize) -> Option<Self> {
        match self.here {
            Here::Unnamed(ids) => Self::value(self.types, *ids.get(index)?),
            _ => self.item(),
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

/// Whether a struct is `std::time::Duration`, as rpc-core describes it.
fn is_time(types: &Types, name: &str, fields: &[Field]) -> bool {
    let is = |field: &Field, name, ty| field.name == name && types.get(field.ty) == Some(&ty);
    matches!(fields, [secs, nanos] if name == "Duration" && is(secs, "secs", Type::U64) && is(nanos, "nanos", Type::U32))
}

/// Whether null is a value of a type.
fn is_nullable(types: &Types, id: TypeId) -> bool {
    let mut id = id;
    for _ in 0..WRAPPERS_MAX {
        match types.get(id) {
            Some(Type::Struct { body: Body::Newtype(inside), .. }) => id = *inside,
            ty => return matches!(ty, Some(Type::Option(_) | Type::Unit | Type::Struct { body: Body::Unit, .. })),
        }
    }
    false
}
