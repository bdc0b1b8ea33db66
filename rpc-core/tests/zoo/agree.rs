//! Whether calls to a serializer are what a schema says.
use super::seen::{Inside, Seen};
use rpc_core::schema::{Body, Type, TypeId, Types};

type Outcome = Result<(), String>;

/// Whose calls they are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum By {
    Serde,
    /// Our hooks may write a struct as the tuple of its fields: the bytes are the same, and are compared elsewhere.
    Hooks,
}

/// # Errors
/// Where they part.
pub(crate) fn check(types: &Types, id: TypeId, seen: &Seen, by: By) -> Outcome {
    let ty = types.get(id).ok_or("there is no such type")?;
    let differ = || Err(format!("{} is written as {seen:?}", types.name_of(id)));
    let each = |ids: &mut dyn Iterator<Item = TypeId>, items: &[Seen]| {
        items.iter().zip(ids).try_for_each(|(item, id)| check(types, id, item, by))
    };
    match (ty, seen) {
        (Type::Unit, Seen::Unit) | (Type::Bytes, Seen::Bytes) | (Type::Option(_), Seen::None) => Ok(()),
        (Type::Bytes, Seen::Sequence(length, items)) if *length == Some(items.len()) => {
            if items.iter().all(|item| *item == Seen::Word("u8")) { Ok(()) } else { differ() }
        }
        (Type::Option(inside), Seen::Some(value)) => check(types, *inside, value, by),
        (Type::Sequence(item), Seen::Sequence(length, items)) if *length == Some(items.len()) => {
            each(&mut std::iter::repeat(*item), items)
        }
        // A set of bytes is told as a list of `u8`, and travels as it likes.
        (Type::Sequence(item), Seen::Bytes) if types.get(*item) == Some(&Type::U8) => Ok(()),
        (Type::Array(item, length), Seen::Tuple(announced, items))
            if *announced == items.len() && items.len() == *length as usize =>
        {
            each(&mut std::iter::repeat(*item), items)
        }
        (Type::Tuple(ids), Seen::Tuple(announced, items)) if *announced == items.len() && items.len() == ids.len() => {
            each(&mut ids.iter().copied(), items)
        }
        (Type::Map(key, value), Seen::Map(length, entries)) if *length == Some(entries.len()) => {
            entries.iter().try_for_each(|(k, v)| check(types, *key, k, by).and_then(|()| check(types, *value, v, by)))
        }
        (Type::Struct { name, body, .. }, Seen::Tuple(announced, items))
            if by == By::Hooks && *announced == items.len() =>
        {
            check_parts(types, body, items, by).map_err(|why| format!("{name}: {why}"))
        }
        (Type::Struct { name, body, .. }, Seen::Struct(seen_name, inside)) if same_name(name, seen_name) => {
            check_body(types, body, inside, by).map_err(|why| format!("{name}: {why}"))
        }
        (Type::Enum { name, variants, .. }, Seen::Variant(seen_name, index, seen_variant, inside))
            if same_name(name, seen_name) =>
        {
            match variants.get(*index as usize) {
                Some(variant) if variant.name == *seen_variant => {
                    check_body(types, &variant.body, inside, by).map_err(|why| format!("{name}::{seen_variant}: {why}"))
                }
                _ => differ(),
            }
        }
        (_, Seen::Word("&str")) if *ty == Type::String => Ok(()),
        (_, Seen::Word(word)) if types.name_of(id) == *word => Ok(()),
        _ => differ(),
    }
}

/// A name of ours says what a generic type is made of; serde's does not.
fn same_name(ours: &str, serdes: &str) -> bool {
    ours.split('<').next() == Some(serdes)
}

/// The parts of a struct that is written as a tuple.
fn check_parts(types: &Types, body: &Body, items: &[Seen], by: By) -> Outcome {
    let parts: Vec<TypeId> = match body {
        Body::Unit => Vec::new(),
        Body::Newtype(id) => vec![*id],
        Body::Tuple(ids) => ids.clone(),
        Body::Fields(fields) => fields.iter().map(|field| field.ty).collect(),
    };
    if parts.len() != items.len() {
        return Err(format!("{body:?} is written as {items:?}"));
    }
    parts.into_iter().zip(items).try_for_each(|(id, item)| check(types, id, item, by))
}

fn check_body(types: &Types, body: &Body, inside: &Inside, by: By) -> Outcome {
    match (body, inside) {
        (Body::Unit, Inside::Unit) => Ok(()),
        (Body::Newtype(id), Inside::Newtype(value)) => check(types, *id, value, by),
        (Body::Tuple(ids), Inside::Tuple(announced, items))
            if *announced == items.len() && items.len() == ids.len() =>
        {
            items.iter().zip(ids).try_for_each(|(item, id)| check(types, *id, item, by))
        }
        (Body::Fields(fields), Inside::Fields(announced, items))
            if *announced == items.len() && items.len() == fields.len() =>
        {
            fields.iter().zip(items).try_for_each(|(field, (name, value))| {
                if field.name != *name {
                    return Err(format!("field `{}` is written as `{name}`", field.name));
                }
                check(types, field.ty, value, by).map_err(|why| format!("{name}: {why}"))
            })
        }
        _ => Err(format!("{body:?} is written as {inside:?}")),
    }
}
