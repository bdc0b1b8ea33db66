//! Values to bytes: postcard, appended to a buffer that is used again and again.
use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// Appends the postcard form of `value` to `out`. On an error `out` keeps what it had, and nothing else.
///
/// # Errors
/// The words of a `Serialize` impl that failed are lost in postcard; what remains is which kind of failure it was.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    let start = out.len();
    let mut serializer = postcard::Serializer { output: Append(out) };
    value.serialize(&mut serializer).map_err(|error| {
        out.truncate(start);
        why(error)
    })
}

fn why(error: postcard::Error) -> String {
    match error {
        postcard::Error::SerializeSeqLengthUnknown => {
            "a list whose length is not known beforehand (collect it into a Vec, or drop `flatten`)".to_owned()
        }
        postcard::Error::WontImplement => "a type that only self-describing formats can carry".to_owned(),
        postcard::Error::SerdeSerCustom => "its `Serialize` impl reported an error".to_owned(),
        other => other.to_string(),
    }
}

/// Appends to a buffer of ours, so that nothing is allocated once it is large enough.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_postcard() {
        let mut out = vec![7];
        encode(&(1u32, "ab", Some(-1i64)), &mut out).unwrap();
        assert_eq!(out[1..], postcard::to_stdvec(&(1u32, "ab", Some(-1i64))).unwrap());
        assert_eq!(out[0], 7);
    }

    #[test]
    fn a_failure_leaves_the_buffer_as_it_was() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no"))
            }
        }
        let mut out = vec![7];
        let problem = encode(&("written before it fails", Fails), &mut out).unwrap_err();
        assert_eq!((out, problem.contains("Serialize")), (vec![7], true));
    }
}
