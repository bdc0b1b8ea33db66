//! The serving side: any number of services on any number of addresses, with a few threads.
//!
//! One worker has the *poll role*, or a few where calls compute: it reads whoever is ready, runs short handlers on its own thread, writes, and waits
//! again. A *standby* looks after it, and takes over when a handler is slow; a method that was found slow gets a thread of
//! its own from then on. So a lone call costs no hand-over, and a slow call never holds up the calls behind it.
//!
//! - `services`: what is served, and which methods are slow. `counts`: what each has done.
//! - `introspection`: the service that tells of the others. `view` and `stats`: how the server is doing.
//! - `admission`: who may connect.
//! - `engine`: what all workers share. `link`: one connection; `links`: all of them. `seat`: one worker, as others see it.
//! - `worker`, `pool`: a thread's life. `poll`, `ready` and `set`, or `own`: who reads whom. `serve`: one read and its
//!   calls. `steal`: whose the rest of those is. `sync`: what loom replaces. `call`: one call and its answer. `standby`: the
//!   hand-over. `job`: a call on a thread of its own.
//! - `users`, `greetings`, `stalls`, `accept`: limits on peers, and what happens beyond them; `incidents` counts that.
//! - `entrances`: listening sockets, and what is looked after while they are open.
//! - `stop`, `drained`, `signals`: the end. `stopper`: whoever asks for it, or passes the sockets on before.
//!
//! Architecture invariant: a worker never blocks in a write, and no lock is held while a handler runs.
#[cfg(target_os = "linux")]
mod accept;
mod admission;
mod back;
mod call;
mod counts;
mod dialogue;
mod drained;
mod engine;
mod entrances;
mod greetings;
mod home;
mod incidents;
mod introspection;
mod job;
mod link;
mod links;
mod own;
#[cfg(all(test, target_os = "linux"))]
mod pitfalls;
#[cfg(target_os = "linux")]
mod poll;
mod pool;
#[cfg(target_os = "linux")]
mod ready;
mod recent;
mod seat;
mod serve;
mod services;
#[cfg(target_os = "linux")]
mod set;
#[cfg_attr(not(unix), path = "no_signals.rs")]
mod signals;
mod stalls;
mod standby;
mod stats;
mod steal;
mod stop;
mod stopper;
mod sync;
#[cfg(all(test, target_os = "linux"))]
mod system_calls;
mod users;
mod view;
mod worker;

pub use drained::Drained;
pub use incidents::Incidents;
pub use introspection::{Description, Introspection, IntrospectionClient, IntrospectionHandler, IntrospectionReply};
pub use stats::{ConnectionStats, MethodStats, RunningCall, ServerState, Stats};

pub use stopper::Stopper;

pub(crate) use home::Home;

#[cfg(unix)]
use crate::net::Sockets;
use crate::net::{Address, Entrance, ListenOptions};
use crate::{Error, Handler, Limits};
use admission::Admission;
use engine::{Driver, Engine};
use seat::Order;
use services::Services;
use signals::StopSignal;
use std::sync::Arc;
#[cfg(unix)]
use std::time::Duration;

/// How often a server looks whether its socket files are still there. A look is one system call a file.
#[cfg(unix)]
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The permission bits of a mode, see inode(7).
const MODE_BITS: u32 = 0o777;

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
    admission: Admission,
    /// Of a socket file, if it is not what the callers make of it.
    mode: Option<u32>,
    backlog: Option<i32>,
    introspected: bool,
    threads: bool,
}

impl Server {
    /// With one service: `Kv::serve(handler)`.
    pub fn new(handler: impl Handler) -> Self {
        Self {
            handlers: vec![Arc::new(handler)],
            limits: Limits::default(),
            admission: Admission::default(),
            mode: None,
            backlog: None,
            introspected: true,
            threads: false,
        }
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

    /// The permission bits of its socket files, exactly these whatever the umask; 0600 by default. Who may write may connect;
    /// whether such a caller is served is another question. Without meaning for other kinds of sockets.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode & MODE_BITS);
        self
    }

    /// How many connections may wait to be accepted; 4096 by default. The system may lower it (`net.core.somaxconn`).
    /// Whoever connects beyond it waits.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = Some(i32::try_from(connections).unwrap_or(i32::MAX));
        self
    }

    /// Does without the service [`Introspection`], which tells whoever may connect what is served, what each method has
    /// done, and who calls. `rpc-cli` can then only `ping` and `wait`; clients with the same service need none of it.
    pub fn without_introspection(mut self) -> Self {
        self.introspected = false;
        self
    }

    /// A thread for each connection, as on systems without epoll: for tests of that driver.
    #[doc(hidden)]
    pub fn thread_per_connection(mut self) -> Self {
        self.threads = true;
        self
    }

    /// Listens, and serves from now on, in threads of its own. See [`Address`] for what can be written.
    ///
    /// # Errors
    /// [`Error::Address`] and [`Error::Listen`] for the address: another server that lives there is one, and is left alone.
    /// [`Error::DuplicateService`] for two services of one name.
    /// [`Error::System`] when there are no descriptors or threads to be had, or a group cannot be looked up.
    pub fn listen(self, address: &str) -> Result<Listening, Error> {
        let address: Address = address.parse()?;
        let admission = self.admission.ready()?;
        let mut options = admission.listen_options();
        options.mode = self.mode.unwrap_or(options.mode);
        options.backlog = self.backlog.unwrap_or(options.backlog);
        let entrance = Entrance::open(&address, &options)?;
        let services = Services::new(self.handlers, self.introspected, self.limits)?;
        let driver = match self.threads {
            true => Driver::Threads,
            false => engine::driver().map_err(|error| Error::system("making a set of connections", &error))?,
        };
        let signal = StopSignal::new()?;
        let engine = Engine::new(services, admission, driver);
        let mut listening = Listening { engine, signal, options, addresses: Vec::new(), running: true };
        listening.engine.try_order(Order::Standby)?;
        #[cfg(target_os = "linux")]
        if let Driver::Set(_) = listening.engine.driver {
            listening.engine.try_order(Order::Poll)?;
        }
        listening.add(entrance)?;
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
    options: ListenOptions,
    addresses: Vec<Address>,
    running: bool,
}

impl Listening {
    /// Listens at one address more, with the same services.
    ///
    /// # Errors
    /// Those of [`Server::listen`].
    pub fn and_listen(mut self, address: &str) -> Result<Self, Error> {
        let address: Address = address.parse()?;
        self.add(Entrance::open(&address, &self.options)?)?;
        Ok(self)
    }

    /// Where it listens, in the order in which it was asked to; a TCP port that was 0 is the one that the system gave.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// What stops it from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper::new(self.signal.request(), &self.engine)
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
    /// Meanwhile it looks after its socket files, once a second. One that was deleted is made anew, and nothing else happens.
    /// A server whose file was replaced by something else stops: no client would find it any more.
    ///
    /// A server that listens nowhere, because it was passed nothing but a connected socket, ends with that connection.
    ///
    /// # Errors
    /// [`Error::System`] when signals cannot be caught. [`Error::Listen`] when a socket file was replaced, or cannot be
    /// made anew; the server has stopped then, as [`stop`](Listening::stop) does.
    pub fn run(mut self) -> Result<Drained, Error> {
        self.signal.catch()?;
        let served = self.wait();
        let drained = self.stop();
        served.map(|()| drained)
    }

    #[cfg(unix)]
    fn wait(&mut self) -> Result<(), Error> {
        let mut said = false;
        loop {
            let pause = self.engine.has_files().then_some(LOOK_PAUSE);
            if self.signal.wait(pause)? {
                return Ok(());
            }
            match self.engine.look_after_files() {
                Ok(()) => said = false,
                // Whoever is connected is served all the same.
                Err(Error::Listen(error)) if error.may_pass() => {
                    if !std::mem::replace(&mut said, true) {
                        eprintln!("rpc: a deleted socket file cannot be made anew yet: {error}");
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    #[cfg(not(unix))]
    fn wait(&mut self) -> Result<(), Error> {
        self.signal.wait()
    }

    /// Stops: takes no more connections and calls, tells the clients, waits for the calls in flight
    /// ([`Limits::drain_time_max`] at most), closes, and joins its threads.
    pub fn stop(mut self) -> Drained {
        self.running = false;
        self.engine.stop()
    }

    /// Stops, and gives back the listening sockets: clients can still connect, and wait there for whoever is given the
    /// sockets next.
    #[cfg(unix)]
    pub fn stop_keeping_sockets(self) -> (Drained, Sockets) {
        let sockets = Sockets::of(self.engine.all_listeners());
        (self.stop(), sockets)
    }

    /// How often limits have struck since the start.
    pub fn incidents(&self) -> Incidents {
        self.engine.incidents.so_far()
    }

    /// How it is doing: what [`Introspection`] tells others.
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// How many threads it has now: for tests and curiosity.
    pub fn threads(&self) -> usize {
        self.engine.threads()
    }

    fn add(&mut self, entrance: Entrance) -> Result<(), Error> {
        self.addresses.push(entrance.address().clone());
        match entrance {
            Entrance::Listener(listener) => self.engine.listen(listener),
            Entrance::Connection(stream, _) => {
                self.engine.receive_alone(stream, self.signal.request());
                Ok(())
            }
        }
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
