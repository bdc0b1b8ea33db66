//! A handler of this process as a channel: no socket, the same encoding, the same errors.
use super::ask::Place;
use crate::net::Peer;
use crate::proto::{Fault, clamp};
use crate::service::{Cancel, run};
use crate::wire::{DecodeLimits, put_varint};
use crate::{Blocking, Call, Channel, Context, Error, Handler, Limits, Outcome, Outgoing, Value};
use std::sync::Arc;
use std::time::Instant;

/// Calls a handler in this process, on the caller's thread. Nothing can interrupt it there: a call that takes longer than
/// its deadline is an error when it returns.
#[derive(Clone)]
pub struct Local(Arc<dyn Handler>);

impl Local {
    /// Over `handler`, which `Kv::serve(..)` makes.
    pub fn new(handler: impl Handler) -> Self {
        Self(Arc::new(handler))
    }

    /// What both sides take, as on a socket.
    pub(super) fn decode_limits() -> DecodeLimits {
        DecodeLimits::for_frames_of(Limits::default().frame_bytes_max)
    }

    /// A whole call: its answer is then in `buffer`, as from a socket.
    pub(super) fn answer(&self, call: Outgoing<'_>, buffer: &mut Vec<u8>) -> Result<Option<Place>, Error> {
        let known = self.0.service();
        if !std::ptr::eq(known, call.service) {
            let service = call.service.name().to_owned();
            return Err(Error::UnknownService { service, known: vec![known.name().to_owned()] });
        }
        let (allowed, limit) = (call.time_allowed(), u64::from(Limits::default().frame_bytes_max));
        let mut args = std::mem::take(buffer);
        args.clear();
        call.args.encode(&mut args).map_err(|error| match error {
            Error::Encode { problem, outcome, .. } => Error::Encode { method: call.name(), problem, outcome },
            other => other,
        })?;
        let too_large = |size: usize, outcome| match size as u64 > limit {
            true => Err(Error::TooLarge { method: call.name(), size: size as u64, limit, outcome }),
            false => Ok(()),
        };
        too_large(args.len(), Outcome::NotSent)?;
        let deadline = allowed.map(|allowed| Instant::now() + clamp(allowed));
        let cx = Context { method: call.method, peer: this_process(), deadline, cancel: Cancel::default() };
        put_varint(call.method.index.into(), buffer);
        let done = run(&*self.0, &cx, &args, Self::decode_limits(), buffer);
        if !call.has_reply() {
            // As on a socket: whoever calls one way is not told how it went.
            return Ok(None);
        }
        done.map_err(|fault: Fault| fault.into_error(call.name(), allowed))?;
        too_large(buffer.len(), Outcome::Executed)?;
        if deadline.is_some_and(|deadline| deadline < Instant::now()) {
            let allowed = allowed.unwrap_or_default();
            return Err(Error::Deadline { method: call.name(), allowed, outcome: Outcome::Executed });
        }
        Ok(Some(Place { start: 0, method: call.method.index }))
    }
}

impl Channel for Local {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        super::scratch::with(|buffer| {
            let place = self.answer(call, buffer)?;
            super::answer(call, buffer, place, Self::decode_limits())
        })
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Local({})", self.0.service().name())
    }
}

#[cfg(unix)]
fn this_process() -> Peer {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    Peer { uid: Some(uid), gid: Some(gid), pid: Some(std::process::id()) }
}

#[cfg(not(unix))]
fn this_process() -> Peer {
    Peer { pid: Some(std::process::id()), ..Peer::default() }
}
