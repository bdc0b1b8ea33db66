//! The handshake.
use super::Connect;
use crate::connection::{Terms, wanted};
use crate::net::{Address, ConnectError, ConnectProblem, Received, Spin, Stream};
use crate::proto::{CallTerms, clamp, put};
use crate::token::{Nonces, Role, Token, nonce};
use crate::wire::{
    CallId, Challenge, DecodeLimits, Found, HELLO_BYTES_MAX, Head, Hello, Inbox, Kind, Opened, PREFACE_BYTES,
    PrefaceError, Proof, Proven, Refusal, Welcome, check_preface, decode, fds_max, put_preface,
};
use crate::{Error, Outcome};
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

/// What a server said of itself in the handshake.
#[derive(Debug, Clone, Copy)]
pub(super) struct Greeted {
    pub(super) instance: u64,
    pub(super) opening: Opening,
}

/// A stream whose handshake is done.
pub(super) struct Handshaken {
    pub(super) stream: Stream,
    /// It may hold bytes that came behind the handshake.
    pub(super) inbox: Inbox,
    pub(super) terms: Terms,
    pub(super) greeted: Greeted,
    /// The answer to the service that was asked for.
    pub(super) opened: Option<Opened>,
    /// It has heard where the server sends from.
    pub(super) spin: Spin,
}

/// Talks to a fresh stream until it can be called over. `connect` is how long it took to get that stream.
pub(super) fn handshake(
    stream: Stream,
    address: &Address,
    options: &Connect,
    deadline: Instant,
    connect: Duration,
) -> Result<Handshaken, Error> {
    let start = Instant::now();
    let spin = Spin::new(options.limits.poll_time_max);
    let mut greeting = Greeting { stream, address, deadline, allowed: options.timeout, spin };
    let carries_fds = greeting.stream.carries_fds();
    let reply_fds_max = fds_max(options.limits.fds_max, carries_fds);
    greeting.send(&hello(options, reply_fds_max))?;
    let mut inbox = Inbox::new(options.limits.frame_bytes_max);
    greeting.preface(&mut inbox)?;
    let welcome = greeting.welcome(&mut inbox, options.token.as_ref())?;
    let greeted = Greeted { instance: welcome.instance, opening: Opening { connect, handshake: start.elapsed() } };
    let calls = CallTerms {
        calls_max: welcome.calls_max,
        reply_bytes_max: options.limits.frame_bytes_max,
        window_bytes: options.limits.window_bytes,
        peer_window_bytes: welcome.window_bytes,
    };
    let terms = Terms {
        frame_bytes_max: welcome.frame_bytes_max,
        fds_max: fds_max(welcome.fds_max, carries_fds),
        reply_fds_max,
        calls,
    };
    let Greeting { stream, spin, .. } = greeting;
    Ok(Handshaken { stream, inbox, terms, greeted, opened: welcome.service, spin })
}

fn hello(options: &Connect, fds_max: u32) -> Vec<u8> {
    let hello = Hello {
        frame_bytes_max: options.limits.frame_bytes_max,
        // Nobody calls a client that offers nothing.
        calls_max: if options.offers.handlers.is_empty() { 0 } else { options.limits.calls_max },
        window_bytes: options.limits.window_bytes,
        fds_max,
        service: options.service.map(wanted),
    };
    let mut out = Vec::new();
    put_preface(&mut out);
    put(&mut out, Kind::Hello, CallId::NONE, &hello);
    out
}

/// A handshake on its way.
struct Greeting<'a> {
    stream: Stream,
    address: &'a Address,
    deadline: Instant,
    allowed: Duration,
    spin: Spin,
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
            let (room, arrivals) = inbox.room_beside();
            match self.stream.recv_within(room, arrivals, Some(self.left()?)) {
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
                    self.spin.heard(inbox.bytes().get(PREFACE_BYTES..).unwrap_or_default());
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

    fn welcome(&mut self, inbox: &mut Inbox, token: Option<&Token>) -> Result<Welcome, Error> {
        let (mut head, mut body) = self.frame(inbox)?;
        let proven = head.kind == Kind::Challenge;
        if proven {
            self.prove(&body, inbox, token)?;
            (head, body) = self.frame(inbox)?;
        }
        if head.kind != Kind::Welcome {
            return Err(self.broken(format!("it greets with a frame of kind {:?}", head.kind)));
        }
        if token.is_some() && !proven && !self.stream.is_local() {
            return Err(self.unproven());
        }
        decode(&body, DecodeLimits::for_frames_of(head.length))
            .map_err(|error| self.broken(format!("its greeting: {error}")))
    }

    /// Answers a challenge, and asks for the server's own proof.
    fn prove(&mut self, challenge: &[u8], inbox: &mut Inbox, token: Option<&Token>) -> Result<(), Error> {
        let Some(token) = token else { return Err(self.refused(Refusal::TokenMissing)) };
        let limits = DecodeLimits::for_frames_of(HELLO_BYTES_MAX);
        let challenge: Challenge =
            decode(challenge, limits).map_err(|error| self.broken(format!("its challenge: {error}")))?;
        let nonce = nonce().map_err(|error| Error::system("taking random bytes", &error))?;
        let nonces = Nonces { server: challenge.nonce, client: nonce };
        let mut out = Vec::new();
        put(&mut out, Kind::Proof, CallId::NONE, &Proof { nonce, proof: token.proof(Role::Client, &nonces) });
        self.send(&out)?;
        let (head, body) = self.frame(inbox)?;
        match decode::<Proven>(&body, limits) {
            Ok(proven) if head.kind == Kind::Proven && token.is_proof(Role::Server, &nonces, &proven.proof) => Ok(()),
            _ => Err(self.unproven()),
        }
    }

    fn unproven(&self) -> Error {
        ConnectError { address: self.address.clone(), problem: ConnectProblem::Unproven }.into()
    }

    /// The next frame, unless it is a refusal.
    fn frame(&mut self, inbox: &mut Inbox) -> Result<(Head, Vec<u8>), Error> {
        let found = loop {
            match inbox.next().map_err(|error| self.broken(error.to_string()))? {
                Some(found) => break found,
                None => self.fill(inbox)?,
            }
        };
        let (head, place) = match found {
            Found::Frame(head, place, _) => (head, place),
            Found::Oversized(head) => return Err(self.broken(format!("a greeting of {} bytes", head.length))),
        };
        let body = inbox.bytes().get(place).unwrap_or_default();
        if head.kind != Kind::Refuse {
            return Ok((head, body.to_vec()));
        }
        Err(match decode::<Refusal>(body, DecodeLimits::for_frames_of(head.length)) {
            Ok(refusal) => self.refused(refusal),
            Err(error) => self.broken(format!("a refusal that cannot be read: {error}")),
        })
    }
}
