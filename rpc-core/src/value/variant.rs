//! Which variant of an enum follows, for generated `Deserialize` impls.
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, Unexpected, Visitor},
};
use std::fmt;

/// Reads the variant that follows, by its index (postcard) or by its name (JSON); gives its place among `names`.
///
/// One for all generated enums, so that each of them need not bring a visitor of its own.
#[derive(Debug, Clone, Copy)]
pub struct VariantIndex(pub &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for VariantIndex {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for VariantIndex {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a variant's name, or its index below {}", self.0.len())
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<usize, E> {
        let known = usize::try_from(index).ok().filter(|index| *index < self.0.len());
        known.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(index), &self))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let place = self.0.iter().position(|known| *known == name);
        place.ok_or_else(|| E::unknown_variant(name, self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::VariantIndex;
    use serde::de::{DeserializeSeed, IntoDeserializer, value::Error};

    const NAMES: VariantIndex = VariantIndex(&["Get", "Set"]);

    #[test]
    fn by_index_as_postcard_writes_it() {
        let read = |index: u32| NAMES.deserialize(IntoDeserializer::<Error>::into_deserializer(index));
        assert_eq!(read(1), Ok(1));
        assert_eq!(
            read(2).unwrap_err().to_string(),
            "invalid value: integer `2`, expected a variant's name, or its index below 2"
        );
    }

    #[test]
    fn by_name_as_json_writes_it() {
        let read = |name: &str| NAMES.deserialize(IntoDeserializer::<Error>::into_deserializer(name));
        assert_eq!(read("Set"), Ok(1));
        assert_eq!(read("Put").unwrap_err().to_string(), "unknown variant `Put`, expected `Get` or `Set`");
    }
}
