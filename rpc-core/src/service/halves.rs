//! What carries a stream, as the types that callers and handlers hold see it: bytes that wait and move, no sockets.
use super::Encode;
use crate::Error;
use crate::wire::Message;
use std::sync::Arc;

/// Nobody takes, or sends, any more items of this call: its caller has gone, has cancelled it or has its answer, its
/// time is over, or its input was dropped before its end.
///
/// A handler passes it on with `?`, which ends the call. A client asks `finish` what happened: there is no
/// `From<Stopped>` for [`Error`], because `?` would lose the answer of a service that needed no further items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call takes or sends no more items: its other side has stopped")]
pub struct Stopped;

/// The sending half of a stream. What dropping it means is its implementation's business.
pub(crate) trait Outlet: Send {
    /// Sends one item; waits while the other side is behind. `more`: others follow at once, for which it may wait.
    fn send(&mut self, item: &dyn Encode, more: bool) -> Result<(), Stopped>;
    /// That was the last one.
    fn finish(&mut self);
}

/// What came of waiting for items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// They have been appended.
    Bytes,
    /// The last one has come.
    End,
    /// The rest will not come.
    Stopped,
}

/// The receiving half of a handler's stream.
pub(crate) trait Inlet: Send {
    /// Waits for the bytes of further items, which are appended to `buffer`.
    fn more(&mut self, buffer: &mut Vec<u8>) -> More;
    /// So many items have been taken out of what it gave: for whoever counts them.
    fn took(&mut self, _items: u64) {}
    /// What came was no item. The caller is told.
    fn fail(&mut self, problem: String);
    /// The largest item that this side takes, in bytes.
    fn item_bytes_max(&self) -> u32;
}

/// A call with items, as its handler sees it.
pub(crate) trait Flow: Send + Sync {
    /// Where items go to the caller.
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet>;
    /// Where the caller's items come from.
    fn inlet(self: Arc<Self>) -> Box<dyn Inlet>;
    /// Why it cannot end well, if that is known better than by its handler.
    fn failure(&self) -> Option<Error>;
    /// Ends it without its handler, which may be waiting to send, and then finds that it has stopped. The caller is told why.
    fn abort(&self, why: String);
}

/// A call with items, as its caller sees it. Dropping it cancels the call, if that has not ended.
pub(crate) trait Conversation: Send {
    /// Waits for the bytes of further items, which are appended to `buffer`. False: the last one has come.
    ///
    /// # Errors
    /// Those of the call.
    fn items(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error>;
    /// Waits for the answer; it is then in `answer` behind the place that is returned. Items that were not taken are
    /// thrown away.
    ///
    /// # Errors
    /// Those of the call.
    fn answer(&mut self, answer: &mut Message) -> Result<usize, Error>;
    /// `Service.method`, for errors.
    fn name(&self) -> String;
    /// The largest item that this side takes, in bytes.
    fn item_bytes_max(&self) -> u32;
}

/// Both halves of a call with items, as its caller holds them: where the caller's go, and what comes back.
pub(crate) type Halves = (Box<dyn Outlet>, Box<dyn Conversation>);
