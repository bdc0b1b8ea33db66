//! What the derive targets: a service, its channel on the calling side, its handler on the serving side.
mod attempts;
mod backoff;
mod budget;
mod cancel;
mod channel;
mod client;
mod context;
mod halves;
mod handler;
mod method;
mod random;
mod reconnect;
mod retry;
mod run;
mod sink;
mod source;
mod stream;
mod upload;

pub(crate) use cancel::Cancel;
pub use cancel::WakeGuard;
pub use channel::{
    Blocking, Call, CallOptions, Channel, Deadline, DuplexOf, Encode, Mode, Outgoing, StreamOf, UploadOf,
};
pub use client::{Client, Layer, Layered, Timeout};
pub(crate) use context::Back;
pub use context::Context;
pub use halves::Stopped;
pub(crate) use halves::{Conversation, Flow, Halves, Inlet, More, Outlet};
pub use handler::{Handler, Incoming, Service};
pub use method::{Argument, Method, ServiceInfo};
pub use reconnect::Reconnect;
pub use retry::Retry;
pub(crate) use run::run;
pub use sink::Sink;
pub use source::Source;
pub(crate) use stream::next_item;
pub use stream::{NoSummary, Stream};
pub use upload::Upload;
