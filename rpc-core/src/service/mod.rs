//! What the derive targets: a service, its channel on the calling side, its handler on the serving side.
mod channel;
mod client;
mod context;
mod handler;
mod method;
mod run;

pub use channel::{Blocking, Call, CallOptions, Channel, Deadline, Encode, Mode, Outgoing};
pub use client::{Client, Layer, Layered, Timeout};
pub(crate) use context::Cancel;
pub use context::Context;
pub use handler::{Handler, Incoming, Service};
pub use method::{Argument, Method, ServiceInfo};
pub(crate) use run::run;
