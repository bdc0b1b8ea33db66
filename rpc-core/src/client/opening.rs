//! The handshake, and what else is asked of a server outside of calls: opening a service, ping.
use super::Connect;
use super::ask::{Ask, Until};
use super::shared::{Shared, Terms};
use crate::net::{Address, Received, Stream, Wait};
use crate::proto::{Plan, clamp, put};
use crate::schema::ServiceSchema;
use crate::wire::{
    CallId, DecodeLimits, Found, Hello, Inbox, Kind, Opened, PREFACE_BYTES, PrefaceError, Refusal, Wanted, Welcome,
    check_preface, decode, encode, put_preface,
};
use crate::{Error, Outcome, ServiceInfo};
use std::time::{Duration, Instant};

/// How long it took to open a connection, by this process's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// Until the system had connected the socket; with [`Connect::wait`] the waiting counts, too.
    pub connect: Duration,
    /// From the first byte to the server until its greeting was read.
    pub handshake: Duration,
}

/// Talks to a fresh stream until it can be called over. `connect` is how long it took to get that stream.
pub(super) fn handshake(
    stream: Stream,
    address: &Address,
    options: &Connect,
    deadline: Instant,
    connect: Duration,
) -> Result<Shared, Error> {
    let start = Instant::now();
    let mut greeting = Greeting { stream, address, deadline, allowed: options.timeout };
    greeting.send(&hello(options))?;
    let mut inbox = Inbox::new(options.limits.frame_bytes_max);
    greeting.preface(&mut inbox)?;
    let welcome = greeting.welcome(&mut inbox)?;
    let terms = Terms {
        instance: welcome.instance,
        frame_bytes_max: welcome.frame_bytes_max,
        calls_max: welcome.calls_max,
        reply_bytes_max: options.limits.frame_bytes_max,
        opening: Opening { connect, handshake: start.elapsed() },
    };
    // Calls set their own timeouts; this one is what the handshake left.
    let left = Some(greeting.left()?);
    let shared = Shared::new(greeting.stream, terms, inbox, left);
    if let (Some(service), Some(opened)) = (options.service, welcome.service) {
        shared.plans().add(service, plan_for(service.schema(), opened)?);
    }
    Ok(shared)
}

fn hello(options: &Connect) -> Vec<u8> {
    let frame_bytes_max = options.limits.frame_bytes_max;
    let service = options.service.map(wanted);
    let mut out = Vec::new();
    put_preface(&mut out);
    put(&mut out, Kind::Hello, CallId::NONE, &Hello { frame_bytes_max, calls_max: 0, streams_max: 0, service });
    out
}

fn wanted(service: &'static ServiceInfo) -> Wanted {
    Wanted { name: service.name().to_owned(), fingerprint: service.fingerprint().0 }
}

/// A handshake on its way.
struct Greeting<'a> {
    stream: Stream,
    address: &'a Address,
    deadline: Instant,
    allowed: Duration,
}

impl Greeting<'_> {
    fn left(&self) -> Result<Duration, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let method = format!("the handshake with {}", self.address);
            return Err(Error::Deadline { method, allowed: clamp(self.allowed), outcome: Outcome::NotSent });
        }
        Ok(left)
    }

    /// A hello is far smaller than a socket's buffer.
    fn send(&self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            match self.stream.send(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let waited = self.stream.wait_ready(false, true, Some(self.left()?));
                    waited.map_err(|error| self.lost(error.to_string()))?;
                }
                // It has closed already, perhaps after saying why: reading tells.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    fn fill(&mut self, inbox: &mut Inbox) -> Result<(), Error> {
        loop {
            let limited = self.stream.set_recv_timeout(Some(self.left()?));
            limited.map_err(|error| self.lost(error.to_string()))?;
            match self.stream.recv(inbox.room(), Wait::Block) {
                Ok(Received::Bytes(_)) => return Ok(()),
                Ok(Received::Nothing) => {}
                Ok(Received::End) => return Err(self.lost("the server closed it during the handshake".to_owned())),
                Err(error) => return Err(self.lost(error.to_string())),
            }
        }
    }

    fn lost(&self, cause: String) -> Error {
        Error::Disconnected { cause, outcome: Outcome::NotSent }
    }

    fn broken(&self, problem: String) -> Error {
        Error::Protocol { problem, outcome: Outcome::NotSent }
    }

    fn preface(&mut self, inbox: &mut Inbox) -> Result<(), Error> {
        loop {
            match check_preface(inbox.bytes()) {
                Ok(true) => {
                    inbox.skip(PREFACE_BYTES);
                    return Ok(());
                }
                Ok(false) => self.fill(inbox)?,
                Err(PrefaceError::Foreign(began)) => {
                    return Err(Error::Foreign { address: self.address.to_string(), began });
                }
                Err(PrefaceError::Version(theirs)) => return Err(self.refused(Refusal::version_of_server(theirs))),
            }
        }
    }

    fn refused(&self, refusal: Refusal) -> Error {
        Error::RefusedConnection { address: self.address.to_string(), why: refusal }
    }

    fn welcome(&mut self, inbox: &mut Inbox) -> Result<Welcome, Error> {
        let found = loop {
            match inbox.next().map_err(|error| self.broken(error.to_string()))? {
                Some(found) => break found,
                None => self.fill(inbox)?,
            }
        };
        let (head, place) = match found {
            Found::Frame(head, place) => (head, place),
            Found::Oversized(head) => return Err(self.broken(format!("a greeting of {} bytes", head.length))),
        };
        let limits = DecodeLimits::for_frames_of(head.length);
        let body = inbox.bytes().get(place).unwrap_or_default();
        match head.kind {
            Kind::Welcome => decode(body, limits).map_err(|error| self.broken(format!("its greeting: {error}"))),
            Kind::Refuse => Err(match decode::<Refusal>(body, limits) {
                Ok(refusal) => self.refused(refusal),
                Err(error) => self.broken(format!("a refusal that cannot be read: {error}")),
            }),
            other => Err(self.broken(format!("it greets with a frame of kind {other:?}"))),
        }
    }
}

/// How `service` is called over this connection; it is opened for the call of that name if it is not yet.
pub(super) fn plan<'a>(
    shared: &'a Shared,
    service: &'static ServiceInfo,
    name: &dyn Fn() -> String,
    until: &mut Until,
) -> Result<&'a Plan, Error> {
    if let Some(plan) = shared.plans().find(service) {
        return Ok(plan);
    }
    let opened = open(shared, &wanted(service), name, *until)?;
    until.look();
    Ok(shared.plans().add(service, plan_for(service.schema(), opened)?))
}

/// Asks for a service, for the call of that name.
pub(super) fn open(shared: &Shared, wanted: &Wanted, name: &dyn Fn() -> String, until: Until) -> Result<Opened, Error> {
    let ask = Ask { until, name };
    super::scratch::with(|buffer| {
        let start = shared.exchange(Kind::Open, ask, buffer, |out| {
            let encoded = encode(wanted, out);
            debug_assert!(encoded.is_ok(), "the protocol's own bodies encode");
        })?;
        let bytes = buffer.get(start..).unwrap_or_default();
        let broken = |error: crate::wire::DecodeError| Error::Protocol {
            problem: format!("its answer to opening {}: {error}", wanted.name),
            outcome: Outcome::NotSent,
        };
        decode(bytes, shared.decode_limits()).map_err(broken)
    })
}

/// How a service is called whose schema on this side is `ours`.
pub(super) fn plan_for(ours: &ServiceSchema, opened: Opened) -> Result<Plan, Error> {
    let offer = match opened {
        Opened::Here(offer) => offer,
        Opened::Unknown { services } => {
            return Err(Error::UnknownService { service: ours.name.clone(), known: services });
        }
    };
    let Some(schema) = offer.schema else { return Ok(Plan::same(offer.service)) };
    let broken = |problem: String| Error::Protocol {
        problem: format!("its schema of {}: {problem}", ours.name),
        outcome: Outcome::NotSent,
    };
    let limits = DecodeLimits::for_frames_of(u32::try_from(schema.len()).unwrap_or(u32::MAX));
    let theirs: ServiceSchema = decode(&schema, limits).map_err(|error| broken(error.to_string()))?;
    theirs.check().map_err(|fault| broken(fault.to_string()))?;
    Ok(Plan::between(offer.service, ours, &theirs))
}

/// One round trip of the protocol itself.
pub(super) fn ping(shared: &Shared, timeout: Duration) -> Result<(), Error> {
    let ask = Ask { until: Until::after(Some(timeout)), name: &|| "ping".to_owned() };
    super::scratch::with(|buffer| shared.exchange(Kind::Ping, ask, buffer, |_| ()).map(|_| ()))
}
