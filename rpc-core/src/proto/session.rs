//! The serving side of one connection: what each frame means, and what is answered at once.
//!
//! ```text
//! Preface ─ ours ─> Hello ─ well-formed ──────────────> Open ─ violation, refusal ─> Over
//!    │                │└─ a token is asked for ─> Proof ─┘│                           │
//!    └─ foreign, another version, not the token ──────────┴───────────────────────────┘
//! ```
//! `greeting` has the steps until it is open.
//!
//! [`Session::step`] takes the bytes that have come, deals with one frame, and says what the driver must do: run a call,
//! go on, wait for more bytes, or close. It never runs anything itself.
use super::{Fault, Limits, RequestHead};
use crate::Shape;
use crate::wire::{
    Arrivals, CallId, Cut, Cutter, DecodeLimits, Fds, HELLO_BYTES_MAX, Head, Kind, Offer, Opened, Refusal, Wanted,
    decode, encode, put_frame, put_preface,
};
use std::collections::HashMap;
use std::time::Duration;

/// Services that one connection may open; opening one again costs nothing.
const SERVICES_MAX: usize = 1024;

/// What a server serves, as its sessions need to know it.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) entries: Vec<CatalogEntry>,
    /// Another number whenever the server is started anew.
    pub(crate) instance: u64,
    pub(crate) limits: Limits,
}

/// One service.
#[derive(Debug)]
pub(crate) struct CatalogEntry {
    pub(crate) name: String,
    pub(crate) fingerprint: u64,
    /// Its schema, as postcard.
    pub(crate) schema: Vec<u8>,
    /// How the two sides talk, by method.
    pub(crate) shapes: Vec<Shape>,
    /// Descriptors may come with its calls.
    pub(crate) has_fds: bool,
}

/// A call that a handler may now run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request<'b> {
    pub(crate) id: CallId,
    /// Its place in the catalog.
    pub(crate) service: usize,
    pub(crate) method: usize,
    pub(crate) shape: Shape,
    pub(crate) time_left: Option<Duration>,
    pub(crate) args: &'b [u8],
    /// The descriptors that came with it.
    pub(crate) fds: Fds,
    /// What the caller takes.
    pub(crate) peer: PeerTerms,
}

impl Request<'_> {
    fn called(&self) -> Called {
        Called { service: self.service, method: self.method }
    }
}

/// Which method a call is of: places in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) service: usize,
    pub(crate) method: usize,
}

/// What the peer said in its greeting that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerTerms {
    /// The largest body.
    pub(crate) frame_bytes_max: u32,
    /// Calls at a time; 0: it offers no services.
    pub(crate) calls_max: u32,
    /// How far items may run ahead of it.
    pub(crate) window_bytes: u32,
    /// Descriptors with one message; 0: none can be passed here.
    pub(crate) fds_max: u32,
}

/// What the driver does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'b> {
    /// Read more: the frame takes this many bytes in all.
    Partial(usize),
    /// Go on behind these bytes.
    Done(usize),
    /// Run this, and go on behind these bytes.
    Call(Request<'b>, usize),
    /// A call is not run, of this method if that is known, and the peer is told so. Go on behind these bytes.
    Refused(Option<Called>, usize),
    /// The caller of this one gave up: tell the handler. Go on behind these bytes.
    Cancel(CallId, usize),
    /// Something about the items of a call of the peer's, which may be over. Go on behind these bytes.
    Items(Head, &'b [u8], usize),
    /// Something that only a caller is sent: the peer must have been called. Go on behind these bytes.
    Answer(Head, &'b [u8], Fds, usize),
    /// The head of an answer that is over the limit; its body will be skipped. As before.
    LargeAnswer(Head, usize),
    /// Send what there is to send, and close.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Preface,
    Hello,
    Proof,
    Open,
    Over,
}

/// One connection's state. `C` cancels a call.
#[derive(Debug)]
pub(crate) struct Session<C> {
    phase: Phase,
    cutter: Cutter,
    services: Services,
    /// Calls that run elsewhere than on the thread that reads. Many connections never have any.
    #[expect(clippy::box_collection, reason = "an idle connection should not pay for what it never uses")]
    in_flight: Option<Box<HashMap<CallId, C>>>,
    last: CallId,
    draining: bool,
    peer: PeerTerms,
    /// What the peer must prove before it may begin.
    trial: Option<Box<Trial>>,
    /// Calls that it has refused since [`forget_faults`](Self::forget_faults).
    faults: u32,
    /// The socket carries descriptors.
    carries_fds: bool,
    /// A service has been opened with which some may come.
    expects_fds: bool,
}

impl<C> Session<C> {
    /// For a connection that nobody has greeted yet. `carries_fds`: its socket can.
    pub(crate) fn new(carries_fds: bool) -> Self {
        Self {
            phase: Phase::Preface,
            cutter: Cutter::default(),
            services: Services::default(),
            in_flight: None,
            last: CallId::NONE,
            draining: false,
            peer: PeerTerms { frame_bytes_max: HELLO_BYTES_MAX, calls_max: 0, window_bytes: 0, fds_max: 0 },
            trial: None,
            faults: 0,
            carries_fds,
            expects_fds: false,
        }
    }

    /// With a peer that must prove first that it knows the token: one that is elsewhere, so that it passes no descriptors.
    pub(crate) fn on_trial(trial: Trial) -> Self {
        Self { trial: Some(Box::new(trial)), ..Self::new(false) }
    }

    /// A connection whose handshake is done: a client's, that offers services to its server.
    pub(crate) fn greeted(peer: PeerTerms) -> Self {
        Self { phase: Phase::Open, peer, ..Self::new(false) }
    }

    /// What the peer said that it takes.
    pub(crate) fn peer(&self) -> PeerTerms {
        self.peer
    }

    /// Whether the handshake is over, and the connection still in order.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether descriptors may come from now on.
    pub(crate) fn expects_fds(&self) -> bool {
        self.expects_fds
    }

    /// Deals with the frame at the start of `bytes`, which is all that has come, and its descriptors; those that are no
    /// call's are closed. Appends to `out` what is to be sent.
    pub(crate) fn step<'b>(
        &mut self,
        bytes: &'b [u8],
        arrivals: &mut Arrivals,
        catalog: &Catalog,
        out: &mut Vec<u8>,
    ) -> Step<'b> {
        match self.phase {
            Phase::Preface => return self.preface(bytes, out),
            Phase::Over => return Step::Close,
            Phase::Hello | Phase::Proof | Phase::Open => {}
        }
        let limit = self.body_bytes_max(catalog);
        let cut = self.cutter.cut(bytes, limit).and_then(|cut| Ok((arrivals.of(&cut, bytes)?, cut)));
        match cut {
            Ok((fds, Cut::Frame { head, body, used })) => match self.phase {
                Phase::Open => self.frame(head, (body, fds), used, catalog, out),
                Phase::Proof => self.proof(head, body, used, catalog, out),
                _ => self.hello(head, body, used, catalog, out),
            },
            Ok((_, Cut::Oversized { head, used })) => self.oversized(head, used, catalog, out),
            Ok((_, Cut::Skipped { used })) => Step::Done(used),
            Ok((_, Cut::Partial { total })) => Step::Partial(total),
            Err(error) => self.violation(error.to_string(), out),
        }
    }

    /// How many calls it has refused that no client of ours makes, since the last time that their error replies were gone.
    pub(crate) fn faults(&self) -> usize {
        self.faults as usize
    }

    /// The error replies are sent.
    pub(crate) fn forget_faults(&mut self) {
        self.faults = 0;
    }

    /// A call now runs elsewhere than on the reading thread.
    pub(crate) fn detach(&mut self, id: CallId, cancel: C) {
        self.in_flight.get_or_insert_default().insert(id, cancel);
    }

    /// Such a call has ended.
    pub(crate) fn finish(&mut self, id: CallId) {
        self.in_flight.iter_mut().for_each(|calls| drop(calls.remove(&id)));
        self.in_flight.take_if(|calls| calls.is_empty());
    }

    /// A call that runs elsewhere.
    pub(crate) fn running(&self, id: CallId) -> Option<&C> {
        self.in_flight.as_ref()?.get(&id)
    }

    /// Calls that run elsewhere.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &C> {
        self.in_flight.iter().flat_map(|calls| calls.values())
    }

    /// Starts no more calls, and tells the client which was the last one.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) {
        if self.phase == Phase::Open && !self.draining {
            put(out, Kind::Goodbye, self.last, &());
        }
        self.draining = true;
    }

    /// Says why there will be no conversation.
    pub(crate) fn refuse<'b>(&mut self, refusal: &Refusal, out: &mut Vec<u8>) -> Step<'b> {
        if matches!(self.phase, Phase::Preface | Phase::Hello) {
            put_preface(out);
        }
        self.phase = Phase::Over;
        put(out, Kind::Refuse, CallId::NONE, refusal);
        Step::Close
    }

    pub(crate) fn violation<'b>(&mut self, problem: String, out: &mut Vec<u8>) -> Step<'b> {
        self.refuse(&Refusal::Malformed(problem), out)
    }

    fn open(&mut self, wanted: &Wanted, catalog: &Catalog) -> Opened {
        let found = catalog.entries.iter().enumerate().find(|(_, entry)| entry.name == wanted.name);
        let Some((place, entry)) = found else {
            return Opened::Unknown { services: catalog.entries.iter().map(|entry| entry.name.clone()).collect() };
        };
        let service = self.services.open(place);
        self.expects_fds |= entry.has_fds;
        let schema = (entry.fingerprint != wanted.fingerprint).then(|| entry.schema.clone());
        Opened::Here(Offer { service, schema })
    }

    fn frame<'b>(
        &mut self,
        head: Head,
        (body, fds): (&'b [u8], Fds),
        used: usize,
        catalog: &Catalog,
        out: &mut Vec<u8>,
    ) -> Step<'b> {
        match head.kind {
            Kind::Call => self.call(head.call, (body, fds), used, catalog, out),
            Kind::Cancel => Step::Cancel(head.call, used),
            Kind::Open => match decode::<Wanted>(body, DecodeLimits::for_frames_of(HELLO_BYTES_MAX)) {
                Ok(wanted) if self.services.len() < SERVICES_MAX => {
                    let opened = self.open(&wanted, catalog);
                    put(out, Kind::Opened, head.call, &opened);
                    Step::Done(used)
                }
                Ok(_) => self.violation("it opens too many services".to_owned(), out),
                Err(error) => self.violation(error.to_string(), out),
            },
            Kind::Ping => {
                put(out, Kind::Pong, head.call, &());
                Step::Done(used)
            }
            Kind::Void => Step::Done(used),
            // Behind the goodbye they may be of calls that it has refused.
            Kind::Credit | Kind::Input | Kind::InputEnd if !self.draining && head.call.is_after(self.last) => {
                self.violation(format!("a {:?} of call {}, which was never made", head.kind, head.call.0), out)
            }
            Kind::Credit | Kind::Input | Kind::InputEnd => Step::Items(head, body, used),
            Kind::Reply | Kind::Fault | Kind::Opened | Kind::Pong => Step::Answer(head, body, fds, used),
            Kind::Goodbye | Kind::Refuse => Step::Answer(head, body, fds, used),
            Kind::Items | Kind::InputCredit | Kind::InputStop => Step::Answer(head, body, fds, used),
            other => self.violation(format!("a client sends no frame of kind {other:?}"), out),
        }
    }

    fn call<'b>(
        &mut self,
        id: CallId,
        (body, fds): (&'b [u8], Fds),
        used: usize,
        catalog: &Catalog,
        out: &mut Vec<u8>,
    ) -> Step<'b> {
        if !id.is_after(self.last) {
            return self.violation(format!("call {} comes after call {}", id.0, self.last.0), out);
        }
        // All the way around, ids come again; one of a call that runs would leave that call to nobody.
        if self.running(id).is_some() {
            return self.violation(format!("call {} is made again while it runs", id.0), out);
        }
        self.last = id;
        match self.request(id, (body, fds), catalog) {
            // The goodbye has said already that this call does not run. Its items may follow all the same.
            request if self.draining => Step::Refused(request.ok().map(|request| request.called()), used),
            // Of one-way calls one runs at a time, and nobody would learn that it was refused.
            Ok(request)
                if request.shape != Shape::OneWay && self.running_calls() >= catalog.limits.calls_max as usize =>
            {
                self.fault(id, &Fault::Overloaded, out);
                Step::Refused(Some(request.called()), used)
            }
            Ok(request) => Step::Call(request, used),
            Err(fault) => {
                self.fault(id, &fault, out);
                Step::Refused(None, used)
            }
        }
    }

    fn body_bytes_max(&self, catalog: &Catalog) -> u32 {
        if self.phase == Phase::Open { catalog.limits.frame_bytes_max } else { HELLO_BYTES_MAX }
    }

    fn running_calls(&self) -> usize {
        self.in_flight.as_ref().map_or(0, |calls| calls.len())
    }

    fn fault(&mut self, id: CallId, fault: &Fault, out: &mut Vec<u8>) {
        self.faults = self.faults.saturating_add(1);
        put(out, Kind::Fault, id, fault);
    }

    fn request<'b>(&self, id: CallId, (body, fds): (&'b [u8], Fds), catalog: &Catalog) -> Result<Request<'b>, Fault> {
        let malformed = || Fault::Malformed("the call's head is cut short".to_owned());
        let (head, args) = RequestHead::take(body).ok_or_else(malformed)?;
        let service = self.services.place(head.service).ok_or(Fault::UnknownService)?;
        let entry = catalog.entries.get(service).ok_or(Fault::UnknownService)?;
        let method = head.method as usize;
        let shape = *entry.shapes.get(method).ok_or(Fault::UnknownMethod)?;
        Ok(Request { id, service, method, shape, time_left: head.time_left, args, fds, peer: self.peer })
    }

    fn oversized<'b>(&mut self, head: Head, used: usize, catalog: &Catalog, out: &mut Vec<u8>) -> Step<'b> {
        let limit = self.body_bytes_max(catalog);
        match (self.phase, head.kind) {
            (Phase::Open, Kind::Call) if head.call.is_after(self.last) => {
                self.last = head.call;
                // As in `call`: the goodbye has said already that it does not run.
                if !self.draining {
                    let fault = Fault::RequestTooLarge { size: head.length.into(), limit: limit.into() };
                    self.fault(head.call, &fault, out);
                }
                Step::Refused(None, used)
            }
            (Phase::Open, Kind::Void) => Step::Done(used),
            (Phase::Open, Kind::Reply) => Step::LargeAnswer(head, used),
            _ => self.violation(format!("a {:?} of {} bytes, over the limit of {limit}", head.kind, head.length), out),
        }
    }
}

/// Appends a frame with one of our own types, which always encode.
pub(crate) fn put<T: serde::Serialize>(out: &mut Vec<u8>, kind: Kind, id: CallId, body: &T) {
    let encoded = put_frame(out, kind, id, |out| encode(body, out));
    debug_assert!(encoded.is_ok(), "the protocol's own bodies encode");
}

mod greeting;
mod services;
#[cfg(test)]
mod tests;

use services::Services;

pub(crate) use greeting::Trial;
