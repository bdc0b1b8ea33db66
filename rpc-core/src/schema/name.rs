//! The name of a type, as Rust would write it.
use super::{Body, Type, TypeId, Types, Variant, escape::push_name};

/// A name is for a line of text: what is longer or deeper ends in `…`. A hostile table would else make names without end.
const NAME_BYTES_MAX: usize = 1024;
const NAME_DEPTH_MAX: u32 = 64;

impl Types {
    /// The type at `id` as Rust would write it: `Option<String>`, `Vec<u8>`, `(u8, Entry)`, `Map<String, u64>`.
    ///
    /// ```
    /// use rpc_core::{Schema, schema::Types};
    /// let mut types = Types::default();
    /// let id = <Result<Vec<u8>, [(u16, bool); 4]>>::describe(&mut types);
    /// assert_eq!(types.name_of(id), "Result<Vec<u8>, [(u16, bool); 4]>");
    /// ```
    pub fn name_of(&self, id: TypeId) -> String {
        let mut out = String::new();
        self.push_name(&mut out, id, NAME_DEPTH_MAX);
        out
    }

    fn push_name(&self, out: &mut String, id: TypeId, depth: u32) {
        if depth == 0 {
            return out.push('…');
        }
        let mut list = |before: &str, ids: &[TypeId], after: &str| {
            out.push_str(before);
            for (index, id) in ids.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                if out.len() >= NAME_BYTES_MAX {
                    out.push('…');
                    break;
                }
                self.push_name(out, *id, depth - 1);
            }
            out.push_str(after);
        };
        match self.get(id) {
            None => out.push('?'),
            Some(Type::Option(inside)) => list("Option<", &[*inside], ">"),
            Some(Type::Sequence(item)) => list("Vec<", &[*item], ">"),
            Some(Type::Array(item, length)) => list("[", &[*item], &format!("; {length}]")),
            // A tuple of one has a comma behind it.
            Some(Type::Tuple(ids)) => list("(", ids, if ids.len() == 1 { ",)" } else { ")" }),
            Some(Type::Map(key, value)) => list("Map<", &[*key, *value], ">"),
            Some(Type::Struct { name, .. }) => push_name(out, name),
            Some(Type::Enum { name, variants, .. }) => match result_of(name, variants) {
                Some(sides) => list("Result<", &sides, ">"),
                None => push_name(out, name),
            },
            Some(word) => out.push_str(word_name(word)),
        }
    }
}

/// What the two variants hold if this is the standard library's `Result`.
pub(crate) fn result_of(name: &str, variants: &[Variant]) -> Option<[TypeId; 2]> {
    match variants {
        [
            Variant { name: ok, body: Body::Newtype(value), .. },
            Variant { name: err, body: Body::Newtype(error), .. },
        ] if name == "Result" && ok == "Ok" && err == "Err" => Some([*value, *error]),
        _ => None,
    }
}

/// Whether a type is a single word: made of no other type.
pub(crate) fn is_word(ty: &Type) -> bool {
    word_name(ty) != NO_WORD
}

const NO_WORD: &str = "?";

/// The name of a type that is a single word.
pub(crate) fn word_name(ty: &Type) -> &'static str {
    match ty {
        Type::Unit => "()",
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::U128 => "u128",
        Type::I8 => "i8",
        Type::I16 => "i16",
        Type::I32 => "i32",
        Type::I64 => "i64",
        Type::I128 => "i128",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "String",
        Type::Bytes => "Vec<u8>",
        Type::Fd => "Fd",
        _ => NO_WORD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;
    use std::collections::BTreeMap;

    fn name<T: Schema + ?Sized>() -> String {
        let mut types = Types::default();
        let id = T::describe(&mut types);
        types.name_of(id)
    }

    #[test]
    fn names_are_rusts() {
        assert_eq!(name::<()>(), "()");
        assert_eq!(name::<(u8,)>(), "(u8,)");
        assert_eq!(name::<Option<Option<&str>>>(), "Option<Option<String>>");
        assert_eq!(name::<[u8]>(), "Vec<u8>");
        assert_eq!(name::<BTreeMap<(u8, char), Vec<[f32; 3]>>>(), "Map<(u8, char), Vec<[f32; 3]>>");
        assert_eq!(name::<Result<std::time::Duration, std::net::IpAddr>>(), "Result<Duration, IpAddr>");
    }

    #[test]
    fn hostile_tables_give_short_names() {
        let mut types = Types::default();
        let mut id = types.add(Type::Option(TypeId(0)));
        assert!(types.name_of(id).len() < 1000, "a type inside itself");
        for _ in 0..100 {
            id = types.add(Type::Tuple(vec![id, id]));
        }
        assert!(types.name_of(id).len() < 2 * NAME_BYTES_MAX, "a tuple that doubles a hundred times");
        let wide = types.add(Type::Tuple(vec![id; 100_000]));
        assert!(types.name_of(wide).len() < 2 * NAME_BYTES_MAX);
        assert_eq!(types.name_of(TypeId(9_999)), "?");
        let bell = types.add(Type::Struct { name: "Be\u{7}ll\u{202e}".into(), doc: String::new(), body: Body::Unit });
        assert_eq!(types.name_of(bell), "Be\\u{7}ll\\u{202e}");
    }
}
