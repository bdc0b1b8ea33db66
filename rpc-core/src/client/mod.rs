//! The calling side: [`Connection`], the blocking channel to a server or to a handler in this process.
//!
//! - `shared`: one socket, called over by any number of threads. Whoever waits, reads.
//! - `ask`: what a call asks for. `plans`: the services that are open. `roles`: how threads share writing and reading.
//! - `opening`: the handshake, and services that are opened later.
//! - `plans`: what the handshake and opening found out. `local`: a handler of this process as a channel.
//! - `pipelined`: many calls under way from one thread.
//! - `dynamic`: calls without generated code, by a server's own schema.
//! - `scratch`: the buffer that a thread's calls go through.
mod ask;
mod dynamic;
mod local;
mod opening;
mod pipelined;
mod plans;
mod roles;
mod scratch;
mod shared;

pub use local::Local;
pub use opening::Opening;
pub use pipelined::{Pending, Pipeline, Pipelined};

use crate::net::{self, Address};
use crate::value::Own;
use crate::wire::DecodeLimits;
use crate::wire::decode;
use crate::{Blocking, Call, Channel, Error, Handler, Limits, Outgoing, Peer, ServiceInfo, Value};
use shared::Shared;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long connecting and the handshake may take, unless [`Connect::timeout`] says otherwise: it is two round trips, so
/// whatever takes longer is stuck.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How to connect, when `Kv::connect(address)` is not enough.
///
/// ```no_run
/// # use rpc_core::Connect;
/// # use std::time::Duration;
/// let connection = Connect::new("kv").wait().timeout(Duration::from_secs(20)).connect()?;
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Connect {
    address: String,
    service: Option<&'static ServiceInfo>,
    wait: bool,
    timeout: Duration,
    limits: Limits,
}

impl Connect {
    /// To this address: see [`Address`] for how it is written.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            service: None,
            wait: false,
            timeout: CONNECT_TIME_MAX,
            limits: Limits::default(),
        }
    }

    /// Opens this service in the handshake: one round trip less than opening it at its first call, and a server that
    /// lacks it is an error at once. `Kv::connect` does that.
    pub fn service(mut self, service: &'static ServiceInfo) -> Self {
        self.service = Some(service);
        self
    }

    /// Waits until there is a server: no such socket yet, and nobody listening yet, are tried again until the timeout.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    /// How long connecting and the handshake may take together; 5 s by default. Holds when the server's backlog is full, too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What this side takes from the server: the size of its replies.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Connect`] (which says whether nobody is there, or may not be called);
    /// [`Error::Foreign`], [`Error::RefusedConnection`] and [`Error::Deadline`] when the handshake fails;
    /// [`Error::UnknownService`] when the server lacks the service asked for.
    pub fn connect(&self) -> Result<Connection, Error> {
        let address: Address = self.address.parse()?;
        let start = Instant::now();
        let deadline = start + crate::proto::clamp(self.timeout);
        let stream = if self.wait { net::wait(&address, deadline)? } else { net::connect(&address, deadline)? };
        let shared = opening::handshake(stream, &address, self, deadline, start.elapsed())?;
        Ok(Connection(Inner::Socket(Arc::new(shared))))
    }
}

/// A connection to a server, or to a handler in this process. Cheap to clone; any number of threads may call over it at
/// once, and clients of several services may share it.
///
/// It has no thread of its own. The first caller that waits reads for all, so a lone call costs one write and one read.
/// The connection closes with its last clone.
#[derive(Debug, Clone)]
pub struct Connection(Inner);

#[derive(Debug, Clone)]
enum Inner {
    Socket(Arc<Shared>),
    Local(Local),
}

impl Connection {
    /// Connects to `address`; [`Connect`] has more to say.
    ///
    /// # Errors
    /// Those of [`Connect::connect`].
    pub fn connect(address: &str) -> Result<Self, Error> {
        Connect::new(address).connect()
    }

    /// A connection to a handler in this process, for tests: the same type as one to a server, and no socket.
    ///
    /// The handler runs on the caller's thread.
    pub fn local(handler: impl Handler) -> Self {
        Self(Inner::Local(Local::new(handler)))
    }

    /// The same connection as a channel whose calls return when they are sent, so that one thread can have many under way.
    pub fn pipelined(&self) -> Pipeline {
        Pipeline::over(self.0.clone())
    }

    /// One round trip that asks nothing of any service; gives the time that it took.
    ///
    /// # Errors
    /// Those of a call that fails on its way.
    pub fn ping(&self, timeout: Duration) -> Result<Duration, Error> {
        let start = Instant::now();
        if let Inner::Socket(shared) = &self.0 {
            opening::ping(shared, timeout)?;
        }
        Ok(start.elapsed())
    }

    /// How often its socket asked the kernel.
    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn counts(&self) -> Option<&net::Counts> {
        match &self.0 {
            Inner::Socket(shared) => Some(shared.stream().counts()),
            Inner::Local(_) => None,
        }
    }

    /// Another number whenever the server was started anew; `None` for a handler in this process.
    pub fn instance(&self) -> Option<u64> {
        match &self.0 {
            Inner::Socket(shared) => Some(shared.instance()),
            Inner::Local(_) => None,
        }
    }

    /// How long it took to open it; `None` for a handler in this process.
    pub fn opening(&self) -> Option<Opening> {
        match &self.0 {
            Inner::Socket(shared) => Some(shared.opening()),
            Inner::Local(_) => None,
        }
    }

    /// Who serves: whoever listened on the socket, as the kernel noted it then. Nothing is known over TCP; `None` for
    /// a handler in this process.
    pub fn peer(&self) -> Option<Peer> {
        match &self.0 {
            Inner::Socket(shared) => Some(shared.stream().peer()),
            Inner::Local(_) => None,
        }
    }
}

impl Channel for Connection {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        match &self.0 {
            Inner::Socket(shared) => scratch::with(|buffer| {
                let place = shared.call(call, buffer)?;
                answer(call, buffer, place, shared.decode_limits())
            }),
            Inner::Local(local) => local.call(call),
        }
    }
}

/// Decodes the answer that `buffer` holds behind `place`; a one-way call has none.
fn answer<R: Value>(
    call: Outgoing<'_>,
    buffer: &[u8],
    place: Option<ask::Place>,
    limits: DecodeLimits,
) -> Result<R, Error> {
    let bad = |problem: String| Error::BadReply { method: call.name(), problem };
    let body = match place {
        None => return decode::<Own<R>>(&[], limits).map(|own| own.0).map_err(|error| bad(error.to_string())),
        Some(place) => ask::body(buffer, place).map_err(bad)?,
    };
    decode::<Own<R>>(body, limits).map(|own| own.0).map_err(|error| bad(error.to_string()))
}
