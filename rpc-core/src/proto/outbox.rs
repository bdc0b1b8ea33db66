//! Bytes that wait to be written, and how far writing has come.
//!
//! Positions count all bytes that are ever queued on a connection. So "was this frame sent?" is a comparison, and the
//! outcome of a call whose connection died is known, not guessed.
use crate::wire::void;
use std::ops::Range;

/// From this size on a frame is not copied into the queue, if it can become the queue.
const SWAP_BYTES: usize = 16 << 10;

/// A queue of frames for one connection, and at most one batch of them in a writer's hands.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Vec<u8>,
    /// An emptied buffer, to become the next queue.
    spare: Vec<u8>,
    /// The kernel has taken all bytes before this position.
    written: u64,
    /// Bytes from `written` on that are in a writer's hands. The kernel may have taken some of them.
    writing: u64,
}

impl Outbox {
    /// Queues frames; gives their place among all bytes. A large `frames` is swapped in instead of copied.
    pub(crate) fn push(&mut self, frames: &mut Vec<u8>) -> Range<u64> {
        let start = self.end();
        let end = start + frames.len() as u64;
        if frames.len() >= SWAP_BYTES && self.queue.is_empty() {
            std::mem::swap(&mut self.queue, frames);
        } else {
            self.queue.extend_from_slice(frames);
        }
        start..end
    }

    /// Where the next frame will stand.
    pub(crate) fn end(&self) -> u64 {
        self.written + self.writing + self.queue.len() as u64
    }

    /// How many bytes the kernel has taken in all.
    pub(crate) fn sent(&self) -> u64 {
        self.written
    }

    /// How many bytes wait, and are in nobody's hands.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether there is something to write, and nobody writes.
    pub(crate) fn is_ready(&self) -> bool {
        self.writing == 0 && !self.queue.is_empty()
    }

    /// Everything that waits, for one writer. He brings it back with [`wrote`](Self::wrote).
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let batch = std::mem::replace(&mut self.queue, std::mem::take(&mut self.spare));
        self.writing = batch.len() as u64;
        batch
    }

    /// The kernel took the first `count` bytes of the batch. What it did not take waits again, before everything else.
    pub(crate) fn wrote(&mut self, mut batch: Vec<u8>, count: usize) {
        self.written += count as u64;
        self.writing = 0;
        batch.drain(..count.min(batch.len()));
        if batch.is_empty() {
            // A buffer that one large message needed is not kept for small ones.
            if batch.capacity() <= 2 * SWAP_BYTES {
                self.spare = batch;
            }
        } else {
            batch.append(&mut self.queue);
            self.queue = batch;
        }
    }

    /// Whether the kernel has taken all of the frame at `frame`.
    pub(crate) fn is_written(&self, frame: &Range<u64>) -> bool {
        frame.end <= self.written
    }

    /// Whether the kernel may have taken all of the frame at `frame`.
    pub(crate) fn may_be_sent(&self, frame: &Range<u64>) -> bool {
        frame.end <= self.written + self.writing
    }

    /// Takes back a queued frame: its receiver will skip it. False: some of it is written, or in a writer's hands.
    pub(crate) fn take_back(&mut self, frame: &Range<u64>) -> bool {
        let place = frame.start.checked_sub(self.written + self.writing);
        let place = place.and_then(|place| self.queue.get_mut(place as usize..));
        place.map(void).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_tell_what_was_sent() {
        let mut outbox = Outbox::default();
        let (a, b) = (outbox.push(&mut vec![1; 10]), outbox.push(&mut vec![2; 10]));
        let batch = outbox.take();
        assert!(!outbox.is_ready(), "one writer at a time");
        let c = outbox.push(&mut vec![3; 10]);
        assert!(outbox.may_be_sent(&b), "it may be on its way");
        outbox.wrote(batch, 15);
        assert!(outbox.may_be_sent(&a) && !outbox.may_be_sent(&b) && !outbox.may_be_sent(&c));
        assert!(!outbox.take_back(&b), "half of it is gone");
        assert!(outbox.take_back(&c));
        assert_eq!(outbox.take(), [vec![2; 5], vec![3, 3, 3, 3, 0], vec![3; 5]].concat(), "c has become void");
    }

    #[test]
    fn a_large_frame_is_not_copied() {
        let mut outbox = Outbox::default();
        let mut large = vec![1; SWAP_BYTES];
        let at = large.as_ptr();
        assert_eq!(outbox.push(&mut large), 0..SWAP_BYTES as u64);
        assert!(large.is_empty());
        let taken = outbox.take();
        assert_eq!(taken.as_ptr(), at);
    }
}
