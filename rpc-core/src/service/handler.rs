//! What the derive targets on the serving side.
use super::{Channel, Context, Flow, Guarded, ServiceInfo, Sink, Source, Stopped};
use crate::value::{Ours, beside};
use crate::wire::{DecodeLimits, Fds, Message, decode, encode};
use crate::{Error, Outcome, Value};
use std::cell::Cell;
use std::sync::Arc;

/// A protocol. Implemented by `#[derive(Service)]` for the request enum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "not a service",
    note = "a service is an enum with `#[derive(rpc_core::Service)]`"
)]
pub trait Service {
    /// The service's name, docs and methods.
    const INFO: &'static ServiceInfo;
    /// Its generated client.
    type Client<C: Channel>;
    /// A client over `channel`.
    fn client<C: Channel>(channel: C) -> Self::Client<C>;
}

/// A service with its answers: what servers, in-process channels and server layers run. `Kv::serve(handler)` makes one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served",
    label = "not a served service",
    note = "wrap your handler: `Kv::serve(handler)` for the service `Kv`"
)]
pub trait Handler: Send + Sync + 'static {
    /// Which service it answers.
    fn service(&self) -> &'static ServiceInfo;

    /// Whether this caller may make this call: asked for every call, before its arguments are decoded, on the thread that
    /// will run it. A handler around another one asks that one, too. [`guard`](Self::guard) puts a function here.
    ///
    /// # Errors
    /// [`Error::not_allowed`], which the caller is told with its words, or [`Error::Overloaded`]; of any other error, and of a
    /// panic, the caller is told that the check failed. No handler runs then. Whoever calls one way is told nothing.
    fn authorize(&self, _cx: &Context) -> Result<(), Error> {
        Ok(())
    }

    /// Decodes the arguments, runs the method, answers.
    ///
    /// # Errors
    /// What the caller is told instead of an answer: arguments that do not decode, a method that is not allowed.
    fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error>;

    /// The same service, and a function that is asked before each of its calls: see [`authorize`](Self::authorize). Of
    /// several guards the outermost, which was put on last, is asked first, and all must agree.
    ///
    /// It decides about calls. Whoever may connect may also see what the server's services are: whether somebody may
    /// connect is a matter of [`Server::allow_user`](crate::Server::allow_user) and [`Server::authorize`](crate::Server::authorize).
    ///
    /// Decide by the caller's [`uid`](crate::Peer::uid), never by its `pid`; over TCP nothing is known of a caller.
    ///
    /// ```
    /// use rpc_core::{Connection, Context, Error, Handler, Service};
    ///
    /// #[derive(Service)]
    /// enum Door {
    ///     /// Whether it is open.
    ///     #[rpc(returns = bool)]
    ///     IsOpen,
    ///     /// Opens it, for wardens alone.
    ///     #[rpc(returns = ())]
    ///     Open,
    /// }
    /// # struct Shut;
    /// # impl DoorHandler for Shut {
    /// #     fn is_open(&self, _cx: &Context) -> bool {
    /// #         false
    /// #     }
    /// #     fn open(&self, _cx: &Context) {}
    /// # }
    /// const WARDENS: u32 = 4711;
    ///
    /// let door = Door::serve(Shut).guard(|cx| match (cx.method().name, cx.peer().gid) {
    ///     ("is_open", _) | (_, Some(WARDENS)) => Ok(()),
    ///     _ => Err(Error::not_allowed("only wardens do that")),
    /// });
    /// let door = Door::client(Connection::local(door));
    /// assert!(!door.is_open()?);
    /// assert_eq!(door.open().unwrap_err().to_string(), "Door.open: not allowed: only wardens do that");
    /// # Ok::<(), Error>(())
    /// ```
    fn guard<G>(self, guard: G) -> Guarded<Self, G>
    where
        Self: Sized,
        G: Fn(&Context) -> Result<(), Error> + Send + Sync + 'static,
    {
        Guarded::new(self, guard)
    }
}

macro_rules! forward_handler {
    ($($pointer:ty),*) => {$(
        impl<H: Handler + ?Sized> Handler for $pointer {
            fn service(&self) -> &'static ServiceInfo {
                (**self).service()
            }
            fn authorize(&self, cx: &Context) -> Result<(), Error> {
                (**self).authorize(cx)
            }
            fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error> {
                (**self).handle(cx, call)
            }
        }
    )*};
}
forward_handler!(Arc<H>, Box<H>);

/// The arguments of one call, as they came.
pub(crate) struct Arguments<'a> {
    bytes: &'a [u8],
    /// `None`: its method has nothing to do with descriptors.
    fds: Option<Fds>,
}

impl<'a> Arguments<'a> {
    /// `has_fds`: descriptors may be among them, or among the answer. Others that came are closed.
    pub(crate) fn new(bytes: &'a [u8], fds: Fds, has_fds: bool) -> Self {
        Self { bytes, fds: has_fds.then_some(fds) }
    }
}

/// The serving side of one call: its arguments, its items, and where its answer goes.
pub struct Incoming<'a> {
    args: &'a [u8],
    /// `None`: its method has nothing to do with descriptors.
    fds: Option<Cell<Fds>>,
    answer: &'a mut Message,
    limits: DecodeLimits,
    ended: &'a mut bool,
    flow: Option<Arc<dyn Flow>>,
}

impl<'a> Incoming<'a> {
    /// A call with these arguments; what it answers is appended to `answer`, and `ended` tells that it has. A call with
    /// items has a `flow`.
    pub(crate) fn new(
        args: Arguments<'a>,
        flow: Option<Arc<dyn Flow>>,
        answer: &'a mut Message,
        limits: DecodeLimits,
        ended: &'a mut bool,
    ) -> Self {
        Self { args: args.bytes, fds: args.fds.map(Cell::new), answer, limits, ended, flow }
    }

    /// The arguments, which may borrow from the message. Descriptors are theirs from then on: they can be had once.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the bytes are no `T`, nest too deep, are too large when decoded, or go on behind it, or when
    /// a descriptor is not there.
    pub fn arguments<T: serde::Deserialize<'a>>(&self) -> Result<T, Error> {
        let decoded = match &self.fds {
            Some(fds) => beside::decode(self.args, fds.take(), self.limits),
            None => decode(self.args, self.limits).map_err(|error| error.to_string()),
        };
        decoded.map_err(|problem| Error::Malformed { method: String::new(), problem })
    }

    /// The one answer.
    ///
    /// # Errors
    /// [`Error::Encode`] when the answer cannot be encoded.
    pub fn reply<R: Value>(self, answer: &R) -> Result<(), Error> {
        let failed = |problem| Error::Encode { method: String::new(), problem, outcome: Outcome::Executed };
        match self.fds {
            Some(_) => beside::encode(&Ours(answer), self.answer).map_err(|error| error.of_an_answer())?,
            None => encode(&Ours(answer), &mut self.answer.bytes).map_err(failed)?,
        }
        *self.ended = true;
        Ok(())
    }

    /// Where items go to the caller.
    pub fn sink<T: Value>(&self) -> Sink<T> {
        Sink::of_handler(self.flow.clone())
    }

    /// Where the caller's items come from.
    pub fn source<A: Value>(&self) -> Source<A> {
        Source::new(self.flow.clone().map(Flow::inlet))
    }

    /// The answer of a call with items, behind the last of them.
    ///
    /// # Errors
    /// [`Error::Encode`] when the answer cannot be encoded. When the handler has stopped before its end: what kept it
    /// from going on.
    pub fn end<R: Value>(self, answer: Result<R, Stopped>) -> Result<(), Error> {
        let failure = self.flow.as_ref().and_then(|flow| flow.failure());
        match (failure, answer) {
            (Some(failure), _) => Err(failure),
            (None, Ok(answer)) => self.reply(&answer),
            (None, Err(Stopped)) => {
                Err(Error::NoReply { method: String::new(), why: "it stopped before its end".to_owned() })
            }
        }
    }

    /// The end of a one-way call: nothing goes back.
    ///
    /// # Errors
    /// None; the signature is that of [`reply`](Self::reply).
    pub fn done(self) -> Result<(), Error> {
        *self.ended = true;
        Ok(())
    }
}

impl std::fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("args", &self.args.len()).finish_non_exhaustive()
    }
}
