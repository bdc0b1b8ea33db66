//! A channel that repeats calls that failed.
use super::attempts::{Attempts, Next};
use super::budget::Budget;
use super::random::random;
use super::{Blocking, Call, Channel, DuplexOf, Outgoing, StreamOf, UploadOf};
use crate::Value;

/// A blocking channel that repeats calls that failed, when that is safe and may help; [`Client::retry`](crate::Client::retry) makes one.
///
/// - A call that did not run ([`Outcome::NotSent`](crate::Outcome::NotSent), [`Outcome::Refused`](crate::Outcome::Refused)) is repeated
///   if its reason may pass: an overloaded or stopping server, a lost connection, a server that is not there yet. Not if it
///   will fail again: another version, a call that is not allowed, an argument that is too large.
/// - A call of which nothing is known ([`Outcome::Unknown`](crate::Outcome::Unknown)) is repeated if its method is
///   `#[rpc(idempotent)]`.
/// - A call that ran is never repeated, nor is a one-way call that may have run, nor one with items.
///
/// Before the first repetition it waits for 5 ms, then each time 1.6 times as long, up to 1 s; each wait is longer or
/// shorter by up to a fifth. The call's deadline counts for all attempts together and their waits: when it would come
/// first, nothing is tried again. A layer *behind* it, as in `kv.timeout(limit).retry(3)`, limits each attempt.
///
/// A [`Connection`](crate::Connection) that has ended stays so: put it around a [`Reconnect`](crate::Reconnect).
#[derive(Debug, Clone)]
pub struct Retry<C> {
    channel: C,
    times: u32,
}

impl<C: Channel<Mode = Blocking>> Retry<C> {
    /// Around `channel`. Repeats a call `times` times at most: it is tried once more often than that.
    pub fn new(channel: C, times: u32) -> Self {
        Self { channel, times }
    }
}

impl<C: Channel<Mode = Blocking>> Channel for Retry<C> {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        let mut budget = Budget::of(call);
        let mut attempts = Attempts::new(call.method, self.times);
        loop {
            let error = match self.channel.call(budget.attempt(call)) {
                Ok(answer) => return Ok(answer),
                Err(error) => budget.whole(error),
            };
            match attempts.failed(error, budget.left(), random()) {
                Next::After(pause) => std::thread::sleep(pause),
                Next::Fail(error) => return Err(error),
            }
        }
    }

    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        self.channel.stream(call)
    }

    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        self.channel.upload(call)
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        self.channel.duplex(call)
    }

    fn is_open(&self) -> bool {
        self.channel.is_open()
    }
}
