//! How a server is doing, as it tells whoever asks.
use super::incidents::Incidents;
use crate::Schema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a server is doing: what [`Introspection`](crate::Introspection) tells whoever may connect, and
/// [`Listening::stats`](crate::Listening::stats) the program itself.
///
/// Counts are since the start. The service `Introspection` itself is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub struct Stats {
    /// The process that serves.
    pub pid: u32,
    /// Another number whenever the server is started anew.
    pub instance: u64,
    /// Since when it serves.
    pub uptime: Duration,
    /// Whether it takes calls.
    pub state: ServerState,
    /// Its threads: few when it is idle.
    pub threads: u32,
    /// Who is connected.
    pub connections: ConnectionStats,
    /// How often limits have struck.
    pub incidents: Incidents,
    /// Calls that were not run, and belong to no method of `methods`: of a service or a method that is not there, with a
    /// head that is cut short, or over the limit of a frame.
    pub refused: u64,
    /// What each method has done, in the order of the services and their methods.
    pub methods: Vec<MethodStats>,
    /// Calls that run now, or wait for a thread; the oldest first, 1000 at most.
    pub running: Vec<RunningCall>,
    /// How many there are in all.
    pub running_total: u64,
}

/// Whether a server takes calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum ServerState {
    /// It takes calls.
    #[default]
    Serving,
    /// It finishes those that run, and takes no more.
    Stopping,
}

/// Connections of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub struct ConnectionStats {
    /// Open now.
    pub open: u64,
    /// Taken since the start.
    pub opened: u64,
    /// Turned away: too many, not allowed, or while it stops.
    pub refused: u64,
}

/// What one method has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub struct MethodStats {
    /// The service.
    pub service: String,
    /// The method.
    pub method: String,
    /// Calls that have run and ended, however they ended.
    pub calls: u64,
    /// Calls that were not run: overloaded, not allowed, arguments that do not decode, a deadline that passed before, or
    /// they came when the server had said goodbye.
    pub refused: u64,
    /// Of those that ran: the handler panicked, made no answer, or one that is too large.
    pub failed: u64,
    /// Of those that ran: when they ended the caller had given up, had gone, or had no time left.
    pub cancelled: u64,
    /// Items that handlers have taken.
    pub items_in: u64,
    /// Items that handlers have sent.
    pub items_out: u64,
    /// Bytes of arguments and items that have come, as they are encoded.
    pub bytes_in: u64,
    /// Bytes of answers and items that went out, as they are encoded.
    pub bytes_out: u64,
    /// Time in handlers, all together. Of quick calls beyond the first 64 one in 64 is timed, and stands for the others.
    pub time_total: Duration,
    /// The longest that was timed. Whatever takes longer than about two milliseconds is.
    pub time_max: Duration,
    /// Calls by how long they took: below 1 µs, 10 µs, 100 µs, 1 ms, 10 ms, 100 ms, 1 s and 10 s, and longer.
    pub times: Vec<u64>,
}

/// A call that runs, or waits for a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub struct RunningCall {
    /// Its number on its connection.
    pub id: u32,
    /// The service.
    pub service: String,
    /// The method.
    pub method: String,
    /// Since it came.
    pub age: Duration,
    /// The caller's user, if it is known: see [`Peer`](crate::Peer).
    pub uid: Option<u32>,
    /// The caller's process, if it is known.
    pub pid: Option<u32>,
}
