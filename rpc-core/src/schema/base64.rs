//! Base64 after RFC 4648, section 4: the alphabet with `+` and `/`.
//!
//! Padded, both ways. Input is refused if it has any other sign, or bits that no encoder sets.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let sign = ALPHABET.get((bits >> shift & 63) as usize).copied().unwrap_or(b'=');
            // A group of n bytes is told by n + 1 signs.
            text.push(if place <= group.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

/// The bytes that `text` stands for; `None` if it is no base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    // Without its padding, any word of a text would be bytes.
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let signs = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let mut bytes = Vec::with_capacity(signs.len() / 4 * 3 + 2);
    for group in signs.as_bytes().chunks(4) {
        let mut bits = 0;
        for place in 0..4 {
            bits = bits << 6 | group.get(place).map_or(Some(0), |sign| value(*sign))?;
        }
        // One sign alone is not even a byte.
        let whole = group.len().checked_sub(1).filter(|whole| *whole > 0)?;
        let [_, decoded @ ..] = u32::to_be_bytes(bits);
        let (kept, rest) = decoded.split_at_checked(whole)?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend(kept);
    }
    Some(bytes)
}

fn value(sign: u8) -> Option<u32> {
    let value = match sign {
        b'A'..=b'Z' => sign - b'A',
        b'a'..=b'z' => sign - b'a' + 26,
        b'0'..=b'9' => sign - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648_section_10() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
            let unpadded = text.trim_end_matches('=');
            assert_eq!(decode(unpadded).is_some(), unpadded == text, "{unpadded}");
        }
    }

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for length in 0..=256 {
            assert_eq!(decode(&encode(&all[..length])).as_deref(), Some(&all[..length]));
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in [
            "A", "AAAAA", "Zg=", "Zm9v=", "Zm9v====", "====", "=", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-_", "é",
            "Zg==Zg==",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
