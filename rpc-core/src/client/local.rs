//! A handler of this process as a channel: no socket, the same encoding, the same errors.
use super::duplex;
use super::pipe::{self, Pipe};
use crate::connection::{Place, with_scratch};
use crate::net::Peer;
use crate::proto::{Fault, clamp};
use crate::service::{Arguments, Back, Cancel, Ending, Flow, Halves, run};
use crate::span::Span;
use crate::value::beside;
use crate::wire::{DecodeLimits, Message, put_varint};
use crate::{
    Blocking, Call, Channel, Connection, Context, DuplexOf, Error, Handler, Limits, Outcome, Outgoing, ServiceInfo,
    Shape, Stream, StreamOf, Upload, UploadOf, Value,
};
use std::sync::Arc;
use std::time::Instant;

/// Calls a handler in this process, on the caller's thread. Nothing can interrupt it there: a call that takes longer than
/// its deadline is an error when it returns. A call with items has a thread of its own.
#[derive(Clone)]
pub struct Local {
    serves: Vec<Arc<dyn Handler>>,
    /// What handlers may call back.
    offers: Vec<Arc<dyn Handler>>,
    /// Set by nobody: nothing stops here, and a caller that waits on the handler's thread does not give up.
    never: Cancel,
}

impl Local {
    /// Over `handler`, which `Kv::serve(..)` makes.
    pub fn new(handler: impl Handler) -> Self {
        Self { serves: vec![Arc::new(handler)], offers: Vec::new(), never: Cancel::default() }
    }

    /// One service more, as on a server.
    #[expect(clippy::should_implement_trait, reason = "a channel is no number; the same name as `Server::add`")]
    pub fn add(mut self, handler: impl Handler) -> Self {
        self.serves.push(Arc::new(handler));
        self
    }

    /// Offers a service to the handlers, as [`Connect::offer`](crate::Connect::offer) does over a socket.
    ///
    /// ```
    /// # use rpc_core::{Connection, Context, Local, Service};
    /// # #[derive(Service)]
    /// # enum Build { #[rpc(returns = ())] Run }
    /// # #[derive(Service)]
    /// # enum Progress { #[rpc(oneway)] Step { number: u32 } }
    /// # struct Builder;
    /// # impl BuildHandler for Builder {
    /// #     fn run(&self, cx: &Context) {
    /// #         let progress = cx.client::<Progress>().expect("it is offered");
    /// #         progress.step(1).expect("it is served");
    /// #     }
    /// # }
    /// # struct Bar;
    /// # impl ProgressHandler for Bar {
    /// #     fn step(&self, _cx: &Context, number: u32) {
    /// #         println!("step {number}");
    /// #     }
    /// # }
    /// let local = Local::new(Build::serve(Builder)).offer(Progress::serve(Bar));
    /// Build::client(Connection::from(local)).run()?;
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    pub fn offer(mut self, handler: impl Handler) -> Self {
        self.offers.push(Arc::new(handler));
        self
    }

    /// The handler of a service.
    fn handler(&self, service: &'static ServiceInfo) -> Result<&Arc<dyn Handler>, Error> {
        let found = self.serves.iter().find(|handler| std::ptr::eq(handler.service(), service));
        let known = || self.serves.iter().map(|handler| handler.service().name().to_owned()).collect();
        let unknown = || Error::UnknownService { service: service.name().to_owned(), known: known() };
        found.ok_or_else(unknown)
    }

    /// The way back from handlers to what is offered.
    fn back(&self) -> Option<Arc<dyn Back>> {
        if self.offers.is_empty() {
            return None;
        }
        let (serves, offers) = (self.offers.clone(), self.serves.clone());
        Some(Arc::new(Self { serves, offers, never: self.never.clone() }))
    }

    fn run(&self, call: Outgoing<'_>, args: &mut Message, buffer: &mut Message) -> Result<Option<Place>, Error> {
        let allowed = call.time_allowed();
        let handler = self.handler(call.service)?;
        let deadline = allowed.map(|allowed| Instant::now() + clamp(allowed));
        let cx = Context {
            method: call.method,
            peer: this_process(),
            deadline,
            cancel: self.never.clone(),
            stopping: self.never.clone(),
            back: self.back(),
        };
        put_varint(call.method.index.into(), &mut buffer.bytes);
        let args = Arguments::new(&args.bytes, args.fds.take(), call.service.carries_fds(call.method.index));
        let done = serve(&**handler, &cx, args, None, buffer);
        if !call.has_reply() {
            // As on a socket: whoever calls one way is not told how it went.
            return Ok(None);
        }
        done.map_err(|fault: Fault| fault.into_error(call.name(), allowed))?;
        fits(|| call.name(), buffer, Outcome::Executed)?;
        if deadline.is_some_and(|deadline| deadline < Instant::now()) {
            let allowed = allowed.unwrap_or_default();
            return Err(Error::Deadline { method: call.name(), allowed, outcome: Outcome::Executed });
        }
        Ok(Some(Place { start: 0, method: call.method.index }))
    }

    /// Starts a call with items, on a thread of its own.
    fn begin(&self, call: Outgoing<'_>) -> Result<Halves, Error> {
        call.service.check_items(call.method)?;
        let mut args = Message::default();
        let handler = self.handler(call.service)?.clone();
        arguments(call, &mut args)?;
        let pipe = Pipe::new(call.name(), call.time_allowed(), &Limits::default());
        let caller = pipe::CallerEnd(pipe.clone());
        let outlet = caller.outlet();
        let (back, method, stopping) = (self.back(), call.method, self.never.clone());
        let has_fds = call.service.carries_fds(method.index);
        let converse = move || {
            let (deadline, cancel) = (pipe.deadline, pipe.cancel.clone());
            let cx = Context { method, peer: this_process(), deadline, cancel, stopping, back };
            let mut answer = Message::default();
            let args = Arguments::new(&args.bytes, args.fds, has_fds);
            let done = serve(&*handler, &cx, args, Some(pipe.clone()), &mut answer);
            let late = deadline.is_some_and(|deadline| deadline < Instant::now());
            let done = if late { Err(Fault::Late) } else { done };
            let done = done.map_err(|fault| fault.into_error(pipe.name.clone(), pipe.allowed));
            let fits = |()| fits(|| pipe.name.clone(), &answer, Outcome::Executed);
            pipe.end(done.and_then(fits).map(|()| (answer, 0)));
        };
        let thread = std::thread::Builder::new().name("rpc-local".to_owned()).spawn(converse);
        thread.map_err(|error| Error::system("starting a thread", &error))?;
        Ok((outlet, Box::new(caller)))
    }
}

/// A handler of this process, as a connection calls it: by a trait, so that only a program that makes a [`Local`] has what runs
/// handlers linked into it.
pub(super) trait InProcess: std::fmt::Debug + Send + Sync {
    /// A whole call: its answer is then in `buffer`, as from a socket.
    fn answer(&self, call: Outgoing<'_>, buffer: &mut Message) -> Result<Option<Place>, Error>;

    /// Starts a call with items.
    fn converse(&self, call: Outgoing<'_>) -> Result<Halves, Error>;
}

impl InProcess for Local {
    fn answer(&self, call: Outgoing<'_>, buffer: &mut Message) -> Result<Option<Place>, Error> {
        with_scratch(|args| {
            arguments(call, args)?;
            self.run(call, args, buffer)
        })
    }

    fn converse(&self, call: Outgoing<'_>) -> Result<Halves, Error> {
        Span::calling(call).around(self.begin(call))
    }
}

/// What both sides take, as on a socket.
pub(super) fn decode_limits() -> DecodeLimits {
    DecodeLimits::for_frames_of(Limits::default().frame_bytes_max)
}

/// Runs the handler as a server does, for whoever traces it, too.
fn serve(
    handler: &dyn Handler,
    cx: &Context,
    args: Arguments<'_>,
    flow: Option<Arc<dyn Flow>>,
    answer: &mut Message,
) -> Result<(), Fault> {
    let span = Span::serving(handler.service(), cx.method, cx.peer);
    let done = span.within(|| run(handler, cx, args, flow, decode_limits(), answer));
    span.served(Ending::of(&done, cx.method.shape != Shape::OneWay && cx.is_cancelled()));
    done
}

fn arguments(call: Outgoing<'_>, args: &mut Message) -> Result<(), Error> {
    args.clear();
    let encoded = match call.service.carries_fds(call.method.index) {
        true => beside::encode(call.args, args),
        false => call.args.encode(&mut args.bytes),
    };
    encoded.map_err(|error| match error {
        Error::Encode { problem, outcome, .. } => Error::Encode { method: call.name(), problem, outcome },
        other => other,
    })?;
    fits(|| call.name(), args, Outcome::NotSent)
}

/// As on a socket, no message is larger than a frame may be.
fn fits(name: impl Fn() -> String, message: &Message, outcome: Outcome) -> Result<(), Error> {
    let limits = Limits::default();
    let (size, limit) = (message.bytes.len() as u64, u64::from(limits.frame_bytes_max));
    if size > limit {
        return Err(Error::TooLarge { method: name(), size, limit, outcome });
    }
    match (beside::fits(message.fds.len(), limits.fds_max), outcome) {
        (Ok(()), _) => Ok(()),
        (Err(why), Outcome::Executed) => Err(Error::NoReply { method: name(), why }),
        (Err(problem), _) => Err(Error::Encode { method: name(), problem, outcome }),
    }
}

impl Back for Local {
    fn connection(self: Arc<Self>) -> Option<Connection> {
        Some(Connection::from((*self).clone()))
    }

    #[cfg(unix)]
    fn pidfd(&self) -> Option<std::os::fd::OwnedFd> {
        None
    }
}

impl Channel for Local {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        let span = Span::calling(call);
        let called = with_scratch(|buffer| {
            let place = self.answer(call, buffer)?;
            super::answer(call, buffer, place, decode_limits())
        });
        span.called(&called);
        called
    }

    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        Stream::new(self.converse(call).map(|(_, call)| call))
    }

    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        Upload::new(self.converse(call))
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        duplex(self.converse(call))
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let services: Vec<_> = self.serves.iter().map(|handler| handler.service().name()).collect();
        f.debug_tuple("Local").field(&services).finish()
    }
}

#[cfg(unix)]
fn this_process() -> Peer {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    Peer { uid: Some(uid), gid: Some(gid), pid: Some(std::process::id()) }
}

#[cfg(not(unix))]
fn this_process() -> Peer {
    Peer { pid: Some(std::process::id()), ..Peer::default() }
}
