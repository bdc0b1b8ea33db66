//! From an address to a server: a connection, and the services that it tells.
use crate::completions::cache;
use crate::failure::Failure;
use crate::no_connection::NoConnection;
use crate::trust::Trust;
use rpc_core::{
    Client, Connect, Connection, Dynamic, Error, Introspection, Opening, Outcome, Service, ServiceInfo,
    schema::ServiceSchema,
};
use std::{
    env,
    time::{Duration, Instant},
};

/// How long connecting and asking what is served may take: round trips that no handler of the program delays.
pub(crate) const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// More of a name that breaks the rules is not shown.
const NAME_CHARS_MAX: usize = 64;

/// A server that has told what it serves.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) connection: Connection,
    pub(crate) services: Vec<ServiceSchema>,
    /// The process that serves, as it says itself.
    pub(crate) pid: u32,
    /// How long it took to connect; always there over a socket.
    pub(crate) opening: Option<Opening>,
    /// How long it took to ask what is served.
    pub(crate) asking: Duration,
    /// How long each step on the way to a call may take.
    time_max: Duration,
}

/// A service that can be called.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) service: Dynamic,
    /// How long it took to open it.
    pub(crate) time: Duration,
}

/// Connects to `address`, and asks what is served there. Both together take no longer than 5 s, or than the call itself may.
pub(crate) fn connect(address: &str, trust: &Trust, call_time_max: Option<Duration>) -> Result<Server, Failure> {
    let time_max = CONNECT_TIME_MAX.min(call_time_max.unwrap_or(CONNECT_TIME_MAX));
    let address = written_out(address)?;
    let start = Instant::now();
    let connection = dial(&address, trust, Some(Introspection::INFO), time_max)?;
    let asked = |error| Failure::Uncalled {
        asked: format!("asking {address} what it serves"),
        error: of_all_steps(error, time_max),
    };
    let server = Server::ask(connection, time_max.saturating_sub(start.elapsed())).map_err(asked)?;
    cache::remember(&address, &server.services);
    Ok(server)
}

/// Connects to `address`, which is written out, and opens `service` on the way.
pub(crate) fn dial(
    address: &str,
    trust: &Trust,
    service: Option<&'static ServiceInfo>,
    time_max: Duration,
) -> Result<Connection, NoConnection> {
    let connected = trust.connect(address).and_then(|connect| {
        let connect = connect.timeout(time_max);
        service.into_iter().fold(connect, Connect::service).connect()
    });
    connected.map_err(|error| NoConnection { address: address.to_owned(), error })
}

impl Server {
    /// Asks what is served over `connection`.
    pub(crate) fn ask(connection: Connection, time_max: Duration) -> Result<Self, Error> {
        let start = Instant::now();
        let description = Introspection::client(connection.clone()).timeout(time_max).describe()?;
        description.services.iter().try_for_each(check)?;
        Ok(Self {
            opening: connection.opening(),
            asking: start.elapsed(),
            pid: description.pid,
            services: description.services,
            connection,
            time_max,
        })
    }

    /// Opens a service: its methods can then be called.
    pub(crate) fn open(&self, service: &ServiceSchema) -> Result<Opened, Failure> {
        let start = Instant::now();
        let failed = |error| Failure::Uncalled { asked: format!("opening {}", service.name), error };
        let service = self.connection.dynamic(service, Some(self.time_max)).map_err(failed)?;
        Ok(Opened { service, time: start.elapsed() })
    }
}

/// Nobody knows of the time that was left for the last of the steps.
fn of_all_steps(error: Error, allowed: Duration) -> Error {
    match error {
        Error::Deadline { method, outcome, .. } => Error::Deadline { method, allowed, outcome },
        other => other,
    }
}

/// Whether an address is no place that one can look at again: it takes a descriptor, once, or starts a command.
pub(crate) fn is_for_once(address: &str) -> bool {
    ["fd:", "exec:"].iter().any(|kind| address.starts_with(kind))
}

/// The address itself, where `:` stands for it.
pub(crate) fn written_out(address: &str) -> Result<String, Failure> {
    if address != ":" {
        return Ok(address.to_owned());
    }
    match env::var("RPC_ADDR") {
        Ok(address) if address.is_empty() => Err(Failure::NoAddress("empty")),
        Ok(address) if address == ":" => Err(Failure::NoAddress("`:` itself")),
        Ok(address) => Ok(address),
        Err(env::VarError::NotPresent) => Err(Failure::NoAddress("not set")),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::NoAddress("not valid UTF-8")),
    }
}

/// Calls rely on a schema that holds together.
fn check(service: &ServiceSchema) -> Result<(), Error> {
    // The name may be what is wrong with it.
    let name = || service.name.chars().take(NAME_CHARS_MAX).collect::<String>();
    service.check().map_err(|fault| Error::Protocol {
        problem: format!("its schema of {}: {fault}", name()),
        outcome: Outcome::NotSent,
    })
}
