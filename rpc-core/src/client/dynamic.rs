//! Calls without generated code: what a shell, a proxy or a test recorder needs.
use super::{Connection, Inner, Socket};
use crate::connection::{Ask, Line, Place, Request, Until, body, open, plan_for, planned, with_scratch};
use crate::proto::Plan;
use crate::schema::{MethodSchema, ServiceSchema, Shape};
use crate::service::{Conversation, Outlet, known, next_item};
use crate::wire::{CallId, Items, Message, Wanted};
use crate::{Encode, Error, Stopped};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are encoded already.
struct Encoded<'a>(&'a [u8]);

impl Encode for Encoded<'_> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(self.0);
        Ok(())
    }
}

impl Connection {
    /// Opens `service`, as a schema describes it, within `allowed`; `None`: however long it takes.
    ///
    /// The schema is compared with the server's as a generated client's is.
    ///
    /// # Errors
    /// [`Error::UnknownService`] when the server lacks it, and for a handler in this process; those of a call that fails
    /// on its way.
    pub fn dynamic(&self, service: &ServiceSchema, allowed: Option<Duration>) -> Result<Dynamic, Error> {
        let Inner::Socket(Socket { line, .. }) = &self.0 else {
            return Err(Error::UnknownService { service: service.name.clone(), known: Vec::new() });
        };
        let wanted = Wanted { name: service.name.clone(), fingerprint: service.fingerprint().0 };
        // Those that come are closed: bytes alone are given on.
        if service.has_fds() {
            line.expect_fds();
        }
        let opened = open(line, &wanted, &|| service.name.clone(), Until::after(allowed))?;
        let plan = plan_for(service, opened)?;
        let methods = service.methods.iter().map(|method| method.name.clone()).collect();
        Ok(Dynamic { line: line.clone(), home: line.home(), service: service.name.clone(), methods, plan })
    }
}

/// A service that is called by its schema, over one connection: arguments, items and answers are encoded bytes.
///
/// Methods are those of the schema that it was opened with. `allowed` is how long a call may take; `None`: for ever.
#[derive(Debug)]
pub struct Dynamic {
    line: Arc<Line>,
    /// What serves the services that this side offers, as long as there are calls.
    home: Option<Arc<dyn Any + Send + Sync>>,
    service: String,
    methods: Vec<String>,
    plan: Plan,
}

impl Dynamic {
    /// Calls a method without items. Gives its encoded answer, which is empty for a one-way method.
    ///
    /// # Errors
    /// Those of a call by a generated client.
    pub fn call(&self, method: &MethodSchema, args: &[u8], allowed: Option<Duration>) -> Result<Vec<u8>, Error> {
        self.start(method, args, allowed)?.wait()
    }

    /// Starts such a call, and does not wait for its answer: see [`Connection::pipelined`] for when it is sent.
    ///
    /// # Errors
    /// Those of a call that is not sent.
    pub fn start(&self, method: &MethodSchema, args: &[u8], allowed: Option<Duration>) -> Result<PendingBytes, Error> {
        let (name, index, until) = (self.name(method), self.index(method)?, Until::after(allowed));
        let request = Request { service: self.plan.service, method: index, args: &Encoded(args), has_fds: false };
        let named = || name.clone();
        let ask = Ask { until, name: &named };
        let id = with_scratch(|buffer| {
            if method.shape == Shape::OneWay {
                return self.line.post(request, ask, buffer).map(|()| None);
            }
            let started = self.line.start(request, ask, buffer)?;
            Ok(Some(self.line.nudge(started)))
        })?;
        Ok(PendingBytes { line: self.line.clone(), _home: self.home.clone(), id, index, name, until })
    }

    /// Starts a call with items: gives where the caller's go, and what comes back.
    ///
    /// # Errors
    /// Those of a call that is not sent.
    pub fn converse(
        &self,
        method: &MethodSchema,
        args: &[u8],
        allowed: Option<Duration>,
    ) -> Result<(DynamicSink, DynamicStream), Error> {
        let (name, index, until) = (self.name(method), self.index(method)?, Until::after(allowed));
        let request = Request { service: self.plan.service, method: index, args: &Encoded(args), has_fds: false };
        let (outlet, call) = self.line.converse(request, until, name, method.shape)?;
        Ok((DynamicSink(outlet), DynamicStream { call, items: Items::default() }))
    }

    fn name(&self, method: &MethodSchema) -> String {
        format!("{}.{}", self.service, method.name)
    }

    fn index(&self, method: &MethodSchema) -> Result<u32, Error> {
        let index = self.methods.iter().position(|known| *known == method.name);
        let index = index.and_then(|index| u32::try_from(index).ok()).unwrap_or(u32::MAX);
        planned(&self.plan, index, &|| self.name(method))
    }
}

/// A call that is under way. Dropping it cancels the call.
#[must_use = "dropping a pending call cancels it; `wait` for it"]
#[derive(Debug)]
pub struct PendingBytes {
    line: Arc<Line>,
    _home: Option<Arc<dyn Any + Send + Sync>>,
    /// `None`: a one-way call, which is over.
    id: Option<CallId>,
    index: u32,
    name: String,
    until: Until,
}

impl PendingBytes {
    /// Waits for the encoded answer.
    ///
    /// # Errors
    /// Those of the call.
    pub fn wait(mut self) -> Result<Vec<u8>, Error> {
        let Some(id) = self.id.take() else { return Ok(Vec::new()) };
        let name = || self.name.clone();
        with_scratch(|buffer| {
            let start = self.line.wait(id, Ask { until: self.until, name: &name }, buffer)?;
            let bad = |problem| Error::BadReply { method: name(), problem };
            body(&buffer.bytes, Place { start, method: self.index }).map(<[u8]>::to_vec).map_err(bad)
        })
    }
}

impl Drop for PendingBytes {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.line.forget(id);
        }
    }
}

/// Where encoded items are pushed. Dropped without [`finish`](Self::finish), it leaves its call's input incomplete.
pub struct DynamicSink(Box<dyn Outlet>);

impl DynamicSink {
    /// Sends one encoded item, at once; waits while the service is behind.
    ///
    /// # Errors
    /// [`Stopped`] when the service takes no more; [`DynamicStream::finish`] tells why.
    pub fn send(&mut self, item: &[u8]) -> Result<(), Stopped> {
        self.0.send(&Encoded(item), false)
    }

    /// That was the last item.
    pub fn finish(mut self) {
        self.0.finish();
    }
}

/// What comes back: encoded items, then the encoded answer. Dropping it cancels the call.
#[must_use = "dropping a stream cancels its call"]
pub struct DynamicStream {
    call: Box<dyn Conversation>,
    items: Items,
}

impl DynamicStream {
    /// Waits for the next item; `None` after the last one.
    ///
    /// # Errors
    /// Those of the call.
    pub fn recv(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let place = next_item(&mut *self.call, &mut self.items)?;
        Ok(place.map(|place| self.items.bytes(place).to_vec()))
    }

    /// Waits for the encoded answer. Items that were not taken are thrown away.
    ///
    /// # Errors
    /// Those of the call.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        let mut answer = Message::default();
        let start = self.call.answer(&mut answer).map_err(|error| known(error, &self.items))?;
        Ok(answer.bytes.split_off(start))
    }
}

impl std::fmt::Debug for DynamicSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DynamicSink")
    }
}

impl std::fmt::Debug for DynamicStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DynamicStream")
    }
}
