//! Where items are pushed.
use super::{Flow, Outlet, Stopped};
use crate::Value;
use crate::value::Ours;
use std::marker::PhantomData;
use std::sync::Arc;

/// Where items are pushed: a streaming handler's `out`, and the sending half of a client's two-way call.
///
/// An item is on its way when [`send`](Self::send) returns, or at most about a millisecond later, when a handler sends
/// many in a row: then they travel together. Items are encoded while they are borrowed; none is kept.
///
/// A handler's sink ends with its call. A client's sink that is dropped without [`finish`](Self::finish) leaves its input
/// incomplete: the handler sees [`Stopped`], never a quiet end.
pub struct Sink<T> {
    /// `None`: the call has failed before it began.
    outlet: Option<Box<dyn Outlet>>,
    /// A handler's call.
    flow: Option<Arc<dyn Flow>>,
    item: PhantomData<fn(&T)>,
}

impl<T: Value> Sink<T> {
    pub(crate) fn new(outlet: Box<dyn Outlet>) -> Self {
        Self { outlet: Some(outlet), flow: None, item: PhantomData }
    }

    /// A handler's own.
    pub(super) fn of_handler(flow: Option<Arc<dyn Flow>>) -> Self {
        Self { outlet: flow.clone().map(Flow::outlet), flow, item: PhantomData }
    }

    /// One that nobody takes items from.
    pub(crate) fn closed() -> Self {
        Self { outlet: None, flow: None, item: PhantomData }
    }

    /// The call of a handler's sink.
    pub(crate) fn flow(&self) -> Option<Arc<dyn Flow>> {
        self.flow.clone()
    }

    /// Nothing more comes from this handler, and its caller is told why.
    pub(crate) fn stop(self, why: String) -> Stopped {
        self.flow.into_iter().for_each(|flow| flow.abort(why.clone()));
        Stopped
    }

    /// Sends one item. Waits while the other side is behind by more than the stream's window (256 KiB unless it says
    /// otherwise).
    ///
    /// # Errors
    /// [`Stopped`] when nobody takes items of this call any more: a handler's caller has cancelled it, or is gone; a
    /// client's call has ended, and its other half tells how (it may be told up to a window of items later). Also when the item cannot be encoded, or is larger
    /// than the other side takes: that ends the call, with an error at the caller.
    pub fn send(&mut self, item: &T) -> Result<(), Stopped> {
        self.outlet.as_mut().ok_or(Stopped)?.send(&Ours(item), false)
    }

    /// Sends all of them, as many together as fit into one frame. An item may wait for those behind it.
    ///
    /// # Errors
    /// Those of [`send`](Self::send), with the first item that is refused.
    pub fn send_all<'i>(&mut self, items: impl IntoIterator<Item = &'i T>) -> Result<(), Stopped> {
        let outlet = self.outlet.as_mut().ok_or(Stopped)?;
        let mut items = items.into_iter().peekable();
        while let Some(item) = items.next() {
            outlet.send(&Ours(item), items.peek().is_some())?;
        }
        Ok(())
    }

    /// That was the last item. For a handler its return means the same.
    pub fn finish(mut self) {
        if let Some(outlet) = &mut self.outlet {
            outlet.finish();
        }
    }
}

impl<T> std::fmt::Debug for Sink<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}
