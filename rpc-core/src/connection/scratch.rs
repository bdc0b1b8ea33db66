//! One buffer a thread, for the request on its way out and the answer on its way in: a warm call allocates nothing.
use crate::wire::Message;
use std::cell::RefCell;

/// A buffer that one large message needed is not kept for small ones.
const KEPT_BYTES_MAX: usize = 64 << 10;

thread_local!(static SCRATCH: RefCell<Message> = const { RefCell::new(Message::EMPTY) });

/// Runs `work` with this thread's buffer, emptied. A call within a call (by a `Serialize` impl, say) gets a fresh one.
pub(crate) fn with<R>(work: impl FnOnce(&mut Message) -> R) -> R {
    let mut buffer = SCRATCH.try_with(|scratch| scratch.take()).unwrap_or_default();
    buffer.clear();
    let result = work(&mut buffer);
    // Descriptors that nobody has taken are closed now, not at the thread's next call.
    buffer.fds.clear();
    if buffer.bytes.capacity() <= KEPT_BYTES_MAX {
        // A thread that is ending has no place for it any more: then it is just freed.
        let _ = SCRATCH.try_with(|scratch| scratch.replace(buffer));
    }
    result
}
