//! Generated clients, and the layers that can be put between them and their channel.
use super::{Call, Channel, Deadline, Outgoing};
use crate::Value;
use std::time::Duration;

/// A generated client, over any channel. Bring it into scope for [`timeout`](Client::timeout) and
/// [`no_deadline`](Client::no_deadline).
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
