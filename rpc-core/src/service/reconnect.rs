//! A channel that connects when it must.
use super::backoff::Backoff;
use super::budget::Budget;
use super::random::random;
use super::run::drop_payload;
use super::{Blocking, Call, Channel, DuplexOf, Outgoing, Sink, Stream, StreamOf, Upload, UploadOf};
use crate::{Connection, Error, Outcome, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A blocking channel that connects at its first call, keeps that connection while it lasts, and then makes another: for
/// programs that outlive the servers that they call. Cheap to clone; clones, and all their threads, share one connection.
///
/// It repeats nothing: a call that was under way when its connection ended fails. Let [`retry`](crate::Client::retry)
/// repeat those that are safe to repeat:
///
/// ```
/// # use rpc_core::{Connection, Context, Service};
/// use rpc_core::{Client, Reconnect};
/// # #[derive(Service)]
/// # enum Kv<'a> {
/// #     #[rpc(returns = Option<String>, idempotent)]
/// #     Get { key: &'a str },
/// # }
/// # fn example() -> Result<(), rpc_core::Error> {
/// let kv = Kv::client(Reconnect::new(|| Connection::connect("kv"))).retry(8);
/// // Also while the server of `kv` is being restarted:
/// println!("{:?}", kv.get("a")?);
/// # Ok(())
/// # }
/// ```
///
/// A connection is over when a call over it failed because it ended, or when it [says so](Channel::is_open), which each call
/// asks first: so one whose server was replaced while nobody called costs no call.
///
/// One attempt to connect serves all calls that wait for it, and its failure fails them all. After a failure the next attempt
/// waits as [`Retry`](crate::Retry) does, 5 ms to 1 s, and so do calls, but never beyond their own deadlines: a call
/// whose deadline would come before the next attempt fails at once, with what the last attempt said.
pub struct Reconnect<C = Connection> {
    shared: Arc<Shared<C>>,
}

struct Shared<C> {
    connect: Box<dyn Fn() -> Result<C, Error> + Send + Sync>,
    state: Mutex<State<C>>,
    /// An attempt to connect has ended.
    settled: Condvar,
}

struct State<C> {
    link: Link<C>,
    /// How many attempts to connect have failed.
    failures: u64,
    /// How the last of them did.
    failure: Option<Error>,
    /// The waits before further attempts; anew after each success.
    backoff: Backoff,
}

enum Link<C> {
    /// The next call connects.
    None,
    /// An attempt is under way.
    Coming,
    /// Calls go here.
    Here(Arc<C>),
    /// The last attempt failed. The next one is not before then.
    Pausing(Instant),
}

impl<C: Channel<Mode = Blocking> + Send + Sync + 'static> Reconnect<C> {
    /// Connects by `connect`, which runs on a short-lived thread of its own: so a call keeps its deadline however long
    /// connecting takes. Nothing happens before the first call.
    pub fn new(connect: impl Fn() -> Result<C, Error> + Send + Sync + 'static) -> Self {
        let state = State { link: Link::None, failures: 0, failure: None, backoff: Backoff::default() };
        let (connect, state, settled) = (Box::new(connect), Mutex::new(state), Condvar::new());
        Self { shared: Arc::new(Shared { connect, state, settled }) }
    }

    /// A connection for this call, made if there is none.
    fn channel(&self, call: Outgoing<'_>, budget: &Budget) -> Result<Arc<C>, Error> {
        let channel = self.shared.wait(call, budget)?;
        // Asked without the lock: what a channel does to answer is not known here.
        if channel.is_open() {
            return Ok(channel);
        }
        self.shared.forget(&channel);
        // Not asked again: if every new connection is over at once, calls must fail, and not connect for ever.
        self.shared.wait(call, budget)
    }

    /// Starts a call with items over the current connection.
    fn hand_over<T>(
        &self,
        call: Outgoing<'_>,
        start: impl FnOnce(&C, Outgoing<'_>) -> T,
        failed: impl FnOnce(Error) -> T,
    ) -> T {
        let mut budget = Budget::of(call);
        match self.channel(call, &budget) {
            Ok(channel) => start(&channel, budget.attempt(call)),
            Err(error) => failed(error),
        }
    }
}

impl<C: Channel<Mode = Blocking> + Send + Sync + 'static> Shared<C> {
    /// Waits until there is a connection, or an attempt to make one has failed.
    fn wait(self: &Arc<Self>, call: Outgoing<'_>, budget: &Budget) -> Result<Arc<C>, Error> {
        let mut state = self.lock();
        let failures = state.failures;
        loop {
            let failure = state.failure.as_ref().filter(|_| state.failures != failures);
            match (&state.link, failure) {
                (Link::Here(channel), _) => return Ok(channel.clone()),
                (_, Some(error)) => return Err(error.clone()),
                (Link::Coming, None) => state = self.sleep(state, None, call, budget)?,
                (Link::Pausing(end), None) if *end > Instant::now() => {
                    let end = *end;
                    state = self.sleep(state, Some(end), call, budget)?;
                }
                (Link::None | Link::Pausing(_), None) => {
                    self.start()?;
                    state.link = Link::Coming;
                }
            }
        }
    }

    /// Sleeps until something may have changed: at the latest at `end`, if there is one.
    fn sleep<'a>(
        &'a self,
        state: MutexGuard<'a, State<C>>,
        end: Option<Instant>,
        call: Outgoing<'_>,
        budget: &Budget,
    ) -> Result<MutexGuard<'a, State<C>>, Error> {
        let left = budget.left();
        if left.is_some_and(|left| left.is_zero()) {
            return Err(budget.over(call));
        }
        let pause = end.map(|end| end.saturating_duration_since(Instant::now()));
        if let (Some(left), Some(pause), Some(error)) = (left, pause, &state.failure)
            && left <= pause
        {
            return Err(error.clone());
        }
        Ok(match pause.or(left) {
            Some(time) => self.settled.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
            None => self.settled.wait(state).unwrap_or_else(PoisonError::into_inner),
        })
    }

    /// Starts an attempt to connect. The lock is held: it cannot end before it is noted that it is under way.
    fn start(self: &Arc<Self>) -> Result<(), Error> {
        let shared = self.clone();
        let thread = std::thread::Builder::new().name("rpc-connect".to_owned());
        thread
            .spawn(move || shared.attempt())
            .map_err(|error| Error::system("starting a thread to connect", &error))?;
        Ok(())
    }

    fn attempt(&self) {
        let made = catch_unwind(AssertUnwindSafe(|| (self.connect)())).unwrap_or_else(|payload| {
            drop_payload(payload);
            let text = "the function that connects panicked".to_owned();
            Err(Error::System { doing: "connecting".to_owned(), text })
        });
        let mut state = self.lock();
        match made {
            Ok(channel) => {
                state.link = Link::Here(Arc::new(channel));
                state.backoff = Backoff::default();
            }
            Err(error) => {
                let pause = state.backoff.pause(random());
                state.link = Link::Pausing(Instant::now() + pause);
                state.failures += 1;
                state.failure = Some(error);
            }
        }
        drop(state);
        self.settled.notify_all();
    }
}

impl<C> Shared<C> {
    /// This connection is over; a newer one is left alone.
    fn forget(&self, channel: &Arc<C>) {
        let mut state = self.lock();
        if matches!(&state.link, Link::Here(current) if Arc::ptr_eq(current, channel)) {
            // Whoever forgets a channel holds it, so nothing of it is dropped under the lock.
            state.link = Link::None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        // No code of others runs under this lock, so a panic under it would be a bug of ours, and the state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call that ended so says that its connection is over.
fn is_gone(error: &Error) -> bool {
    let ended = matches!(error, Error::Disconnected { .. } | Error::Protocol { .. });
    let unanswered = matches!(error.outcome(), Outcome::NotSent | Outcome::Unknown);
    ended && unanswered || matches!(error, Error::ShuttingDown { .. })
}

impl<C: Channel<Mode = Blocking> + Send + Sync + 'static> Channel for Reconnect<C> {
    type Mode = Blocking;

    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        let mut budget = Budget::of(call);
        let channel = self.channel(call, &budget)?;
        let answer = channel.call(budget.attempt(call));
        answer.map_err(|error| {
            if is_gone(&error) {
                self.shared.forget(&channel);
            }
            budget.whole(error)
        })
    }

    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        self.hand_over(call, C::stream, |error| Stream::new(Err(error)))
    }

    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        self.hand_over(call, C::upload, |error| Upload::new(Err(error)))
    }

    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        self.hand_over(call, C::duplex, |error| (Sink::closed(), Stream::new(Err(error))))
    }
}

impl<C> Clone for Reconnect<C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<C> std::fmt::Debug for Reconnect<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let link = match &self.shared.lock().link {
            Link::None => "not connected",
            Link::Coming => "connecting",
            Link::Here(_) => "connected",
            Link::Pausing(_) => "waiting before it tries again",
        };
        write!(f, "Reconnect({link})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Service};

    #[derive(Service)]
    enum Nothing {
        #[rpc(returns = ())]
        Happens,
    }

    struct Never;

    impl NothingHandler for Never {
        fn happens(&self, _cx: &Context) {}
    }

    #[test]
    fn the_waits_begin_anew_after_a_success() {
        let failures = Mutex::new(3);
        let reconnect: Reconnect = Reconnect::new(move || {
            let mut failures = failures.lock().unwrap();
            if *failures == 0 {
                return Ok(Connection::local(Nothing::serve(Never)));
            }
            *failures -= 1;
            Err(Error::System { doing: "connecting".to_owned(), text: "not now".to_owned() })
        });
        (0..3).for_each(|_| reconnect.shared.attempt());
        assert_ne!(reconnect.shared.lock().backoff, Backoff::default());
        reconnect.shared.attempt();
        assert_eq!(reconnect.shared.lock().backoff, Backoff::default());
    }
}
