//! Keys of maps that are objects: each has a text of its own.
use super::{
    reader::{Number, Reader},
    variant,
};
use crate::schema::{Type, TypeId, form::Integer};
use std::borrow::Cow;

pub(super) fn read<'a>(reader: &Reader<'a>, id: TypeId) -> Result<Cow<'a, str>, String> {
    let ty = reader.types.unwrapped(id).ok_or("the schema has no such type")?;
    if let Some(form) = Integer::of(ty) {
        return Ok(match reader.integer(form)? {
            Number::Unsigned(number) => number.to_string().into(),
            Number::Signed(number) => number.to_string().into(),
        });
    }
    Ok(match ty {
        Type::String => reader.text()?.into(),
        Type::Char => reader.character()?.to_string().into(),
        Type::Bool => reader.flag("a bool")?.to_string().into(),
        Type::Enum { variants, .. } => {
            let variant = variant(reader, variants)?;
            reader.spend(&variant.name)?;
            variant.name.as_str().into()
        }
        _ => return Err("this type is no key".to_owned()),
    })
}
