//! Generated clients, and the layers that can be put between them and their channel.
use super::{Blocking, Call, Channel, Deadline, DuplexOf, Outgoing, Retry, StreamOf, UploadOf};
use crate::Value;
use std::time::Duration;

/// A generated client, over any channel. Bring it into scope for [`timeout`](Client::timeout),
/// [`no_deadline`](Client::no_deadline) and [`retry`](Client::retry).
///
/// It is a trait so that a service may have methods of the same names: those win, and this is `Client::timeout(&kv, ..)`.
pub trait Client: Sized {
    /// What it calls over.
    type Channel: Channel;
    /// The same client over another channel.
    type Over<C: Channel>: Client<Channel = C>;
    /// What it calls over.
    fn channel(&self) -> &Self::Channel;
    /// A client of the same service over `channel`.
    fn over<C: Channel>(channel: C) -> Self::Over<C>;

    /// The same client with another layer.
    fn layer<L: Layer>(&self, layer: L) -> Self::Over<Layered<L, Self::Channel>>
    where
        Self::Channel: Clone,
    {
        Self::over(Layered { layer, channel: self.channel().clone() })
    }

    /// The same client, whose calls may take `limit` each.
    fn timeout(&self, limit: Duration) -> Self::Over<Layered<Timeout, Self::Channel>>
    where
        Self::Channel: Clone,
    {
        self.layer(Timeout(Deadline::Within(limit)))
    }

    /// The same client, whose calls end with an answer or with their connection, and not before.
    fn no_deadline(&self) -> Self::Over<Layered<Timeout, Self::Channel>>
    where
        Self::Channel: Clone,
    {
        self.layer(Timeout(Deadline::None))
    }

    /// The same client, which repeats a failed call up to `times` times when that is safe and may help: see [`Retry`].
    fn retry(&self, times: u32) -> Self::Over<Retry<Self::Channel>>
    where
        Self::Channel: Channel<Mode = Blocking> + Clone,
    {
        Self::over(Retry::new(self.channel().clone(), times))
    }
}

/// Looks at, or changes, what goes out; works for every mode. Closures of this form are layers, too.
/// A layer that needs the answer implements [`Channel`] around a channel instead.
pub trait Layer {
    /// Called once for each call, before it is encoded.
    fn outgoing(&self, call: &mut Outgoing<'_>);
}

impl<F: Fn(&mut Outgoing<'_>)> Layer for F {
    fn outgoing(&self, call: &mut Outgoing<'_>) {
        self(call);
    }
}

/// A channel behind a [`Layer`].
#[derive(Debug, Clone)]
pub struct Layered<L, C> {
    layer: L,
    channel: C,
}

impl<L: Layer, C: Channel> Channel for Layered<L, C> {
    type Mode = C::Mode;

    fn call<R: Value>(&self, mut call: Outgoing<'_>) -> Call<C, R> {
        self.layer.outgoing(&mut call);
        self.channel.call(call)
    }

    fn stream<T: Value, R: Value>(&self, mut call: Outgoing<'_>) -> StreamOf<C, T, R> {
        self.layer.outgoing(&mut call);
        self.channel.stream(call)
    }

    fn upload<A: Value, R: Value>(&self, mut call: Outgoing<'_>) -> UploadOf<C, A, R> {
        self.layer.outgoing(&mut call);
        self.channel.upload(call)
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, mut call: Outgoing<'_>) -> DuplexOf<C, A, T, R> {
        self.layer.outgoing(&mut call);
        self.channel.duplex(call)
    }

    fn is_open(&self) -> bool {
        self.channel.is_open()
    }
}

/// The layer of [`Client::timeout`] and [`Client::no_deadline`]. Where there are several, the one put on last wins.
#[derive(Debug, Clone, Copy)]
pub struct Timeout(Deadline);

impl Layer for Timeout {
    fn outgoing(&self, call: &mut Outgoing<'_>) {
        // Calls go through the layer that was put on last first.
        if call.options.deadline == Deadline::Default {
            call.options.deadline = self.0;
        }
    }
}
