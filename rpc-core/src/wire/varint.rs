//! The varints of postcard, where a number stands before a body: seven bits a byte, the lowest first.
//! (<https://postcard.jamesmunns.com/wire-format>)

/// Appends `number`.
pub(crate) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The number at the start of `bytes`, and what follows it; `None` if it is cut short or needs more than 64 bits.
pub(crate) fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * u32::try_from(at).ok()?;
        if shift > 63 || (shift == 63 && part > 1) {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_postcard() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut ours = Vec::new();
            put_varint(number, &mut ours);
            assert_eq!(ours, postcard::to_stdvec(&number).unwrap());
            ours.push(9);
            assert_eq!(take_varint(&ours), Some((number, &[9][..])));
        }
    }

    #[test]
    fn refuses_what_is_cut_short_or_too_long() {
        assert_eq!(take_varint(&[]), None);
        assert_eq!(take_varint(&[0x80]), None);
        assert_eq!(take_varint(&[0xff; 11]), None);
        let mut over = [0xff; 10];
        over[9] = 2;
        assert_eq!(take_varint(&over), None, "65 bits");
    }
}
