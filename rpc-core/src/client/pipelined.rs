//! Many calls under way from one thread: a method sends its request and returns, [`Pending::wait`] waits for the answer.
use super::{Inner, Socket};
use crate::connection::{Ask, Line, Place, Until, with_scratch};
use crate::service::Mode;
use crate::span::Span;
use crate::wire::CallId;
use crate::{Call, Channel, DuplexOf, Error, Outgoing, Sink, Stream, StreamOf, Upload, UploadOf, Value};
use std::any::Any;
use std::sync::Arc;

/// Methods return when the request is queued: a [`Pending`].
#[derive(Debug)]
pub enum Pipelined {}

impl Mode for Pipelined {
    type Call<R> = Pending<R>;
    type Stream<T, R> = Stream<T, R>;
    type Upload<A, R> = Upload<A, R>;
    type Sink<A> = Sink<A>;
}

/// A connection whose calls do not wait: see [`Connection::pipelined`](crate::Connection::pipelined).
///
/// A request is written at once if nothing else is under way. Else it may wait for those behind it, until some call of the
/// connection is waited for whose answer has not come yet, 16 KiB are queued, or [`flush`](Self::flush) is called; so that
/// many requests cost one write.
#[derive(Debug, Clone)]
pub struct Pipeline(Inner);

impl Pipeline {
    pub(super) fn over(inner: Inner) -> Self {
        Self(inner)
    }

    /// Writes what is queued, as far as the socket takes it at once.
    pub fn flush(&self) {
        if let Inner::Socket(socket) = &self.0 {
            socket.line.flush();
        }
    }

    fn begin<R: Value>(&self, call: Outgoing<'_>) -> Result<State<R>, Error> {
        let line = match &self.0 {
            Inner::Socket(Socket { line, .. }) if call.has_reply() => line,
            inner => return inner.called(call).map(|answer| State::Ended(Ok(answer))),
        };
        let (request, until) = line.request(call)?;
        let ask = Ask { until, name: &|| call.name() };
        let started = with_scratch(|buffer| line.start(request, ask, buffer))?;
        let id = line.nudge(started);
        Ok(State::Started { line: line.clone(), _home: line.home(), id, method: request.method, until })
    }
}

impl Channel for Pipeline {
    type Mode = Pipelined;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        let span = Span::calling(call);
        let state = self.begin(call).unwrap_or_else(|error| State::Ended(Err(error)));
        Pending { state, span, call: Named { service: call.service, method: call.method } }
    }

    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        Stream::new(self.0.converse(call).map(|(_, call)| call))
    }

    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        Upload::new(self.0.converse(call))
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        super::duplex(self.0.converse(call))
    }
}

/// A request that is on its way; its answer may be waited for later. Dropping it cancels the call.
#[must_use = "dropping a pending call cancels it; `wait` for it"]
#[derive(Debug)]
pub struct Pending<R> {
    state: State<R>,
    span: Span,
    call: Named,
}

#[derive(Debug)]
enum State<R> {
    Started {
        line: Arc<Line>,
        _home: Option<Arc<dyn Any + Send + Sync>>,
        id: CallId,
        method: u32,
        until: Until,
    },
    /// A local call, or a one-way one, or one that could not be sent.
    Ended(Result<R, Error>),
    Taken,
}

/// What is called, for errors.
#[derive(Debug, Clone, Copy)]
struct Named {
    service: &'static crate::ServiceInfo,
    method: &'static crate::Method,
}

impl<R: Value> Pending<R> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// Those of the call, also when it could not be sent.
    pub fn wait(mut self) -> Result<R, Error> {
        let call = Outgoing::new(self.call.service, self.call.method, &());
        let answer = match std::mem::replace(&mut self.state, State::Taken) {
            State::Started { line, id, method, until, _home } => with_scratch(|buffer| {
                let start = line.wait(id, Ask { until, name: &|| call.name() }, buffer)?;
                super::answer(call, buffer, Some(Place { start, method }), line.decode_limits())
            }),
            State::Ended(answer) => answer,
            State::Taken => Err(Error::Disconnected {
                cause: "the answer was taken already".to_owned(),
                outcome: crate::Outcome::Executed,
            }),
        };
        self.span.called(&answer);
        answer
    }
}

impl<R> Drop for Pending<R> {
    fn drop(&mut self) {
        if let State::Started { line, id, .. } = &self.state {
            self.span.dropped();
            line.forget(*id);
        }
    }
}
