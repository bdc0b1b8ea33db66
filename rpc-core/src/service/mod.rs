//! What the derive targets: a service, its channel on the calling side, its handler on the serving side.
mod attempts;
mod backoff;
mod budget;
mod cancel;
mod channel;
mod client;
mod context;
mod ending;
mod guarded;
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
pub(crate) use ending::Ending;
pub use guarded::Guarded;
pub use halves::Stopped;
pub(crate) use halves::{Conversation, Flow, Halves, Inlet, More, Outlet};
pub(crate) use handler::Arguments;
pub use handler::{Handler, Incoming, Service};
pub use method::{Argument, Method, ServiceInfo};
pub use reconnect::Reconnect;
pub use retry::Retry;
pub(crate) use run::{drop_payload, run};
pub use sink::Sink;
pub use source::Source;
pub use stream::{NoSummary, Stream};
pub(crate) use stream::{known, next_item};
pub use upload::Upload;
