//! A call that takes items and then answers once, as its caller sees it.
use super::stream::answer;
use super::{Conversation, Halves, Sink, Stopped};
use crate::{Error, Value};

/// A call that takes items, and then answers once. Dropping it cancels the call.
#[must_use = "dropping an upload cancels its call; `finish` it"]
pub struct Upload<A, R = ()> {
    sink: Sink<A>,
    call: Result<Box<dyn Conversation>, Error>,
    answer: std::marker::PhantomData<fn() -> R>,
}

impl<A: Value, R: Value> Upload<A, R> {
    pub(crate) fn new(call: Result<Halves, Error>) -> Self {
        let (sink, call) = match call {
            Ok((outlet, call)) => (Sink::new(outlet), Ok(call)),
            Err(error) => (Sink::closed(), Err(error)),
        };
        Self { sink, call, answer: std::marker::PhantomData }
    }

    /// Sends one item, at once. Waits while the service is behind by more than the stream's window.
    ///
    /// # Errors
    /// [`Stopped`] when the service takes no more: it may have answered early. [`finish`](Self::finish) tells.
    pub fn send(&mut self, item: &A) -> Result<(), Stopped> {
        self.sink.send(item)
    }

    /// No more items: waits for the answer.
    ///
    /// # Errors
    /// Those of the call, also when it could not be started.
    pub fn finish(self) -> Result<R, Error> {
        let mut call = self.call?;
        self.sink.finish();
        answer(&mut *call)
    }

    /// Sends until all are sent, or the service has answered early; then waits for the answer. Items travel together, as many
    /// as fit into one frame, so one may wait for those behind it.
    ///
    /// # Errors
    /// Those of the call.
    pub fn send_all<'i>(mut self, items: impl IntoIterator<Item = &'i A>) -> Result<R, Error> {
        // Whoever takes no more has answered, or cannot: that is what `finish` gives.
        let _ = self.sink.send_all(items);
        self.finish()
    }
}

impl<A, R> std::fmt::Debug for Upload<A, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Upload")
    }
}
