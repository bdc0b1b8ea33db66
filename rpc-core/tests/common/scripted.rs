//! A channel that fails as it is told to, and else answers from a handler of this process.
use super::{Handler, Probe};
use rpc_core::{Blocking, Call, Channel, Connection, DuplexOf, Error, Outcome, Outgoing, StreamOf, UploadOf, Value};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a call instead of an answer.
type Failure = Box<dyn FnOnce(Outgoing<'_>) -> Error + Send>;

/// Clones are one channel.
#[derive(Clone)]
pub(crate) struct Scripted(Arc<Script>);

struct Script {
    inner: Connection,
    failures: Mutex<VecDeque<Failure>>,
    /// How long each call was allowed to take.
    allowed: Mutex<Vec<Option<Duration>>>,
    closed: AtomicBool,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        Self::over(Connection::local(Probe::serve(Handler::default())))
    }

    pub(crate) fn over(inner: Connection) -> Self {
        let (failures, allowed, closed) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(Script { inner, failures, allowed, closed }))
    }

    /// The next call that has none yet ends so.
    pub(crate) fn fails(self, failure: impl FnOnce(Outgoing<'_>) -> Error + Send + 'static) -> Self {
        self.0.failures.lock().unwrap().push_back(Box::new(failure));
        self
    }

    /// The next so many calls end so.
    pub(crate) fn fails_with(self, times: usize, error: Error) -> Self {
        (0..times).fold(self, |channel, _| {
            let error = error.clone();
            channel.fails(move |_| error)
        })
    }

    pub(crate) fn close(&self) {
        self.0.closed.store(true, SeqCst);
    }

    /// How long each call so far was allowed to take.
    pub(crate) fn allowed(&self) -> Vec<Option<Duration>> {
        self.0.allowed.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.allowed().len()
    }

    fn note(&self, call: Outgoing<'_>) -> Result<(), Error> {
        self.0.allowed.lock().unwrap().push(call.time_allowed());
        let failure = self.0.failures.lock().unwrap().pop_front();
        failure.map_or(Ok(()), |failure| Err(failure(call)))
    }
}

impl Channel for Scripted {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        self.note(call)?;
        self.0.inner.call(call)
    }

    // A call with items fails later: here nothing is scripted.
    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        self.0.allowed.lock().unwrap().push(call.time_allowed());
        self.0.inner.stream(call)
    }

    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        self.0.allowed.lock().unwrap().push(call.time_allowed());
        self.0.inner.upload(call)
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        self.0.allowed.lock().unwrap().push(call.time_allowed());
        self.0.inner.duplex(call)
    }

    fn is_open(&self) -> bool {
        !self.0.closed.load(SeqCst)
    }
}

pub(crate) fn overloaded() -> Error {
    Error::Overloaded { method: "Probe.add".to_owned() }
}

pub(crate) fn lost(outcome: Outcome) -> Error {
    Error::Disconnected { cause: "the script says so".to_owned(), outcome }
}

/// A service with items, by hand, and its client.
pub(crate) mod numbers {
    use rpc_core::{
        Channel, Context, Error, Handler, Incoming, Method, Outgoing, Schema, ServiceInfo, Shape, Sink, Stopped,
        StreamOf,
    };

    static METHODS: [Method; 1] = [Method {
        name: "numbers",
        doc: "",
        index: 0,
        shape: Shape::Stream,
        idempotent: false,
        blocking: false,
        timeout: None,
        arguments: &[],
        accepts: None,
        stream: Some(<u64 as Schema>::describe),
        returns: <() as Schema>::describe,
    }];
    static INFO: ServiceInfo = ServiceInfo::new("Numbers", "", &METHODS);

    /// Serves a stream of numbers by this function.
    pub(crate) struct Numbers<F>(pub(crate) F);

    impl<F: Fn(&Context, Sink<u64>) -> Result<(), Stopped> + Send + Sync + 'static> Handler for Numbers<F> {
        fn service(&self) -> &'static ServiceInfo {
            &INFO
        }
        fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error> {
            let () = call.arguments()?;
            let out = call.sink();
            call.end((self.0)(cx, out))
        }
    }

    /// Calls it.
    pub(crate) fn numbers<C: Channel>(channel: &C) -> StreamOf<C, u64, ()> {
        channel.stream(Outgoing::new(&INFO, &METHODS[0], &()))
    }
}
