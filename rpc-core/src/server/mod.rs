//! The serving side: any number of services on any number of addresses, with a few threads.
//!
//! One worker has the *poll role*: it reads whoever is ready, runs short handlers on its own thread, writes, and waits
//! again. A *standby* looks after it, and takes over when a handler is slow; a method that was found slow gets a thread of
//! its own from then on. So a lone call costs no hand-over, and a slow call never holds up the calls behind it.
//!
//! - `services`: what is served, and which methods are slow. `introspection`: the service that tells of the others.
//! - `engine`: what all workers share. `link`: one connection; `links`: all of them. `seat`: one worker, as others see it.
//! - `worker`, `pool`: a thread's life. `poll`, `ready` and `set`, or `own`: who reads whom. `serve`: one read and its
//!   calls. `call`: one call and its answer. `standby`: the hand-over. `job`: a call on a thread of its own.
//! - `stop`, `signals`: the end.
//!
//! Architecture invariant: a worker never blocks in a write, and no lock is held while a handler runs.
mod back;
mod call;
mod dialogue;
mod engine;
mod home;
mod introspection;
mod job;
mod link;
mod links;
mod own;
#[cfg(target_os = "linux")]
mod poll;
mod pool;
#[cfg(target_os = "linux")]
mod ready;
mod seat;
mod serve;
mod services;
#[cfg(target_os = "linux")]
mod set;
#[cfg_attr(not(unix), path = "no_signals.rs")]
mod signals;
mod standby;
mod stop;
#[cfg(all(test, target_os = "linux"))]
mod system_calls;
mod worker;

pub use introspection::{Description, Introspection, IntrospectionClient, IntrospectionHandler, IntrospectionReply};

pub(crate) use home::Home;

use crate::net::{Address, ListenOptions, Listener};
use crate::{Error, Handler, Limits};
use engine::{Driver, Engine};
use seat::Order;
use services::Services;
use signals::{StopRequest, StopSignal};
use std::sync::Arc;

/// A server that does not listen yet: its services, and what it lets callers do.
///
/// ```no_run
/// # use rpc_core::{Context, Server, Service};
/// # #[derive(Service)]
/// # enum Clock {
/// #     /// Seconds since the start.
/// #     #[rpc(returns = u64)]
/// #     Uptime,
/// # }
/// # struct Started(std::time::Instant);
/// # impl ClockHandler for Started {
/// #     fn uptime(&self, _cx: &Context) -> u64 {
/// #         self.0.elapsed().as_secs()
/// #     }
/// # }
/// Server::new(Clock::serve(Started(std::time::Instant::now()))).listen("clock")?.run()?;
/// # Ok::<(), rpc_core::Error>(())
/// ```
pub struct Server {
    handlers: Vec<Arc<dyn Handler>>,
    limits: Limits,
    threads: bool,
}

impl Server {
    /// With one service: `Kv::serve(handler)`.
    pub fn new(handler: impl Handler) -> Self {
        Self { handlers: vec![Arc::new(handler)], limits: Limits::default(), threads: false }
    }

    /// One service more. Two of one name are an error when the server is to listen.
    #[expect(clippy::should_implement_trait, reason = "a server is no number; `with` would say less")]
    pub fn add(mut self, handler: impl Handler) -> Self {
        self.handlers.push(Arc::new(handler));
        self
    }

    /// What callers may ask for at most.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A thread for each connection, as on systems without epoll: for tests of that driver.
    #[doc(hidden)]
    pub fn thread_per_connection(mut self) -> Self {
        self.threads = true;
        self
    }

    /// Listens, and serves from now on, in threads of its own.
    ///
    /// # Errors
    /// [`Error::Address`] and [`Error::Listen`] for the address: another server that lives there is one, and is left alone.
    /// [`Error::DuplicateService`] for two services of one name.
    /// [`Error::System`] when there are no descriptors or threads to be had.
    pub fn listen(self, address: &str) -> Result<Listening, Error> {
        let address: Address = address.parse()?;
        let listener = Listener::bind(&address, &ListenOptions::default())?;
        let services = Services::new(self.handlers, self.limits)?;
        let driver = match self.threads {
            true => Driver::Threads,
            false => engine::driver().map_err(|error| Error::system("making a set of connections", &error))?,
        };
        let signal = StopSignal::new()?;
        let engine = Arc::new(Engine::new(services, driver));
        let mut listening = Listening { engine, signal, addresses: Vec::new(), running: true };
        listening.engine.try_order(Order::Standby)?;
        #[cfg(target_os = "linux")]
        if let Driver::Set(_) = listening.engine.driver {
            listening.engine.try_order(Order::Poll)?;
        }
        listening.add(listener)?;
        Ok(listening)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.handlers.iter().map(|handler| handler.service().name())).finish()
    }
}

/// A server that serves. Dropping it stops it, as [`stop`](Listening::stop) does.
#[must_use = "dropping a server stops it; `run` it"]
pub struct Listening {
    engine: Arc<Engine>,
    signal: StopSignal,
    addresses: Vec<Address>,
    running: bool,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Calls that were still running when their time was over ([`Limits::drain_time_max`]). Their callers were told that
    /// the connection ended.
    pub cut: usize,
}

impl Listening {
    /// Listens at one address more, with the same services.
    ///
    /// # Errors
    /// Those of [`Server::listen`].
    pub fn and_listen(mut self, address: &str) -> Result<Self, Error> {
        let address: Address = address.parse()?;
        self.add(Listener::bind(&address, &ListenOptions::default())?)?;
        Ok(self)
    }

    /// Where it listens, in the order in which it was asked to; a TCP port that was 0 is the one that the system gave.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// What stops it from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.signal.request())
    }

    /// From now on SIGTERM and SIGINT are requests to stop, which [`run`](Listening::run) follows at once. Call it before
    /// telling anybody that the server is there: a signal that comes before `run` would else end the process unclean.
    ///
    /// ```no_run
    /// # fn example(server: rpc_core::Server) -> Result<(), rpc_core::Error> {
    /// let server = server.listen("tcp:127.0.0.1:0")?.catch_signals()?;
    /// println!("listening on {}", server.addresses()[0]);
    /// server.run()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::System`] when signals cannot be caught.
    pub fn catch_signals(mut self) -> Result<Self, Error> {
        self.signal.catch()?;
        Ok(self)
    }

    /// Serves until SIGTERM, SIGINT, or a [`Stopper`]; then stops as [`stop`](Listening::stop) does. A second signal takes
    /// its default action: it ends the process.
    ///
    /// On Windows there is the stopper alone.
    ///
    /// # Errors
    /// [`Error::System`] when signals cannot be caught.
    pub fn run(mut self) -> Result<Drained, Error> {
        self.signal.wait()?;
        Ok(self.stop())
    }

    /// Stops: takes no more connections and calls, tells the clients, waits for the calls in flight
    /// ([`Limits::drain_time_max`] at most), closes, and joins its threads.
    pub fn stop(mut self) -> Drained {
        self.running = false;
        Drained { cut: self.engine.stop() }
    }

    /// How many threads it has now: for tests and curiosity.
    pub fn threads(&self) -> usize {
        self.engine.threads()
    }

    fn add(&mut self, listener: Listener) -> Result<(), Error> {
        self.addresses.push(listener.address().clone());
        self.engine.listen(listener)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if self.running {
            self.engine.stop();
        }
    }
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// Stops a server that another thread runs.
#[derive(Debug, Clone)]
pub struct Stopper(StopRequest);

impl Stopper {
    /// Ends [`Listening::run`]. Returns at once.
    pub fn stop(&self) {
        self.0.stop();
    }
}
