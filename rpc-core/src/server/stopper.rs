//! Whoever stops a server from outside, or lets a successor have its sockets first.
use super::engine::Engine;
use super::signals::StopRequest;
#[cfg(unix)]
use crate::Error;
#[cfg(unix)]
use crate::net::{self, Address, Listener};
use std::sync::Arc;
#[cfg(unix)]
use std::{process::Command, sync::Weak};

/// Stops a server that another thread runs, or lets a new process take its place. From
/// [`Listening::stopper`](crate::Listening::stopper). Clones stop the same server; when that has ended, nothing is stopped.
///
/// ```
/// # use rpc_core::{Context, Server, Service};
/// # #[derive(Service)]
/// # enum Clock {
/// #     #[rpc(returns = u64)]
/// #     Now,
/// # }
/// # struct Fixed;
/// # impl ClockHandler for Fixed {
/// #     fn now(&self, _cx: &Context) -> u64 {
/// #         7
/// #     }
/// # }
/// let server = Server::new(Clock::serve(Fixed)).listen("tcp:127.0.0.1:0")?;
/// let stopper = server.stopper();
/// // Such as a handler, or whoever waits for a configuration to change.
/// std::thread::spawn(move || stopper.stop());
/// assert_eq!(server.run()?.cut, 0);
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Stopper {
    request: StopRequest,
    #[cfg(unix)]
    engine: Weak<Engine>,
}

impl Stopper {
    /// For a server.
    pub(super) fn new(request: StopRequest, engine: &Arc<Engine>) -> Self {
        #[cfg(not(unix))]
        let _ = engine;
        Self {
            request,
            #[cfg(unix)]
            engine: Arc::downgrade(engine),
        }
    }

    /// Ends [`Listening::run`](crate::Listening::run), as SIGTERM does: calls in flight are finished, for
    /// [`Limits::drain_time_max`](crate::Limits::drain_time_max) at most. Returns at once.
    pub fn stop(&self) {
        self.request.stop();
    }
}

#[cfg(unix)]
impl Stopper {
    /// Lets the processes that `command` starts have the server's listening sockets, and gives the addresses at which they
    /// serve them, in the order of [`Listening::addresses`](crate::Listening::addresses). Server and successor accept side by side, until
    /// [`stop_for_successor`](Stopper::stop_for_successor): so no client finds nobody, and a successor that fails to start
    /// changes nothing.
    ///
    /// ```no_run
    /// # use rpc_core::Stopper;
    /// # use std::process::Command;
    /// /// Replaces this server by a new process of its program.
    /// fn replace(server: &Stopper) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut successor = Command::new(std::env::current_exe()?);
    ///     for address in server.pass_to(&mut successor)? {
    ///         successor.arg(address.to_string()); // such as `fd:5=/run/user/1000/rpc/kv.sock`
    ///     }
    ///     successor.spawn()?;
    ///     // Better: not before it tells that it serves.
    ///     server.stop_for_successor();
    ///     Ok(())
    /// }
    /// ```
    ///
    /// The command keeps copies of the sockets: drop it before the server stops.
    ///
    /// # Errors
    /// [`Error::Listen`] if a socket file has been deleted or replaced, its path is no UTF-8 text, or there are no
    /// descriptors. [`Error::System`] if the server has stopped.
    pub fn pass_to(&self, command: &mut Command) -> Result<Vec<Address>, Error> {
        let listeners = self.listeners();
        if listeners.is_empty() {
            let nothing = std::io::Error::other("the server has stopped, or was passed a connection alone");
            return Err(Error::system("passing listening sockets to a successor", &nothing));
        }
        net::pass(&listeners, command)
    }

    /// Ends [`Listening::run`](crate::Listening::run), and leaves the socket files to the successor, which serves already.
    pub fn stop_for_successor(&self) {
        self.listeners().iter().for_each(|listener| listener.leave());
        self.stop();
    }

    fn listeners(&self) -> Vec<Arc<Listener>> {
        self.engine.upgrade().map(|engine| engine.all_listeners()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Stopper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stopper")
    }
}
