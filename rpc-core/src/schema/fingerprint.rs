//! One number for a whole service: equal on both sides means that bytes may travel without looking at types.
//!
//! It covers what decides the bytes and the names: the service's name, the methods with their order, shapes, arguments, items
//! and answers, and the types they reach. It leaves out docs, hints (`idempotent`, `timeout`), types that nothing mentions and
//! where in the table a type happens to stand.
//!
//! It is a checksum, no signature: a peer can forge it, and fools only itself, for its bytes are decoded with the same care.
use super::{Body, Field, ServiceSchema, Shape, Type, TypeId, Types};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt};

/// The checksum of a service: equal for services that understand each other without comparing types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The first eight digits: enough for a person to tell two versions apart.
    pub fn short(self) -> String {
        format!("{:08x}", self.0 >> 32)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl ServiceSchema {
    /// The checksum of what decides the bytes and the names of this service.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut canon = Canon { hash: Fnv::START, types: &self.types, numbers: HashMap::new(), found: Vec::new() };
        // The first word names this encoding: another one, later, must not give equal numbers by chance.
        canon.text("rpc schema 1");
        canon.text(&self.name);
        canon.number(self.methods.len());
        for method in &self.methods {
            canon.text(&method.name);
            canon.tag(shape_code(method.shape));
            canon.fields(&method.arguments);
            canon.items(ACCEPTS, method.accepts);
            canon.items(STREAM, method.stream);
            canon.reference(method.returns);
        }
        canon.definitions();
        Fingerprint(canon.hash.0)
    }
}

/// Invariant: a number, once given, stays: fingerprints of released services depend on it.
fn shape_code(shape: Shape) -> u8 {
    match shape {
        Shape::Unary => 0,
        Shape::OneWay => 1,
        Shape::Stream => 2,
        Shape::Upload => 3,
        Shape::Duplex => 4,
    }
}

/// Writes the canonical form of a service straight into the hash.
///
/// Types are numbered in the order in which they are first mentioned, and defined in that order after the methods: so it
/// needs no recursion, and the layout of the table does not matter. Every list has its length before it, and every choice
/// a tag, so that two different services never write the same bytes.
struct Canon<'a> {
    hash: Fnv,
    types: &'a Types,
    numbers: HashMap<TypeId, usize>,
    found: Vec<TypeId>,
}

impl Canon<'_> {
    fn tag(&mut self, tag: u8) {
        self.hash.write(&[tag]);
    }

    fn number(&mut self, number: usize) {
        // Platforms differ in the width of `usize`, so it is written as 64 bits everywhere.
        self.hash.write(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.hash.write(text.as_bytes());
    }

    fn fields(&mut self, fields: &[Field]) {
        self.number(fields.len());
        for field in fields {
            self.text(&field.name);
            self.reference(field.ty);
        }
    }

    fn references(&mut self, ids: &[TypeId]) {
        self.number(ids.len());
        for id in ids {
            self.reference(*id);
        }
    }

    /// A mention of a type: in full if it is a single word, else by number.
    fn reference(&mut self, id: TypeId) {
        let word = match self.types.get(id) {
            None => Some(NO_SUCH_TYPE),
            Some(Type::Sequence(item)) if self.types.get(*item) == Some(&Type::U8) => word_code(&Type::Bytes),
            Some(ty) => word_code(ty),
        };
        if let Some(word) = word {
            return self.tag(word);
        }
        let next = self.found.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.found.push(id);
        }
        self.tag(MENTION);
        self.number(number);
    }

    /// Methods without items write nothing here: they came first.
    fn items(&mut self, tag: u8, id: Option<TypeId>) {
        if let Some(id) = id {
            self.tag(tag);
            self.reference(id);
        }
    }

    fn definitions(&mut self) {
        let mut at = 0;
        while let Some(id) = self.found.get(at) {
            if let Some(ty) = self.types.get(*id) {
                self.definition(ty);
            }
            at += 1;
        }
    }

    fn definition(&mut self, ty: &Type) {
        match ty {
            Type::Option(inside) => {
                self.tag(20);
                self.reference(*inside);
            }
            Type::Sequence(item) => {
                self.tag(21);
                self.reference(*item);
            }
            Type::Array(item, length) => {
                self.tag(22);
                self.hash.write(&length.to_le_bytes());
                self.reference(*item);
            }
            Type::Tuple(ids) => {
                self.tag(23);
                self.references(ids);
            }
            Type::Map(key, value) => {
                self.tag(24);
                self.references(&[*key, *value]);
            }
            Type::Struct { name, body, .. } => {
                self.tag(25);
                self.text(name);
                self.body(body);
            }
            Type::Enum { name, variants, .. } => {
                self.tag(26);
                self.text(name);
                self.number(variants.len());
                for variant in variants {
                    self.text(&variant.name);
                    self.body(&variant.body);
                }
            }
            // Words were written in full where they were mentioned.
            _ => {}
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Unit => self.tag(30),
            Body::Newtype(inside) => {
                self.tag(31);
                self.reference(*inside);
            }
            Body::Tuple(ids) => {
                self.tag(32);
                self.references(ids);
            }
            Body::Fields(fields) => {
                self.tag(33);
                self.fields(fields);
            }
        }
    }
}

const NO_SUCH_TYPE: u8 = 40;
const MENTION: u8 = 41;
/// What stands before the type of a method's items. Invariant: no first byte of a mention, for the answer's may follow.
const ACCEPTS: u8 = 50;
const STREAM: u8 = 51;

/// The tag of a type that is a single word. Invariant: a number, once given, stays.
fn word_code(ty: &Type) -> Option<u8> {
    Some(match ty {
        Type::Unit => 0,
        Type::Bool => 1,
        Type::U8 => 2,
        Type::U16 => 3,
        Type::U32 => 4,
        Type::U64 => 5,
        Type::U128 => 6,
        Type::I8 => 7,
        Type::I16 => 8,
        Type::I32 => 9,
        Type::I64 => 10,
        Type::I128 => 11,
        Type::F32 => 12,
        Type::F64 => 13,
        Type::Char => 14,
        Type::String => 15,
        Type::Bytes => 16,
        Type::Fd => 17,
        _ => return None,
    })
}

/// FNV-1a with 64 bits, after Fowler, Noll and Vo: <http://www.isthe.com/chongo/tech/comp/fnv/>. Not the standard library's
/// hasher, which may give other numbers in the next release.
struct Fnv(u64);

impl Fnv {
    const START: Fnv = Fnv(0xcbf2_9ce4_8422_2325);
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_gives_the_published_values() {
        let hash = |text: &str| {
            let mut fnv = Fnv::START;
            fnv.write(text.as_bytes());
            fnv.0
        };
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn shows_sixteen_digits_and_eight() {
        assert_eq!(Fingerprint(0x9f).to_string(), "000000000000009f");
        assert_eq!(Fingerprint(0x9f3c_21ab_0000_0001).short(), "9f3c21ab");
    }
}
