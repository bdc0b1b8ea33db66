//! What a server tells, as a program reads it: flat, and no number that readers of JSON round.
use rpc_core::{Incidents, MethodStats, RunningCall, ServerState, Stats};
use serde::Serialize;
use std::time::Duration;

/// All of it. Times are in nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Figures<'a> {
    pid: u32,
    /// 16 digits.
    instance: String,
    uptime_ns: u64,
    state: &'static str,
    threads: u32,
    connections: Connections,
    incidents: Struck,
    refused: u64,
    methods: Vec<Method<'a>>,
    running: Vec<Running<'a>>,
    running_total: u64,
}

#[derive(Debug, Serialize)]
struct Connections {
    open: u64,
    opened: u64,
    refused: u64,
}

/// How often each limit has.
#[derive(Debug, Serialize)]
struct Struck {
    refused: u64,
    handshakes: u64,
    stalled: u64,
    slow_readers: u64,
    abusive: u64,
    accept_failures: u64,
}

#[derive(Debug, Serialize)]
struct Method<'a> {
    service: &'a str,
    method: &'a str,
    calls: u64,
    refused: u64,
    failed: u64,
    cancelled: u64,
    items_in: u64,
    items_out: u64,
    bytes_in: u64,
    bytes_out: u64,
    time_total_ns: u64,
    time_max_ns: u64,
    times: &'a [u64],
}

#[derive(Debug, Serialize)]
struct Running<'a> {
    id: u32,
    service: &'a str,
    method: &'a str,
    age_ns: u64,
    uid: Option<u32>,
    pid: Option<u32>,
}

impl<'a> Figures<'a> {
    pub(super) fn of(stats: &'a Stats) -> Self {
        let connections = stats.connections;
        Self {
            pid: stats.pid,
            instance: format!("{:016x}", stats.instance),
            uptime_ns: ns(stats.uptime),
            state: word(stats.state),
            threads: stats.threads,
            connections: Connections {
                open: connections.open,
                opened: connections.opened,
                refused: connections.refused,
            },
            incidents: Struck::of(stats.incidents),
            refused: stats.refused,
            methods: stats.methods.iter().map(Method::of).collect(),
            running: stats.running.iter().map(Running::of).collect(),
            running_total: stats.running_total,
        }
    }
}

impl Struck {
    fn of(incidents: Incidents) -> Self {
        Self {
            refused: incidents.refused,
            handshakes: incidents.handshakes,
            stalled: incidents.stalled,
            slow_readers: incidents.slow_readers,
            abusive: incidents.abusive,
            accept_failures: incidents.accept_failures,
        }
    }
}

impl<'a> Method<'a> {
    fn of(method: &'a MethodStats) -> Self {
        Self {
            service: &method.service,
            method: &method.method,
            calls: method.calls,
            refused: method.refused,
            failed: method.failed,
            cancelled: method.cancelled,
            items_in: method.items_in,
            items_out: method.items_out,
            bytes_in: method.bytes_in,
            bytes_out: method.bytes_out,
            time_total_ns: ns(method.time_total),
            time_max_ns: ns(method.time_max),
            times: &method.times,
        }
    }
}

impl<'a> Running<'a> {
    fn of(call: &'a RunningCall) -> Self {
        Self {
            id: call.id,
            service: &call.service,
            method: &call.method,
            age_ns: ns(call.age),
            uid: call.uid,
            pid: call.pid,
        }
    }
}

/// How a state is called.
pub(super) fn word(state: ServerState) -> &'static str {
    match state {
        ServerState::Serving => "serving",
        ServerState::Stopping => "stopping",
        _ => "unknown",
    }
}

/// 64 bits are 584 years.
fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
