//! Which emptied buffers are kept for the next message.
//!
//! A fresh buffer of a megabyte costs as much as moving its bytes: the system clears each page of it, one fault at a time. So
//! it is kept as long as messages are large, and given back by the first small one.

/// A buffer up to this size is always kept.
const SMALL_BYTES_MAX: usize = 128 << 10;

/// No larger one is kept, whatever is sent: a thread that called, a worker, and a connection have one each until the next
/// small message.
const LARGE_BYTES_MAX: usize = (32 << 20) + (64 << 10);

/// A large one is kept if so much of it was used: buffers grow by doubling.
const USED_PART: usize = 4;

/// Whether a buffer with this capacity is kept, whose last message had `used` bytes.
pub(crate) fn is_kept(capacity: usize, used: usize) -> bool {
    capacity <= LARGE_BYTES_MAX && is_filled(capacity, used)
}

/// Whether a buffer with this capacity is always kept.
pub(crate) fn is_small(capacity: usize) -> bool {
    capacity <= SMALL_BYTES_MAX
}

/// Whether `used` bytes fill a buffer with this capacity so far that it may stay for them alone. A few bytes in the buffer of a
/// large message would hold its memory for as long as they wait.
pub(crate) fn is_filled(capacity: usize, used: usize) -> bool {
    is_small(capacity) || used >= capacity / USED_PART
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_stays_for_large_messages_alone() {
        assert!(is_kept(SMALL_BYTES_MAX, 0));
        assert!(is_kept(1 << 20, 600 << 10) && is_kept(LARGE_BYTES_MAX, LARGE_BYTES_MAX));
        assert!(!is_kept(1 << 20, 10_000), "for small ones");
        assert!(!is_kept(LARGE_BYTES_MAX + 1, LARGE_BYTES_MAX), "however large messages are");
        assert!(is_filled(LARGE_BYTES_MAX + 1, LARGE_BYTES_MAX), "but a message stays where it is");
    }
}
