//! The serving side of one connection: what each frame means, and what is answered at once.
//!
//! ```text
//! Preface ─ ours ─> Hello ─ well-formed ─> Open ─ violation, refusal ─> Over
//!    └─ foreign, another version ──┴──────────────────────────────────────┘
//! ```
//! [`Session::step`] takes the bytes that have come, deals with one frame, and says what the driver must do: run a call,
//! go on, wait for more bytes, or close. It never runs anything itself.
use super::{Fault, Limits, RequestHead};
use crate::Shape;
use crate::wire::{
    CallId, Cut, Cutter, DecodeLimits, HELLO_BYTES_MAX, Head, Hello, Kind, Offer, Opened, PREFACE_BYTES, PrefaceError,
    Refusal, Wanted, Welcome, check_preface, decode, encode, put_frame, put_preface,
};
use std::collections::HashMap;
use std::time::Duration;

/// What a server says to a peer that speaks another protocol: one line that a person can read.
const FOREIGN: &str = "rpc: this is an rpc server, protocol version 1; what came was not its protocol\r\n";

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
    /// What the caller takes.
    pub(crate) peer: PeerTerms,
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
    /// The caller of this one gave up: tell the handler. Go on behind these bytes.
    Cancel(CallId, usize),
    /// Something about the items of a call of the peer's, which may be over. Go on behind these bytes.
    Items(Head, &'b [u8], usize),
    /// Something that only a caller is sent: the peer must have been called. Go on behind these bytes.
    Answer(Head, &'b [u8], usize),
    /// The head of an answer that is over the limit; its body will be skipped. As before.
    LargeAnswer(Head, usize),
    /// Send what there is to send, and close.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Preface,
    Hello,
    Open,
    Over,
}

/// One connection's state. `C` cancels a call.
#[derive(Debug)]
pub(crate) struct Session<C> {
    phase: Phase,
    cutter: Cutter,
    /// By the number that calls carry: places in the catalog.
    services: Vec<usize>,
    /// Calls that run elsewhere than on the thread that reads.
    in_flight: HashMap<CallId, C>,
    last: CallId,
    draining: bool,
    peer: PeerTerms,
}

impl<C> Session<C> {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Preface,
            cutter: Cutter::new(HELLO_BYTES_MAX),
            services: Vec::new(),
            in_flight: HashMap::new(),
            last: CallId::NONE,
            draining: false,
            peer: PeerTerms { frame_bytes_max: HELLO_BYTES_MAX, calls_max: 0, window_bytes: 0 },
        }
    }

    /// A connection whose handshake is done: a client's, that offers services to its server.
    pub(crate) fn greeted(peer: PeerTerms, limits: &Limits) -> Self {
        Self { phase: Phase::Open, cutter: Cutter::new(limits.frame_bytes_max), peer, ..Self::new() }
    }

    /// What the peer said that it takes.
    pub(crate) fn peer(&self) -> PeerTerms {
        self.peer
    }

    /// Whether the handshake is over, and the connection still in order.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Deals with the frame at the start of `bytes`; appends to `out` what is to be sent.
    pub(crate) fn step<'b>(&mut self, bytes: &'b [u8], catalog: &Catalog, out: &mut Vec<u8>) -> Step<'b> {
        match self.phase {
            Phase::Preface => self.preface(bytes, out),
            Phase::Over => Step::Close,
            Phase::Hello | Phase::Open => match self.cutter.cut(bytes) {
                Ok(Cut::Frame { head, body, used }) if self.phase == Phase::Open => {
                    self.frame(head, body, used, catalog, out)
                }
                Ok(Cut::Frame { head, body, used }) => self.hello(head, body, used, catalog, out),
                Ok(Cut::Oversized { head, used }) => self.oversized(head, used, catalog, out),
                Ok(Cut::Skipped { used }) => Step::Done(used),
                Ok(Cut::Partial { total }) => Step::Partial(total),
                Err(error) => self.violation(error.to_string(), out),
            },
        }
    }

    /// A call now runs elsewhere than on the reading thread.
    pub(crate) fn detach(&mut self, id: CallId, cancel: C) {
        self.in_flight.insert(id, cancel);
    }

    /// Such a call has ended.
    pub(crate) fn finish(&mut self, id: CallId) {
        self.in_flight.remove(&id);
    }

    /// A call that runs elsewhere.
    pub(crate) fn running(&self, id: CallId) -> Option<&C> {
        self.in_flight.get(&id)
    }

    /// Calls that run elsewhere.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &C> {
        self.in_flight.values()
    }

    /// Starts no more calls, and tells the client which was the last one.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) {
        if self.phase == Phase::Open && !self.draining {
            put(out, Kind::Goodbye, self.last, &());
        }
        self.draining = true;
    }

    fn preface<'b>(&mut self, bytes: &'b [u8], out: &mut Vec<u8>) -> Step<'b> {
        match check_preface(bytes) {
            Ok(false) => Step::Partial(PREFACE_BYTES),
            Ok(true) => {
                self.phase = Phase::Hello;
                Step::Done(PREFACE_BYTES)
            }
            Err(PrefaceError::Foreign(_)) => {
                self.phase = Phase::Over;
                out.extend_from_slice(FOREIGN.as_bytes());
                Step::Close
            }
            Err(PrefaceError::Version(theirs)) => self.refuse(&Refusal::version(theirs), out),
        }
    }

    /// Says why there will be no conversation.
    pub(crate) fn refuse<'b>(&mut self, refusal: &Refusal, out: &mut Vec<u8>) -> Step<'b> {
        if self.phase != Phase::Open {
            put_preface(out);
        }
        self.phase = Phase::Over;
        put(out, Kind::Refuse, CallId::NONE, refusal);
        Step::Close
    }

    pub(crate) fn violation<'b>(&mut self, problem: String, out: &mut Vec<u8>) -> Step<'b> {
        self.refuse(&Refusal::Malformed(problem), out)
    }

    fn hello<'b>(&mut self, head: Head, body: &[u8], used: usize, catalog: &Catalog, out: &mut Vec<u8>) -> Step<'b> {
        if head.kind != Kind::Hello {
            return self.violation(format!("it begins with a frame of kind {:?}", head.kind), out);
        }
        let hello: Hello = match decode(body, DecodeLimits::for_frames_of(HELLO_BYTES_MAX)) {
            Ok(hello) => hello,
            Err(error) => return self.violation(error.to_string(), out),
        };
        if self.draining {
            return self.refuse(&Refusal::ShuttingDown, out);
        }
        self.phase = Phase::Open;
        self.cutter = Cutter::new(catalog.limits.frame_bytes_max);
        self.peer = PeerTerms {
            frame_bytes_max: hello.frame_bytes_max,
            calls_max: hello.calls_max,
            window_bytes: hello.window_bytes,
        };
        let welcome = Welcome {
            instance: catalog.instance,
            frame_bytes_max: catalog.limits.frame_bytes_max,
            calls_max: catalog.limits.calls_max,
            window_bytes: catalog.limits.window_bytes,
            service: hello.service.map(|wanted| self.open(&wanted, catalog)),
        };
        put_preface(out);
        put(out, Kind::Welcome, CallId::NONE, &welcome);
        Step::Done(used)
    }

    fn open(&mut self, wanted: &Wanted, catalog: &Catalog) -> Opened {
        let found = catalog.entries.iter().enumerate().find(|(_, entry)| entry.name == wanted.name);
        let Some((place, entry)) = found else {
            return Opened::Unknown { services: catalog.entries.iter().map(|entry| entry.name.clone()).collect() };
        };
        let known = self.services.iter().position(|service| *service == place);
        let service = known.unwrap_or_else(|| {
            self.services.push(place);
            self.services.len() - 1
        });
        let schema = (entry.fingerprint != wanted.fingerprint).then(|| entry.schema.clone());
        Opened::Here(Offer { service: u32::try_from(service).unwrap_or(u32::MAX), schema })
    }

    fn frame<'b>(&mut self, head: Head, body: &'b [u8], used: usize, catalog: &Catalog, out: &mut Vec<u8>) -> Step<'b> {
        match head.kind {
            Kind::Call => self.call(head.call, body, used, catalog, out),
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
            Kind::Reply | Kind::Fault | Kind::Opened | Kind::Pong => Step::Answer(head, body, used),
            Kind::Goodbye | Kind::Refuse => Step::Answer(head, body, used),
            Kind::Items | Kind::InputCredit | Kind::InputStop => Step::Answer(head, body, used),
            other => self.violation(format!("a client sends no frame of kind {other:?}"), out),
        }
    }

    fn call<'b>(&mut self, id: CallId, body: &'b [u8], used: usize, catalog: &Catalog, out: &mut Vec<u8>) -> Step<'b> {
        if !id.is_after(self.last) {
            return self.violation(format!("call {} comes after call {}", id.0, self.last.0), out);
        }
        // All the way around, ids come again; one of a call that runs would leave that call to nobody.
        if self.in_flight.contains_key(&id) {
            return self.violation(format!("call {} is made again while it runs", id.0), out);
        }
        self.last = id;
        if self.draining {
            // The goodbye has said already that this call does not run. Its items may follow all the same.
            return Step::Done(used);
        }
        match self.request(id, body, catalog) {
            Ok(request) => Step::Call(request, used),
            Err(fault) => {
                put(out, Kind::Fault, id, &fault);
                Step::Done(used)
            }
        }
    }

    fn request<'b>(&self, id: CallId, body: &'b [u8], catalog: &Catalog) -> Result<Request<'b>, Fault> {
        let malformed = || Fault::Malformed("the call's head is cut short".to_owned());
        let (head, args) = RequestHead::take(body).ok_or_else(malformed)?;
        let service = *self.services.get(head.service as usize).ok_or(Fault::UnknownService)?;
        let entry = catalog.entries.get(service).ok_or(Fault::UnknownService)?;
        let method = head.method as usize;
        let shape = *entry.shapes.get(method).ok_or(Fault::UnknownMethod)?;
        // Of one-way calls one runs at a time, and nobody would learn that it was refused.
        if shape != Shape::OneWay && self.in_flight.len() >= catalog.limits.calls_max as usize {
            return Err(Fault::Overloaded);
        }
        Ok(Request { id, service, method, shape, time_left: head.time_left, args, peer: self.peer })
    }

    fn oversized<'b>(&mut self, head: Head, used: usize, catalog: &Catalog, out: &mut Vec<u8>) -> Step<'b> {
        let limit = catalog.limits.frame_bytes_max;
        match (self.phase, head.kind) {
            (Phase::Open, Kind::Call) if head.call.is_after(self.last) => {
                self.last = head.call;
                // As in `call`: the goodbye has said already that it does not run.
                if self.draining {
                    return Step::Done(used);
                }
                let fault = Fault::RequestTooLarge { size: head.length.into(), limit: limit.into() };
                put(out, Kind::Fault, head.call, &fault);
                Step::Done(used)
            }
            (Phase::Open, Kind::Void) => Step::Done(used),
            (Phase::Open, Kind::Reply) => Step::LargeAnswer(head, used),
            (phase, _) => {
                let limit = if phase == Phase::Open { limit } else { HELLO_BYTES_MAX };
                self.violation(format!("a {:?} of {} bytes, over the limit of {limit}", head.kind, head.length), out)
            }
        }
    }
}

/// Appends a frame with one of our own types, which always encode.
pub(crate) fn put<T: serde::Serialize>(out: &mut Vec<u8>, kind: Kind, id: CallId, body: &T) {
    let encoded = put_frame(out, kind, id, |out| encode(body, out));
    debug_assert!(encoded.is_ok(), "the protocol's own bodies encode");
}

#[cfg(test)]
mod tests;
