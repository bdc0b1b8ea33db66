//! How a generated client reaches its server, and how it waits.
use super::{Method, ServiceInfo, Sink, Stream, Upload};
use crate::{Error, Outcome, Shape, Value};
use std::time::Duration;

/// How the callers of a channel wait.
///
/// It is a type of its own, and not an associated type of [`Channel`], so that code can say "any blocking channel":
/// `C: Channel<Mode = Blocking>`.
pub trait Mode {
    /// What a method gives that answers an `R`.
    type Call<R>;
    /// What a method gives that sends items of `T`, and then an `R`.
    type Stream<T, R>;
    /// What a method gives that takes items of `A`, and then answers an `R`.
    type Upload<A, R>;
    /// What items of `A` are pushed into, where a method sends items as well.
    type Sink<A>;
}

/// Methods return when the answer is there: `Result<R, Error>`.
#[derive(Debug)]
pub enum Blocking {}

impl Mode for Blocking {
    type Call<R> = Result<R, Error>;
    type Stream<T, R> = Stream<T, R>;
    type Upload<A, R> = Upload<A, R>;
    type Sink<A> = Sink<A>;
}

/// Takes requests and yields replies; knows no socket. Layers are channels around channels.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel to call over",
    label = "not a channel",
    note = "connect with `Connection::connect(\"name\")`, or serve a handler in this process with `Connection::local(Kv::serve(handler))`"
)]
pub trait Channel {
    /// How its callers wait.
    type Mode: Mode;

    /// One answer. For a one-way method `R` is `()`, and the call ends when the request is written.
    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R>;

    /// Items, then an answer.
    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R>;

    /// An answer to items that follow the request.
    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R>;

    /// Items both ways, then an answer. The two halves may be used by two threads.
    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R>;

    /// False: every further call over it fails, because its connection has ended or its server is stopping. It may find out
    /// by a system call, which does not wait. A layer passes on what the channel behind it says.
    fn is_open(&self) -> bool {
        true
    }
}

/// What a method with `returns = R` gives over the channel `C`.
pub type Call<C, R> = <<C as Channel>::Mode as Mode>::Call<R>;

/// What a method with `stream = T, returns = R` gives over the channel `C`.
pub type StreamOf<C, T, R> = <<C as Channel>::Mode as Mode>::Stream<T, R>;

/// What a method with `accepts = A, returns = R` gives over the channel `C`.
pub type UploadOf<C, A, R> = <<C as Channel>::Mode as Mode>::Upload<A, R>;

/// What a method with `accepts = A, stream = T, returns = R` gives over the channel `C`.
pub type DuplexOf<C, A, T, R> = (<<C as Channel>::Mode as Mode>::Sink<A>, StreamOf<C, T, R>);

macro_rules! forward_channel {
    ($($pointer:ty),*) => {$(
        impl<C: Channel + ?Sized> Channel for $pointer {
            type Mode = C::Mode;
            fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<C, R> {
                (**self).call(call)
            }
            fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<C, T, R> {
                (**self).stream(call)
            }
            fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<C, A, R> {
                (**self).upload(call)
            }
            fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<C, A, T, R> {
                (**self).duplex(call)
            }
            fn is_open(&self) -> bool {
                (**self).is_open()
            }
        }
    )*};
}
forward_channel!(&C, std::sync::Arc<C>);

/// One call on its way out. `Copy`, and its arguments are erased: a layer is not compiled once per method, and a retry is a loop.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The service that is called.
    pub service: &'static ServiceInfo,
    /// The method that is called.
    pub method: &'static Method,
    /// Its arguments: the tuple of the variant's fields.
    pub args: &'a dyn Encode,
    /// What layers said about this call.
    pub options: CallOptions,
}

impl<'a> Outgoing<'a> {
    #[doc(hidden)]
    pub fn new(service: &'static ServiceInfo, method: &'static Method, args: &'a dyn Encode) -> Self {
        Self { service, method, args, options: CallOptions::default() }
    }

    /// The time this call may take: what a layer said, else the method's own default, else 30 s for one answer and
    /// no limit for items. `None`: no limit.
    pub fn time_allowed(&self) -> Option<Duration> {
        let allowed = self.options.deadline.time_allowed(self.method.shape, self.method.timeout);
        match (self.options.deadline, self.options.default_left) {
            (Deadline::Default, Some(left)) => Some(allowed.map_or(left, |allowed| allowed.min(left))),
            _ => allowed,
        }
    }

    /// `Service.method`, for errors and logs.
    pub fn name(&self) -> String {
        format!("{}.{}", self.service.name(), self.method.name)
    }

    /// Whether a reply comes back.
    pub fn has_reply(&self) -> bool {
        self.method.shape != Shape::OneWay
    }
}

impl std::fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({}.{})", self.service.name(), self.method.name)
    }
}

/// How long a call may take when neither its method nor a layer says anything: long enough for a person, short enough for a bug.
const DEADLINE_DEFAULT: Duration = Duration::from_secs(30);

/// What layers set for one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// How long the call may take.
    pub deadline: Deadline,
    /// What is left of [`Deadline::Default`] to this attempt, when others have used some of it. `None`: all of it.
    pub default_left: Option<Duration>,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deadline {
    /// What the method says, else 30 s for one answer, and no limit for a method with items.
    #[default]
    Default,
    /// No limit: the call ends with an answer or with its connection.
    None,
    /// This long from the moment of the call.
    Within(Duration),
}

impl Deadline {
    /// The time that a call may take whose method has this shape, and this default of its own. `None`: no limit.
    pub fn time_allowed(self, shape: Shape, method_default: Option<Duration>) -> Option<Duration> {
        match self {
            Deadline::Within(limit) => Some(limit),
            Deadline::None => None,
            Deadline::Default if shape.has_items() => method_default,
            Deadline::Default => Some(method_default.unwrap_or(DEADLINE_DEFAULT)),
        }
    }
}

/// Something whose bytes can be appended to a buffer. Dyn-safe on purpose.
pub trait Encode {
    /// Appends the wire form to `out`.
    ///
    /// # Errors
    /// [`Error::Encode`] when a `Serialize` impl of the value fails, or asks for what postcard cannot do.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error>;
}

impl<T: serde::Serialize> Encode for T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let failed = |problem| Error::Encode { method: String::new(), problem, outcome: Outcome::NotSent };
        crate::wire::encode(self, out).map_err(failed)
    }
}
