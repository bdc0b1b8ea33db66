//! The flat table of types.
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The place of a type in its [`Types`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, crate::Schema)]
pub struct TypeId(pub u32);

/// What a value looks like on the wire. Everything that postcard writes is one of these.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, crate::Schema)]
#[expect(missing_docs, reason = "the primitive types say what they are")]
pub enum Type {
    Unit,
    Bool,
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    F32,
    F64,
    Char,
    String,
    /// A list of `u8`: the wire form of a sequence of `U8`, but one block.
    Bytes,
    Option(TypeId),
    /// A list, or a set.
    Sequence(TypeId),
    /// As many as the number says: no length on the wire.
    Array(TypeId, u32),
    Tuple(Vec<TypeId>),
    Map(TypeId, TypeId),
    Struct {
        name: String,
        doc: String,
        body: Body,
    },
    Enum {
        name: String,
        doc: String,
        variants: Vec<Variant>,
    },
    /// A file descriptor beside the message: its place there as a varint.
    Fd,
}

/// The inside of a struct or of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, crate::Schema)]
pub enum Body {
    /// Nothing: no bytes on the wire.
    Unit,
    /// One unnamed field: the wire form of that field.
    Newtype(TypeId),
    /// Several unnamed fields, one after the other.
    Tuple(Vec<TypeId>),
    /// Named fields, one after the other; their names do not travel.
    Fields(Vec<Field>),
}

/// A named field of a struct or variant, or an argument of a method.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, crate::Schema)]
pub struct Field {
    /// As serde calls it.
    pub name: String,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: String,
    /// What it holds.
    pub ty: TypeId,
}

/// One variant of an enum. On the wire it is its index in the enum, as a varint, then its body.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, crate::Schema)]
pub struct Variant {
    /// As serde calls it.
    pub name: String,
    /// Its documentation, lines joined by `\n`, may be empty.
    pub doc: String,
    /// What follows the index.
    pub body: Body,
}

/// The types that a service mentions, each once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, crate::Schema)]
pub struct Types {
    table: Vec<Type>,
    /// Where user types are, while the table is made: a type that contains itself finds itself here.
    #[serde(skip)]
    named: HashMap<std::any::TypeId, TypeId>,
}

impl PartialEq for Types {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}
impl Eq for Types {}

impl Types {
    /// The type at `id`; `None` if the table, perhaps a peer's, has no such place.
    pub fn get(&self, id: TypeId) -> Option<&Type> {
        self.table.get(id.0 as usize)
    }

    /// All types with their places.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        (0..).map(TypeId).zip(&self.table)
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Enters a type without a name of its own (`Option<T>`, a list, a tuple): equal ones share a place.
    pub fn add(&mut self, ty: Type) -> TypeId {
        let found = self.table.iter().position(|known| *known == ty);
        let at = found.unwrap_or_else(|| {
            self.table.push(ty);
            self.table.len() - 1
        });
        TypeId(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// Enters a struct or enum of a user, which may contain itself. `T` is the type, with `'static` for its lifetimes;
    /// `describe` runs the first time that the type is met.
    pub fn named<T: ?Sized + 'static>(&mut self, describe: impl FnOnce(&mut Types) -> Type) -> TypeId {
        self.enter(std::any::TypeId::of::<T>(), String::new(), describe)
    }

    /// The same for a type whose name is known before it is described: one that is mentioned inside has it already.
    pub(super) fn enter(
        &mut self,
        key: std::any::TypeId,
        name: String,
        describe: impl FnOnce(&mut Types) -> Type,
    ) -> TypeId {
        if let Some(id) = self.entered(key) {
            return id;
        }
        let id = TypeId(u32::try_from(self.table.len()).unwrap_or(u32::MAX));
        // Its doc makes the placeholder unequal to every finished type, so that `add` never hands it out.
        self.table.push(Type::Struct { name, doc: "\0".to_owned(), body: Body::Unit });
        self.named.insert(key, id);
        let ty = describe(self);
        if let Some(place) = self.table.get_mut(id.0 as usize) {
            *place = ty;
        }
        id
    }

    /// The place of a user's type, if it has one.
    pub(super) fn entered(&self, key: std::any::TypeId) -> Option<TypeId> {
        self.named.get(&key).copied()
    }
}
