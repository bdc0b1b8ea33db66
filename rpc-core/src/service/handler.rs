//! What the derive targets on the serving side.
use super::{Channel, Context, ServiceInfo};
use crate::value::Ours;
use crate::wire::{DecodeError, DecodeLimits, decode, encode};
use crate::{Error, Outcome, Value};

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
forward_handler!(std::sync::Arc<H>, Box<H>);

/// The serving side of one call: its arguments, and where its answer goes.
#[derive(Debug)]
pub struct Incoming<'a> {
    args: &'a [u8],
    answer: &'a mut Vec<u8>,
    limits: DecodeLimits,
    ended: &'a mut bool,
}

impl<'a> Incoming<'a> {
    /// A call with these arguments; what it answers is appended to `answer`, and `ended` tells that it has.
    pub(crate) fn new(args: &'a [u8], answer: &'a mut Vec<u8>, limits: DecodeLimits, ended: &'a mut bool) -> Self {
        Self { args, answer, limits, ended }
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

    /// The end of a one-way call: nothing goes back.
    ///
    /// # Errors
    /// None; the signature is that of [`reply`](Self::reply).
    pub fn done(self) -> Result<(), Error> {
        *self.ended = true;
        Ok(())
    }
}
