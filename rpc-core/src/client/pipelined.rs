//! Many calls under way from one thread: a method sends its request and returns, [`Pending::wait`] waits for the answer.
use super::ask::{Ask, Place, Request, Until, planned};
use super::shared::Shared;
use super::{Inner, Local, opening, scratch};
use crate::service::Mode;
use crate::wire::CallId;
use crate::{Call, Channel, Error, Outgoing, Value};
use std::marker::PhantomData;
use std::sync::Arc;

/// Methods return when the request is queued: a [`Pending`].
#[derive(Debug)]
pub enum Pipelined {}

impl Mode for Pipelined {
    type Call<R> = Pending<R>;
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
        if let Inner::Socket(shared) = &self.0 {
            shared.flush();
        }
    }

    fn begin(&self, call: Outgoing<'_>) -> Result<State, Error> {
        let shared = match &self.0 {
            Inner::Socket(shared) => shared,
            Inner::Local(local) => return answered(local, call),
        };
        if !call.has_reply() {
            return scratch::with(|buffer| shared.call(call, buffer)).map(|_| State::Answered(Vec::new(), None));
        }
        let mut until = Until::after(call.time_allowed());
        let plan = opening::plan(shared, call.service, &|| call.name(), &mut until)?;
        let method = planned(plan, call)?;
        let request = Request { service: plan.service, method, args: call.args };
        let ask = Ask { until, name: &|| call.name() };
        let started = scratch::with(|buffer| shared.start(request, ask, buffer))?;
        let id = shared.nudge(started);
        Ok(State::Started { shared: shared.clone(), id, method, until })
    }
}

fn answered(local: &Local, call: Outgoing<'_>) -> Result<State, Error> {
    let mut bytes = Vec::new();
    let place = local.answer(call, &mut bytes)?;
    Ok(State::Answered(bytes, place))
}

impl Channel for Pipeline {
    type Mode = Pipelined;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        let state = self.begin(call).unwrap_or_else(State::Failed);
        Pending { state, call: Named { service: call.service, method: call.method }, answer: PhantomData }
    }
}

/// A request that is on its way; its answer may be waited for later. Dropping it cancels the call.
#[must_use = "dropping a pending call cancels it; `wait` for it"]
#[derive(Debug)]
pub struct Pending<R> {
    state: State,
    call: Named,
    answer: PhantomData<fn() -> R>,
}

#[derive(Debug)]
enum State {
    Started {
        shared: Arc<Shared>,
        id: CallId,
        method: u32,
        until: Until,
    },
    /// A local call, or a one-way one.
    Answered(Vec<u8>, Option<Place>),
    Failed(Error),
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
        match std::mem::replace(&mut self.state, State::Taken) {
            State::Started { shared, id, method, until } => scratch::with(|buffer| {
                let start = shared.wait(id, Ask { until, name: &|| call.name() }, buffer)?;
                super::answer(call, buffer, Some(Place { start, method }), shared.decode_limits())
            }),
            State::Answered(bytes, place) => super::answer(call, &bytes, place, Local::decode_limits()),
            State::Failed(error) => Err(error),
            State::Taken => Err(Error::Disconnected {
                cause: "the answer was taken already".to_owned(),
                outcome: crate::Outcome::Executed,
            }),
        }
    }
}

impl<R> Drop for Pending<R> {
    fn drop(&mut self) {
        if let State::Started { shared, id, .. } = &self.state {
            shared.forget(*id);
        }
    }
}
