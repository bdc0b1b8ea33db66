//! What a handler may know about its call.
use super::{Cancel, Method, Service, WakeGuard};
use crate::net::Peer;
use crate::{Connection, Error};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// Facts about one call.
#[derive(Debug)]
pub struct Context {
    pub(crate) method: &'static Method,
    pub(crate) peer: Peer,
    pub(crate) deadline: Option<Instant>,
    pub(crate) cancel: Cancel,
    pub(crate) stopping: Cancel,
    pub(crate) back: Option<Arc<dyn Back>>,
}

/// The way back to a caller, who may offer services of its own.
pub(crate) trait Back: std::fmt::Debug + Send + Sync {
    /// A connection to the caller; `None`: it offers no services.
    fn connection(self: Arc<Self>) -> Option<Connection>;

    /// The caller's process, where the system gives it.
    #[cfg(unix)]
    fn pidfd(&self) -> Option<std::os::fd::OwnedFd>;
}

impl Context {
    /// The method that is called.
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// Who calls, as the kernel tells it: see [`Peer`].
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The caller's process, as a descriptor: it becomes readable when the process ends, and a signal sent by it reaches no
    /// other one, as pidfd_open(2) tells. Made at each call of this, because every one takes a descriptor.
    ///
    /// None but over local sockets of Linux 6.5 and later, and none of a process that has ended.
    #[cfg(unix)]
    pub fn pidfd(&self) -> Option<std::os::fd::OwnedFd> {
        self.back.as_ref()?.pidfd()
    }

    /// When the caller stops waiting; `None`: never.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is left until then; zero when it has passed. `None`: no limit.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// A client of the service `S` that the caller offers ([`Connect::offer`](crate::Connect::offer)), over the caller's own
    /// connection. It may be kept, and used after the call has ended, until the caller goes.
    ///
    /// A handler that waits for its caller is slow by nature: `#[rpc(blocking)]` gives its method a thread from the start.
    ///
    /// A one-way method should not wait for its caller: no later call of a connection is entered until a one-way call of it has
    /// ended, and an answer that comes behind such a call waits with it. Let another thread make that call.
    ///
    /// # Errors
    /// [`Error::UnknownService`] when the caller offers no services at all. That it lacks this one shows at the first call.
    pub fn client<S: Service>(&self) -> Result<S::Client<Connection>, Error> {
        let connection = self.back.clone().and_then(Back::connection);
        let none = || Error::UnknownService { service: S::INFO.name().to_owned(), known: Vec::new() };
        connection.map(S::client).ok_or_else(none)
    }

    /// Whether nobody waits for the answer any more: the caller has gone, has given up, or its time is over.
    /// A handler that runs for long may ask now and then, and end early.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_set() || self.time_left() == Some(Duration::ZERO)
    }

    /// Wakes a handler that sleeps when its caller has gone or has given up: at once if it has already. Whoever is woken
    /// finds [`is_cancelled`](Self::is_cancelled) true. The end of the caller's time wakes nobody: sleep for
    /// [`time_left`](Self::time_left) at most.
    ///
    /// The waker runs on a thread that serves others as well, so it must only wake, and not wait or call.
    ///
    /// ```
    /// use rpc_core::Context;
    /// use std::sync::Arc;
    /// use std::task::Wake;
    /// use std::thread::Thread;
    ///
    /// struct Unpark(Thread);
    /// impl Wake for Unpark {
    ///     fn wake(self: Arc<Self>) {
    ///         self.0.unpark();
    ///     }
    /// }
    ///
    /// /// Sleeps until nobody waits for this call.
    /// fn until_cancelled(cx: &Context) {
    ///     let _wakes = cx.on_cancel(Arc::new(Unpark(std::thread::current())).into());
    ///     while !cx.is_cancelled() {
    ///         match cx.time_left() {
    ///             Some(left) => std::thread::park_timeout(left),
    ///             None => std::thread::park(),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn on_cancel(&self, waker: Waker) -> WakeGuard {
        self.cancel.wake(waker)
    }

    /// Whether the server stops. It waits for its handlers, for [`Limits::drain_time_max`](crate::Limits::drain_time_max) at
    /// most, and its callers were told: one whose work would never end by itself, such as a stream of events, ends now, and
    /// its caller sees a whole answer instead of a connection that is cut.
    ///
    /// In process nothing stops: there it is always false.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_set()
    }

    /// Wakes a handler that sleeps when the server [stops](Self::is_stopping): at once if it does already. As for
    /// [`on_cancel`](Self::on_cancel), the waker must only wake.
    pub fn on_stop(&self, waker: Waker) -> WakeGuard {
        self.stopping.wake(waker)
    }
}
