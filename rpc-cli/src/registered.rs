//! The servers of the registry: who is there, and what each says of itself.
use crate::connect::{Server, dial};
use crate::failure::without_outcome;
use crate::style::columns;
use crate::table::Table;
use crate::trust::Trust;
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

/// How long the kernel may take to connect to somebody who does not accept: no time at all, or for ever if too many wait.
const LISTENER_TIME_MAX: Duration = Duration::from_millis(100);

/// The most signs of a cell: a server may call its services what it likes.
const CELL_CHARS_MAX: usize = 64;

/// On a narrow terminal: enough to tell servers apart, and as wide as the column's head.
const CELL_CHARS_MIN: usize = 12;

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
    /// Why nothing more is known.
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
    /// It answers; what it serves is unknown if it does without Introspection.
    Up,
    /// Nobody listens: its server has ended.
    Stale,
    /// This user may not connect, or the server takes nobody now.
    Refused,
    /// Somebody listens, and does not even greet: its process is stopped, stuck, or has too much to do.
    Frozen,
    /// It greets, and does not answer in time.
    Silent,
    /// It finishes its calls, and takes no more.
    Stopping,
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
                ConnectProblem::TimedOut => Self::Frozen,
                ConnectProblem::NotASocket => Self::Foreign,
                _ => Self::Broken,
            },
            // It greets, and does without Introspection.
            Error::UnknownService { .. } => Self::Up,
            Error::RefusedConnection { why: Refusal::Version { .. }, .. } => Self::Version,
            Error::RefusedConnection { why: Refusal::ShuttingDown, .. } => Self::Stopping,
            Error::RefusedConnection { .. } => Self::Refused,
            Error::Deadline { .. } => Self::Frozen,
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
            Self::Frozen => "frozen",
            Self::Silent => "silent",
            Self::Stopping => "stopping",
            Self::Foreign => "foreign",
            Self::Version => "version",
            Self::Broken => "broken",
        }
    }
}

/// Asks all of them, many at a time, so that one which is frozen holds up nobody. Sorted by name.
pub(crate) fn ask(addresses: &[Address], trust: &Trust, time_max: Duration) -> Vec<Entry> {
    let (next, entries) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(address) = addresses.get(next.fetch_add(1, Ordering::Relaxed)) {
            let entry = Entry::ask(address, trust, time_max);
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

/// One row a server. On a terminal of so many columns the names of services are cut, as far as rows fit by that.
pub(crate) fn table(entries: &[Entry], width: Option<usize>) -> String {
    let table = |chars_max| table_with(entries, chars_max).to_string();
    let whole = table(CELL_CHARS_MAX);
    let row_width = whole.lines().map(columns).max().unwrap_or_default();
    let longest = entries.iter().filter_map(|entry| Some(columns(&names(entry.services.as_deref()?, CELL_CHARS_MAX))));
    match (longest.max(), width.and_then(|width| row_width.checked_sub(width))) {
        (Some(longest), Some(over @ 1..)) => table(longest.saturating_sub(over + 1).max(CELL_CHARS_MIN)),
        _ => whole,
    }
}

/// With so many signs of the names of services.
fn table_with(entries: &[Entry], chars_max: usize) -> Table {
    let mut table = Table::new(&["NAME", "STATE", "PID", "UID", "SERVICES", "SCHEMA", "SOCKET"]);
    for entry in entries {
        let number = |number: Option<u32>| number.map_or_else(unknown, |number| number.to_string());
        table.row(vec![
            entry.name.clone(),
            entry.state.word().to_owned(),
            number(entry.pid),
            number(entry.uid),
            entry.services.as_deref().map_or_else(unknown, |services| names(services, chars_max)),
            entry.schema.map_or_else(unknown, |schema| schema.0.short()),
            escaped(&entry.socket),
        ]);
    }
    table
}

/// What stands where nothing is known.
fn unknown() -> String {
    "-".to_owned()
}

/// The names of services, as one harmless cell that is not too long.
fn names(services: &[Offered], chars_max: usize) -> String {
    let all = services.iter().map(|service| escaped(&service.name)).collect::<Vec<_>>().join(", ");
    match all.char_indices().nth(chars_max) {
        None if all.is_empty() => unknown(),
        None => all,
        Some((cut, _)) => format!("{}…", all.get(..cut).unwrap_or_default()),
    }
}

impl Entry {
    /// Asks one server; none if its socket has gone meanwhile.
    fn ask(address: &Address, trust: &Trust, time_max: Duration) -> Option<Self> {
        let start = Instant::now();
        let connection = match dial(&address.to_string(), trust, Some(Introspection::INFO), time_max) {
            Ok(connection) => connection,
            Err(no_connection) if no_connection.is_missing() => return None,
            Err(no_connection) => {
                let state = State::unconnected(&no_connection.error);
                let mut entry = Self::new(address, state, Some(no_connection.to_string()));
                if matches!(state, State::Frozen | State::Up) {
                    entry.listener(address, trust);
                }
                return Some(entry);
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

    /// Whose it is, although it does not say a word: the kernel knows.
    fn listener(&mut self, address: &Address, trust: &Trust) {
        let connect = trust.connect(&address.to_string()).map(|connect| connect.timeout(LISTENER_TIME_MAX));
        let peer = connect.and_then(|connect| connect.listener()).unwrap_or_default();
        (self.pid, self.uid) = (peer.pid, peer.uid.or(self.uid));
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

    /// Why nothing more is known.
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
        let table = table(&[entry], None);
        let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!((row[1], row[4], row[6]), ("up", "-", "/a\\u{1b}b"), "{table}");
    }

    #[test]
    fn names_of_services_make_room() {
        let offered = |name: &str| Offered { name: name.to_owned(), fingerprint: Hex(Fingerprint(1)) };
        let services = Some(["Aardvark", "Badger", "Capybara", "Dingo"].map(offered).into());
        let entry = Entry { services, socket: "/s".to_owned(), ..Entry::new(&"kv".parse().unwrap(), State::Up, None) };
        let entries = [entry];
        let whole = table(&entries, None);
        let width = whole.lines().map(columns).max().unwrap();
        assert_eq!(table(&entries, Some(width)), whole);
        let cut = table(&entries, Some(width - 5));
        assert!(
            cut.contains("Aardvark, Badger, Capybara,…  ") && cut.lines().all(|line| columns(line) <= width - 5),
            "{cut}"
        );
        assert!(table(&entries, Some(10)).contains("Aardvark, Ba…  "), "and no further");
    }
}
