//! Which form a type takes in JSON, where that depends on what it holds.
use super::{Body, Type, TypeId, Types, Variant, convert::DEPTH_MAX};
use std::{cell::RefCell, collections::HashMap};

/// The forms of the types of one table. An answer is kept: a hostile type may be long to look at, and asked about often.
pub(crate) struct Forms<'a> {
    types: &'a Types,
    null: RefCell<HashMap<TypeId, bool>>,
    key: RefCell<HashMap<TypeId, bool>>,
}

impl<'a> Forms<'a> {
    pub(crate) fn new(types: &'a Types) -> Self {
        Self { types, null: RefCell::default(), key: RefCell::default() }
    }

    /// Whether a value of the type can be written as null, so that an option of it needs `{"some": …}`.
    pub(crate) fn can_be_null(&self, id: TypeId) -> bool {
        let look = || {
            let ty = self.types.unwrapped(id);
            matches!(ty, Some(Type::Option(_) | Type::Unit | Type::Struct { body: Body::Unit, .. }))
        };
        *self.null.borrow_mut().entry(id).or_insert_with(look)
    }

    /// Whether each value of the type has a text of its own, so that a map with such keys is an object.
    pub(crate) fn is_key(&self, id: TypeId) -> bool {
        let look = || match self.types.unwrapped(id) {
            Some(Type::Enum { variants, .. }) => variants.iter().all(|variant| variant.body == Body::Unit),
            Some(Type::String | Type::Char | Type::Bool) => true,
            Some(ty) => Integer::of(ty).is_some(),
            None => false,
        };
        *self.key.borrow_mut().entry(id).or_insert_with(look)
    }
}

impl Variant {
    /// How many containers a variant that holds something is: the object with its name, and its body if that is one too.
    pub(crate) fn levels(&self) -> u32 {
        if matches!(self.body, Body::Newtype(_)) { 1 } else { 2 }
    }
}

impl Types {
    /// The type at the end of a chain of structs around one unnamed field; `None` if there is no end.
    pub(crate) fn unwrapped(&self, id: TypeId) -> Option<&Type> {
        let mut at = id;
        for _ in 0..DEPTH_MAX {
            match self.get(at)? {
                Type::Struct { body: Body::Newtype(inside), .. } => at = *inside,
                ty => return Some(ty),
            }
        }
        None
    }
}

/// An integer type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Integer {
    pub(crate) signed: bool,
    pub(crate) bits: u32,
}

impl Integer {
    pub(crate) fn of(ty: &Type) -> Option<Integer> {
        let unsigned = |bits| Some(Integer { signed: false, bits });
        let signed = |bits| Some(Integer { signed: true, bits });
        match ty {
            Type::U8 => unsigned(8),
            Type::U16 => unsigned(16),
            Type::U32 => unsigned(32),
            Type::U64 => unsigned(64),
            Type::U128 => unsigned(128),
            Type::I8 => signed(8),
            Type::I16 => signed(16),
            Type::I32 => signed(32),
            Type::I64 => signed(64),
            Type::I128 => signed(128),
            _ => None,
        }
    }
}
