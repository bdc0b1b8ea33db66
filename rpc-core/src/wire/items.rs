//! Items in the bytes of a stream: `length u32`, then as many bytes. Frames cut the bytes of a stream anywhere.

use std::ops::Range;

/// The size of what stands before an item.
pub(crate) const ITEM_HEAD_BYTES: usize = 4;

/// Appends an item whose bytes `body` appends.
///
/// # Errors
/// Those of `body`; `out` is then as it was, and so it is when `body`, which is a user's code, panics.
pub(crate) fn put_item<E>(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
    let start = out.len();
    let mut unfinished = Unfinished { out, start };
    unfinished.out.extend_from_slice(&[0; ITEM_HEAD_BYTES]);
    body(unfinished.out)?;
    let length = u32::try_from(unfinished.out.len() - start - ITEM_HEAD_BYTES).unwrap_or(u32::MAX);
    if let Some(place) = unfinished.out.get_mut(start..start + ITEM_HEAD_BYTES) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    unfinished.start = unfinished.out.len();
    Ok(())
}

/// What is behind `start` is no item yet.
struct Unfinished<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.start);
    }
}

/// The bytes of a stream as they come, and the items in them.
///
/// Invariant: `at <= bytes.len()`.
#[derive(Debug, Default)]
pub(crate) struct Items {
    bytes: Vec<u8>,
    /// Bytes before it are dealt with.
    at: usize,
    /// A whole one came.
    begun: bool,
}

/// What is known of the next item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextItem {
    /// It is at this place of [`Items::bytes`].
    Whole(Range<usize>),
    /// Not all of it is here.
    Partial,
    /// It is larger than this side takes.
    TooLarge(u32),
}

impl Items {
    /// Where further bytes are appended. Items that were taken leave it.
    pub(crate) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.at);
        self.at = 0;
        &mut self.bytes
    }

    /// The item that was found there.
    pub(crate) fn bytes(&self, place: Range<usize>) -> &[u8] {
        self.bytes.get(place).unwrap_or_default()
    }

    /// Whether bytes are here that no item was made of: the stream has ended in the midst of one.
    pub(crate) fn has_rest(&self) -> bool {
        self.at < self.bytes.len()
    }

    /// Whether there was a whole one: the other side runs, or ran.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// The next item. A whole one is dealt with.
    pub(crate) fn next(&mut self, bytes_max: u32) -> NextItem {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((head, body)) = rest.split_first_chunk::<ITEM_HEAD_BYTES>() else { return NextItem::Partial };
        let length = u32::from_le_bytes(*head);
        if length > bytes_max {
            return NextItem::TooLarge(length);
        }
        match body.get(..length as usize) {
            Some(item) => {
                let start = self.at + ITEM_HEAD_BYTES;
                self.at = start + item.len();
                self.begun = true;
                NextItem::Whole(start..self.at)
            }
            None => NextItem::Partial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(all: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for item in all {
            put_item(&mut out, |out| {
                out.extend_from_slice(item);
                Ok::<_, ()>(())
            })
            .unwrap();
        }
        out
    }

    /// T2: the bytes of a stream may be cut anywhere.
    #[test]
    fn items_come_out_whole_however_they_are_cut() {
        let all: [&[u8]; 4] = [b"one", b"", b"three", &[7; 300]];
        let bytes = items(&all);
        for step in 1..bytes.len() {
            let (mut stream, mut found) = (Items::default(), Vec::new());
            for piece in bytes.chunks(step) {
                stream.room().extend_from_slice(piece);
                while let NextItem::Whole(place) = stream.next(300) {
                    found.push(stream.bytes(place).to_vec());
                }
            }
            assert_eq!(found, all, "{step} bytes at a time");
            assert!(!stream.has_rest());
        }
    }

    #[test]
    fn a_large_item_is_known_by_its_head() {
        let mut stream = Items::default();
        stream.room().extend_from_slice(&items(&[&[7; 300]])[..4]);
        assert_eq!(stream.next(299), NextItem::TooLarge(300));
        assert_eq!(stream.next(300), NextItem::Partial);
        assert!(stream.has_rest());
    }

    #[test]
    fn what_fails_leaves_nothing() {
        let mut out = vec![1];
        assert_eq!(
            put_item(&mut out, |out| {
                out.push(2);
                Err("no")
            }),
            Err("no")
        );
        assert_eq!(out, [1]);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            put_item(&mut out, |out| -> Result<(), ()> {
                out.push(2);
                std::panic::resume_unwind(Box::new(()))
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(out, [1], "nor does what panics");
    }
}
