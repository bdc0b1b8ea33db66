//! Bytes that have come on one connection, and the frames in them.
use super::{Arrivals, Cut, Cutter, Fds, FrameError, HEAD_BYTES, Head};
use std::ops::Range;

/// What a read makes room for at first.
const ROOM_BYTES_MIN: usize = 4 << 10;

/// What a read makes room for once reads come back full.
const ROOM_BYTES_MAX: usize = 64 << 10;

/// A body from this size on is handed on in the buffer that it came in, instead of being copied.
const WHOLE_BYTES_MIN: usize = 16 << 10;

/// What one frame's head and body are.
#[derive(Debug)]
pub(crate) enum Found {
    /// A frame; its body is at this place of [`Inbox::bytes`], and these descriptors came with it.
    Frame(Head, Range<usize>, Fds),
    /// The head of one over the limit.
    Oversized(Head),
}

/// Invariant: `at <= bytes.len()`. A claimed length reserves at most as much again as has come.
#[derive(Debug)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// Bytes before it are dealt with.
    at: usize,
    /// What the frame that has begun takes in all.
    wanted: usize,
    cutter: Cutter,
    body_bytes_max: u32,
    arrivals: Arrivals,
}

impl Inbox {
    /// For frames with bodies of at most `body_bytes_max` bytes.
    pub(crate) fn new(body_bytes_max: u32) -> Self {
        let (cutter, arrivals) = (Cutter::default(), Arrivals::default());
        Self { bytes: Vec::new(), at: 0, wanted: HEAD_BYTES, cutter, body_bytes_max, arrivals }
    }

    /// Where the next read puts bytes and descriptors, with room for them.
    pub(crate) fn room_beside(&mut self) -> (&mut Vec<u8>, &mut Arrivals) {
        self.room();
        (&mut self.bytes, &mut self.arrivals)
    }

    /// Nobody will look at what has come any more: closes the descriptors.
    pub(crate) fn close(&mut self) {
        self.arrivals.clear();
    }

    /// Where the next read appends to, with room for it.
    pub(crate) fn room(&mut self) -> &mut Vec<u8> {
        let came_back_full = self.bytes.len() == self.bytes.capacity();
        self.bytes.drain(..self.at);
        self.at = 0;
        let have = self.bytes.len();
        if have == 0 && self.bytes.capacity() > ROOM_BYTES_MAX {
            self.bytes = Vec::new();
        }
        let small = if came_back_full && self.bytes.capacity() > 0 { ROOM_BYTES_MAX } else { ROOM_BYTES_MIN };
        if self.bytes.capacity() - have < ROOM_BYTES_MIN / 2 || came_back_full {
            // As much again as has come, so that all in all each byte is moved but a few times.
            let missing = self.wanted.saturating_sub(have);
            self.bytes.reserve_exact(missing.clamp(small, have.max(ROOM_BYTES_MAX)));
        }
        &mut self.bytes
    }

    /// All bytes that are held, also those before the last frame.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first `count` bytes are no frame, and are dealt with.
    pub(crate) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.bytes.len());
    }

    /// The next whole frame, if it is here.
    ///
    /// # Errors
    /// When the bytes are no frames.
    pub(crate) fn next(&mut self) -> Result<Option<Found>, FrameError> {
        loop {
            let here = self.bytes.get(self.at..).unwrap_or_default();
            let cut = self.cutter.cut(here, self.body_bytes_max)?;
            let fds = self.arrivals.of(&cut, here)?;
            match cut {
                Cut::Frame { head, body, used } => {
                    let end = self.at + used;
                    let start = end - body.len();
                    self.at = end;
                    self.wanted = HEAD_BYTES;
                    return Ok(Some(Found::Frame(head, start..end, fds)));
                }
                Cut::Oversized { head, used } => {
                    self.at += used;
                    return Ok(Some(Found::Oversized(head)));
                }
                Cut::Skipped { used } => self.at += used,
                Cut::Partial { total } => {
                    self.wanted = total;
                    return Ok(None);
                }
            }
        }
    }

    /// What is held and not dealt with.
    pub(crate) fn into_rest(mut self) -> Vec<u8> {
        self.bytes.split_off(self.at)
    }

    /// Everything that is held has been dealt with.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
    }

    /// The whole buffer, if it holds just the large body at `place`, at its end.
    pub(crate) fn whole(&mut self, place: &Range<usize>) -> Option<&mut Vec<u8>> {
        let alone = place.len() >= WHOLE_BYTES_MIN && place.end == self.bytes.len() && place.start <= 2 * HEAD_BYTES;
        if alone {
            self.at = 0;
        }
        alone.then_some(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CallId, Kind, put_frame};

    fn frame(call: u32, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        put_frame(&mut out, Kind::Reply, CallId(call), |out| {
            out.resize(out.len() + length, 7);
            Ok::<_, ()>(())
        })
        .unwrap();
        out
    }

    /// What a claimed length reserves is bounded by what has come.
    #[test]
    fn memory_grows_with_what_arrives() {
        let bytes = frame(1, 3 << 20);
        let mut inbox = Inbox::new(4 << 20);
        let mut sent = 0;
        while sent < bytes.len() {
            let room = inbox.room();
            let spare = room.capacity() - room.len();
            assert!(room.capacity() <= 2 * sent + 2 * ROOM_BYTES_MAX, "{} for {sent}", room.capacity());
            let piece = spare.min(bytes.len() - sent).min(1000);
            room.extend_from_slice(&bytes[sent..sent + piece]);
            sent += piece;
            let found = inbox.next().unwrap();
            assert_eq!(found.is_some(), sent == bytes.len());
        }
    }

    #[test]
    fn a_large_body_leaves_with_its_buffer() {
        let mut inbox = Inbox::new(1 << 20);
        inbox.room().extend_from_slice(&frame(1, 100_000));
        let Ok(Some(Found::Frame(_, place, _))) = inbox.next() else { panic!("a frame") };
        let taken = std::mem::take(inbox.whole(&place).expect("alone"));
        assert_eq!(taken[place].len(), 100_000);
        inbox.room().extend_from_slice(&frame(2, 3));
        assert!(matches!(inbox.next(), Ok(Some(Found::Frame(Head { call: CallId(2), .. }, _, _)))));
        inbox.room().extend_from_slice(&[frame(3, 100_000), frame(4, 1)].concat());
        let Ok(Some(Found::Frame(_, place, _))) = inbox.next() else { panic!("a frame") };
        assert!(inbox.whole(&place).is_none(), "something stands behind it");
    }

    #[test]
    fn an_idle_inbox_keeps_no_large_buffer() {
        let mut inbox = Inbox::new(1 << 20);
        inbox.room().extend_from_slice(&frame(1, 500_000));
        inbox.next().unwrap().unwrap();
        assert!(inbox.room().capacity() <= ROOM_BYTES_MAX);
    }
}
