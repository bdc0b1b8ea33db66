//! The servers of the registry: who is there, and what each says of itself.
use crate::connect::{Server, dial};
use crate::failure::without_outcome;
use crate::table::Table;
use rpc_core::schema::{Fingerprint, ServiceSchema, escaped};
use rpc_core::{Address, ConnectProblem, Error, Introspection, Refusal, Service};
use serde::{Serialize, Serializer};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many servers are asked at a time. A thread that waits costs little, and so many frozen servers nobody has.
const THREADS_MAX: usize = 256;

/// The most signs of a cell: a server may call its services what it likes.
const CELL_CHARS_MAX: usize = 64;

/// One socket of the registry.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    name: String,
    state: State,
    pid: Option<u32>,
    uid: Option<u32>,
    /// Unless it has not told.
    services: Option<Vec<Offered>>,
    schema: Option<Hex>,
    socket: String,
    /// Why it is not up.
    problem: Option<String>,
}

/// A service that a server offers.
#[derive(Debug, Serialize)]
struct Offered {
    name: String,
    fingerprint: Hex,
}

/// A fingerprint; in JSON as its 16 digits, because many readers of JSON would round it.
#[derive(Debug, Clone, Copy)]
struct Hex(Fingerprint);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// What became of asking a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It answers.
    Up,
    /// Nobody listens: its server has ended.
    Stale,
    /// This user may not connect, or the server takes nobody now.
    Refused,
    /// It does not answer in time.
    Silent,
    /// It is no rpc server.
    Foreign,
    /// It speaks another version of the protocol.
    Version,
    /// It is an rpc server, and fails; or asking it failed here.
    Broken,
}

impl State {
    /// Of a server to which there is no connection.
    fn unconnected(error: &Error) -> Self {
        match error {
            Error::Connect(error) => match error.problem {
                ConnectProblem::Refused => Self::Stale,
                ConnectProblem::Denied => Self::Refused,
                ConnectProblem::TimedOut => Self::Silent,
                ConnectProblem::NotASocket => Self::Foreign,
                _ => Self::Broken,
            },
            Error::RefusedConnection { why: Refusal::Version { .. }, .. } => Self::Version,
            Error::RefusedConnection { .. } => Self::Refused,
            Error::Deadline { .. } => Self::Silent,
            Error::Foreign { .. } | Error::Disconnected { .. } => Self::Foreign,
            _ => Self::Broken,
        }
    }

    /// Of one that has greeted, and then does not tell what it serves.
    fn untold(error: &Error) -> Self {
        match error {
            Error::Deadline { .. } => Self::Silent,
            _ => Self::Broken,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Silent => "silent",
            Self::Foreign => "foreign",
            Self::Version => "version",
            Self::Broken => "broken",
        }
    }
}

/// Asks all of them, many at a time, so that one which is frozen holds up nobody. Sorted by name.
pub(crate) fn ask(addresses: &[Address], time_max: Duration) -> Vec<Entry> {
    let (next, entries) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(address) = addresses.get(next.fetch_add(1, Ordering::Relaxed)) {
            let entry = Entry::ask(address, time_max);
            entries.lock().unwrap_or_else(PoisonError::into_inner).extend(entry);
        }
    };
    thread::scope(|scope| {
        for _ in 1..addresses.len().min(THREADS_MAX) {
            // Without that thread it only takes longer.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut entries = entries.into_inner().unwrap_or_else(PoisonError::into_inner);
    entries.sort_by(|a: &Entry, b| a.name.cmp(&b.name));
    entries
}

/// One row a server.
pub(crate) fn table(entries: &[Entry]) -> String {
    let mut table = Table::new(&["NAME", "STATE", "PID", "UID", "SERVICES", "SCHEMA", "SOCKET"]);
    for entry in entries {
        let number = |number: Option<u32>| number.map_or_else(unknown, |number| number.to_string());
        table.row(vec![
            entry.name.clone(),
            entry.state.word().to_owned(),
            number(entry.pid),
            number(entry.uid),
            entry.services.as_deref().map_or_else(unknown, names),
            entry.schema.map_or_else(unknown, |schema| schema.0.short()),
            escaped(&entry.socket),
        ]);
    }
    table.to_string()
}

/// What stands where nothing is known.
fn unknown() -> String {
    "-".to_owned()
}

/// The names of services, as one harmless cell that is not too long.
fn names(services: &[Offered]) -> String {
    let all = services.iter().map(|service| escaped(&service.name)).collect::<Vec<_>>().join(", ");
    match all.char_indices().nth(CELL_CHARS_MAX) {
        None if all.is_empty() => unknown(),
        None => all,
        Some((cut, _)) => format!("{}…", all.get(..cut).unwrap_or_default()),
    }
}

impl Entry {
    /// Asks one server; none if its socket has gone meanwhile.
    fn ask(address: &Address, time_max: Duration) -> Option<Self> {
        let start = Instant::now();
        let connection = match dial(&address.to_string(), Some(Introspection::INFO), time_max) {
            Ok(connection) => connection,
            Err(no_connection) if no_connection.is_missing() => return None,
            Err(no_connection) => {
                let state = State::unconnected(&no_connection.error);
                return Some(Self::new(address, state, Some(no_connection.to_string())));
            }
        };
        let peer = connection.peer().unwrap_or_default();
        let mut entry = match Server::ask(connection, time_max.saturating_sub(start.elapsed())) {
            Ok(server) => Self::of(address, &server),
            Err(error) => Self::new(address, State::untold(&error), Some(without_outcome(&error))),
        };
        (entry.pid, entry.uid) = (entry.pid.or(peer.pid), peer.uid.or(entry.uid));
        Some(entry)
    }

    fn new(address: &Address, state: State, problem: Option<String>) -> Self {
        let socket = address.socket_file().unwrap_or_default();
        Self {
            name: address.to_string(),
            state,
            pid: None,
            uid: owner(&socket),
            services: None,
            schema: None,
            socket: socket.display().to_string(),
            problem,
        }
    }

    fn of(address: &Address, server: &Server) -> Self {
        let offered =
            |service: &ServiceSchema| Offered { name: service.name.clone(), fingerprint: Hex(service.fingerprint()) };
        Self {
            pid: Some(server.pid),
            schema: fingerprint_of_all(&server.services).map(Hex),
            services: Some(server.services.iter().map(offered).collect()),
            ..Self::new(address, State::Up, None)
        }
    }

    /// Why it is not up.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.problem.as_ref().map(|problem| format!("{}: {problem}", self.name))
    }
}

/// Two servers with the same services have the same one, in whatever order they added them, and a lone service keeps its
/// own: all fingerprints, added up around 2^64.
fn fingerprint_of_all(services: &[ServiceSchema]) -> Option<Fingerprint> {
    services.iter().map(|service| service.fingerprint().0).reduce(u64::wrapping_add).map(Fingerprint)
}

/// Whose a socket file is.
#[cfg(unix)]
fn owner(socket: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    std::fs::symlink_metadata(socket).ok().map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
fn owner(_socket: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_server_without_services_in_an_odd_place() {
        let address = "kv".parse().unwrap();
        let entry = Entry {
            services: Some(Vec::new()),
            socket: "/a\u{1b}b".to_owned(),
            ..Entry::new(&address, State::Up, None)
        };
        let table = table(&[entry]);
        let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!((row[1], row[4], row[6]), ("up", "-", "/a\\u{1b}b"), "{table}");
    }
}
