//! What is read from stdin and from files.
use std::fs::File;
use std::io::{self, Read};

/// What is read at most. A message has 4 MiB, and a byte of it takes five in JSON as an array of numbers.
const BYTES_MAX: u64 = 64 << 20;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// All of stdin.
pub(super) fn stdin() -> io::Result<Vec<u8>> {
    bytes(io::stdin().lock())
}

/// A file's content.
pub(super) fn file(path: &str) -> io::Result<Vec<u8>> {
    bytes(File::open(path)?)
}

/// Bytes as text, without the mark that some editors put before it.
pub(super) fn into_text(bytes: Vec<u8>) -> io::Result<String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        io::Error::other(format!("it is not valid UTF-8: byte {} is wrong", error.utf8_error().valid_up_to() + 1))
    })?;
    Ok(match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => text.to_owned(),
        None => text,
    })
}

fn bytes(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::other(format!("there are more than {} MiB", BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_without_end_ends() {
        assert_eq!(bytes(io::repeat(b' ')).unwrap_err().to_string(), "there are more than 64 MiB");
    }

    #[test]
    fn what_is_no_text() {
        let error = into_text(b"ab\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "it is not valid UTF-8: byte 3 is wrong");
        assert_eq!(into_text("\u{feff}é".into()).unwrap(), "é");
    }
}
