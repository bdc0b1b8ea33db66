//! Buffers of a thread, for the request on its way out and the answer on its way in: a warm call allocates nothing.
use crate::wire::Message;
use std::cell::RefCell;

/// One for a call, one for what is called meanwhile: a call in process has two buffers, and its handler may call others.
const KEPT_MAX: usize = 4;

thread_local!(static SCRATCH: RefCell<Vec<Message>> = const { RefCell::new(Vec::new()) });

/// Runs `work` with a buffer of this thread, emptied. A call within a call (by a `Serialize` impl, say) gets another one.
pub(crate) fn with<R>(work: impl FnOnce(&mut Message) -> R) -> R {
    let mut buffer = SCRATCH.try_with(|scratch| scratch.borrow_mut().pop()).ok().flatten().unwrap_or_default();
    let result = work(&mut buffer);
    // Descriptors that nobody has taken are closed now, not at the thread's next call.
    buffer.reuse();
    // A thread that is ending has no place for it any more: then it is just freed.
    let _ = SCRATCH.try_with(|scratch| keep(&mut scratch.borrow_mut(), buffer));
    result
}

fn keep(kept: &mut Vec<Message>, buffer: Message) {
    if kept.len() < KEPT_MAX {
        kept.push(buffer);
    }
}
