//! The calling side: [`Connection`], the blocking channel to a server or to a handler in this process.
//!
//! - `trusted`: which servers may be called. `opening`: the handshake. `listener`: who is there, without one.
//! - `offers`: services for the server to call.
//! - `local`: a handler of this process as a channel; `pipe`: its calls with items.
//! - `pipelined`: many calls under way from one thread.
//! - `dynamic`: calls without generated code, by a server's own schema.
mod dynamic;
mod listener;
mod local;
mod offers;
mod opening;
mod pipe;
mod pipelined;
mod trusted;

pub use dynamic::{Dynamic, DynamicSink, DynamicStream, PendingBytes};
pub use local::Local;
pub use opening::Opening;
pub use pipelined::{Pending, Pipeline, Pipelined};

use crate::connection::{self, Line, Place, with_scratch};
use crate::net::{self, Address};
use crate::service::Halves;
use crate::span::Span;
use crate::token::Token;
use crate::trust::Trust;
use crate::value::Own;
use crate::value::beside;
use crate::wire::{DecodeLimits, Message, decode};
use crate::{
    Blocking, Call, Channel, DuplexOf, Error, Handler, Limits, Outgoing, Peer, ServiceInfo, Sink, Stream, StreamOf,
    Upload, UploadOf, Value,
};
use local::InProcess;
use offers::Offers;
use opening::{Greeted, Handshaken};
use std::any::Any;
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
#[derive(Clone)]
pub struct Connect {
    address: String,
    service: Option<&'static ServiceInfo>,
    wait: bool,
    timeout: Duration,
    limits: Limits,
    offers: Offers,
    trust: Trust,
    token: Option<Token>,
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
            offers: Offers::default(),
            trust: Trust::default(),
            token: None,
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

    /// Offers a service to the server, whose handlers call it by [`Context::client`](crate::Context::client). May be said
    /// several times.
    ///
    /// Such a connection has threads of its own, because the server's calls come when nobody waits: one reads, others run
    /// handlers that take long, as in a server.
    #[cfg(feature = "server")]
    pub fn offer(mut self, handler: impl Handler) -> Self {
        self.offers.add(Arc::new(handler));
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Connect`] (which says whether nobody is there, may not be called, or is not trusted);
    /// [`Error::Foreign`], [`Error::RefusedConnection`] and [`Error::Deadline`] when the handshake fails;
    /// [`Error::UnknownService`] when the server lacks the service asked for; [`Error::DuplicateService`] and
    /// [`Error::System`] when the services that are offered have one name, or no thread can be had for them.
    pub fn connect(&self) -> Result<Connection, Error> {
        let address: Address = self.address.parse()?;
        let start = Instant::now();
        let deadline = start + crate::proto::clamp(self.timeout);
        let stream = if self.wait { net::wait(&address, deadline)? } else { net::connect(&address, deadline)? };
        self.check_server(&address, &stream)?;
        self.limits.socket_bytes.into_iter().for_each(|bytes| stream.limit_buffers(bytes));
        let greeting = opening::handshake(stream, &address, self, deadline, start.elapsed())?;
        let Handshaken { stream, inbox, terms, greeted, opened, spin } = greeting;
        if self.service.is_some_and(ServiceInfo::has_fds) {
            stream.expect_fds(terms.reply_fds_max);
        }
        let (line, home) = match self.offers.serve {
            None => (Arc::new(Line::called(stream, terms, inbox, spin)), None),
            Some(serve) => {
                let (line, home) = serve(&self.offers.handlers, &self.limits, stream, terms, inbox)?;
                (line, Some(home))
            }
        };
        if let (Some(service), Some(opened)) = (self.service, opened) {
            line.plans().add(service, connection::plan_for(service.schema(), opened)?);
        }
        Ok(Connection(Inner::Socket(Socket { line, greeted: Some(greeted), _home: home })))
    }
}

impl std::fmt::Debug for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offers: Vec<_> = self.offers.handlers.iter().map(|handler| handler.service().name()).collect();
        f.debug_struct("Connect").field("address", &self.address).field("offers", &offers).finish_non_exhaustive()
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
    Socket(Socket),
    Local(Arc<dyn InProcess>),
}

#[derive(Debug, Clone)]
struct Socket {
    line: Arc<Line>,
    /// `None`: a server's connection to a client of its own.
    greeted: Option<Greeted>,
    /// What serves the services that are offered; it ends with the last clone, and the last call.
    _home: Option<Arc<dyn Any + Send + Sync>>,
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
    /// The handler runs on the caller's thread; a call with items has one of its own. [`Local`] has more to say: several
    /// services, and services offered back.
    pub fn local(handler: impl Handler) -> Self {
        Local::new(handler).into()
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
        if let Inner::Socket(socket) = &self.0 {
            connection::ping(&socket.line, timeout)?;
        }
        Ok(start.elapsed())
    }

    /// How often its socket asked the kernel.
    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn counts(&self) -> Option<&net::Counts> {
        match &self.0 {
            Inner::Socket(socket) => Some(socket.line.stream().counts()),
            Inner::Local(_) => None,
        }
    }

    /// Another number whenever the server was started anew; `None` for a handler in this process.
    pub fn instance(&self) -> Option<u64> {
        match &self.0 {
            Inner::Socket(socket) => socket.greeted.map(|greeted| greeted.instance),
            Inner::Local(_) => None,
        }
    }

    /// How long it took to open it; `None` for a handler in this process.
    pub fn opening(&self) -> Option<Opening> {
        match &self.0 {
            Inner::Socket(socket) => socket.greeted.map(|greeted| greeted.opening),
            Inner::Local(_) => None,
        }
    }

    /// Who serves: whoever listened on the socket, as the kernel noted it then. Nothing is known over TCP; `None` for
    /// a handler in this process.
    pub fn peer(&self) -> Option<Peer> {
        match &self.0 {
            Inner::Socket(socket) => Some(socket.line.stream().peer()),
            Inner::Local(_) => None,
        }
    }
}

impl From<Local> for Connection {
    fn from(local: Local) -> Self {
        Self(Inner::Local(Arc::new(local)))
    }
}

impl Channel for Connection {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        let span = Span::calling(call);
        let called = self.0.called(call);
        span.called(&called);
        called
    }

    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        Stream::new(self.0.converse(call).map(|(_, call)| call))
    }

    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        Upload::new(self.0.converse(call))
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        duplex(self.0.converse(call))
    }

    fn is_open(&self) -> bool {
        match &self.0 {
            Inner::Socket(socket) => socket.line.is_open(),
            Inner::Local(_) => true,
        }
    }
}

impl Inner {
    /// A whole call, decoded.
    fn called<R: Value>(&self, call: Outgoing<'_>) -> Result<R, Error> {
        with_scratch(|buffer| {
            let (place, limits) = match self {
                Inner::Socket(Socket { line, .. }) => (line.call(call, buffer)?, line.decode_limits()),
                Inner::Local(local) => (local.answer(call, buffer)?, local::decode_limits()),
            };
            answer(call, buffer, place, limits)
        })
    }

    /// Starts a call with items.
    fn converse(&self, call: Outgoing<'_>) -> Result<Halves, Error> {
        match self {
            Inner::Socket(Socket { line, .. }) => Span::calling(call).around(converse(line, call)),
            Inner::Local(local) => local.converse(call),
        }
    }
}

fn converse(line: &Arc<Line>, call: Outgoing<'_>) -> Result<Halves, Error> {
    call.service.check_items(call.method)?;
    let (request, until) = line.request(call)?;
    line.converse(request, until, call.name(), call.method.shape)
}

fn duplex<A: Value, T: Value, R: Value>(halves: Result<Halves, Error>) -> (Sink<A>, Stream<T, R>) {
    match halves {
        Ok((outlet, call)) => (Sink::new(outlet), Stream::new(Ok(call))),
        Err(error) => (Sink::closed(), Stream::new(Err(error))),
    }
}

impl Connection {
    /// Over a line that is read by a server's threads.
    pub(crate) fn over(line: Arc<Line>) -> Self {
        Self(Inner::Socket(Socket { line, greeted: None, _home: None }))
    }
}

/// Decodes the answer that `buffer` holds behind `place`; a one-way call has none.
fn answer<R: Value>(
    call: Outgoing<'_>,
    message: &mut Message,
    place: Option<Place>,
    limits: DecodeLimits,
) -> Result<R, Error> {
    let bad = |problem: String| Error::BadReply { method: call.name(), problem };
    let body = match place {
        None => return decode::<Own<R>>(&[], limits).map(|own| own.0).map_err(|error| bad(error.to_string())),
        Some(place) => connection::body(&message.bytes, place).map_err(bad)?,
    };
    if call.service.carries_fds(call.method.index) {
        return beside::decode::<Own<R>>(body, message.fds.take(), limits).map(|own| own.0).map_err(bad);
    }
    decode::<Own<R>>(body, limits).map(|own| own.0).map_err(|error| bad(error.to_string()))
}
