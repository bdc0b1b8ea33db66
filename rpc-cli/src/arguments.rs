//! JSON to the bytes of a call. What does not fit the method is told here, and never sent.
use crate::failure::Failure;
use crate::method::Method;
use rpc_core::schema::ConvertError;
use serde::de::value::{Error as NoError, MapDeserializer};
use std::io::{self, Read};

/// What is read from stdin at most. A message has 4 MiB, and a byte of it takes five in JSON as an array of numbers.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// What stands for stdin.
const STDIN: &str = "-";

/// The arguments for `method`, from one JSON object. No text is as good as an empty object.
pub(crate) fn encode(method: Method<'_>, json: Option<&str>) -> Result<Vec<u8>, Failure> {
    let encoded = match json {
        None => encode_none(method),
        Some(STDIN) => encode_text(method, &read(io::stdin().lock()).map_err(Failure::Input)?),
        Some(text) => encode_text(method, text.as_bytes()),
    };
    encoded.map_err(|problem| Failure::Arguments { method: method.full_name(), problem, signature: method.signature() })
}

fn encode_none(method: Method<'_>) -> Result<Vec<u8>, String> {
    let nothing = MapDeserializer::<_, NoError>::new(std::iter::empty::<(&str, &str)>());
    let mut bytes = Vec::new();
    method.service.arguments_from_serde(method.schema, nothing, &mut bytes).map_err(told)?;
    Ok(bytes)
}

fn encode_text(method: Method<'_>, text: &[u8]) -> Result<Vec<u8>, String> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let mut bytes = Vec::new();
    method.service.arguments_from_serde(method.schema, &mut json, &mut bytes).map_err(told)?;
    json.end().map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Where and what; the whole is no place worth naming.
fn told(error: ConvertError) -> String {
    match error.path.as_str() {
        "$" => error.message,
        path => format!("{path}: {}", error.message),
    }
}

fn read(input: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    input.take(TEXT_BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        return Err(io::Error::other(format!("there are more than {} MiB", TEXT_BYTES_MAX >> 20)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdin_without_end_ends() {
        assert_eq!(read(io::repeat(b' ')).unwrap_err().to_string(), "there are more than 64 MiB");
    }
}
