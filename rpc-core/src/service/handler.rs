//! What the derive targets on the serving side.
use super::{Channel, Context, Flow, ServiceInfo, Sink, Source, Stopped};
use crate::value::Ours;
use crate::wire::{DecodeError, DecodeLimits, decode, encode};
use crate::{Error, Outcome, Value};
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

    /// Decodes the arguments, runs the method, answers.
    ///
    /// # Errors
    /// What the caller is told instead of an answer: arguments that do not decode, a method that is not allowed.
    fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error>;
}

macro_rules! forward_handler {
    ($($pointer:ty),*) => {$(
        impl<H: Handler + ?Sized> Handler for $pointer {
            fn service(&self) -> &'static ServiceInfo {
                (**self).service()
            }
            fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error> {
                (**self).handle(cx, call)
            }
        }
    )*};
}
forward_handler!(Arc<H>, Box<H>);

/// The serving side of one call: its arguments, its items, and where its answer goes.
pub struct Incoming<'a> {
    args: &'a [u8],
    answer: &'a mut Vec<u8>,
    limits: DecodeLimits,
    ended: &'a mut bool,
    flow: Option<Arc<dyn Flow>>,
}

impl<'a> Incoming<'a> {
    /// A call with these arguments; what it answers is appended to `answer`, and `ended` tells that it has. A call with
    /// items has a `flow`.
    pub(crate) fn new(
        args: &'a [u8],
        flow: Option<Arc<dyn Flow>>,
        answer: &'a mut Vec<u8>,
        limits: DecodeLimits,
        ended: &'a mut bool,
    ) -> Self {
        Self { args, answer, limits, ended, flow }
    }

    /// The arguments, which may borrow from the message.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the bytes are no `T`, nest too deep, are too large when decoded, or go on behind it.
    pub fn arguments<T: serde::Deserialize<'a>>(&self) -> Result<T, Error> {
        let malformed = |error: DecodeError| Error::Malformed { method: String::new(), problem: error.to_string() };
        decode(self.args, self.limits).map_err(malformed)
    }

    /// The one answer.
    ///
    /// # Errors
    /// [`Error::Encode`] when the answer cannot be encoded.
    pub fn reply<R: Value>(self, answer: &R) -> Result<(), Error> {
        let failed = |problem| Error::Encode { method: String::new(), problem, outcome: Outcome::Executed };
        encode(&Ours(answer), self.answer).map_err(failed)?;
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
