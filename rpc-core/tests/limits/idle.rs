//! Connections that do nothing: what each costs the server, beyond what the system keeps for it.
use crate::common::again::{again, role, told_by, until_let_go};
use crate::common::{Way, bait::*, raw::*};
use rpc_core::{Connection, Limits};
use rustix::process::{Resource, getrlimit};
use std::time::{Duration, Instant};

const TEST: &str = "idle::idle_connections_cost_next_to_nothing";

/// How many there are, where a process may have so many descriptors, and how few still say something.
const COUNT: usize = 10_000;
const COUNT_MIN: usize = 1_000;
/// Descriptors that are for something else.
const OTHERS: usize = 200;
/// What one may take: its sockets and epoll's part are the system's.
const BYTES_MAX: usize = 320;

#[test]
fn idle_connections_cost_next_to_nothing() {
    if role().is_some() {
        return serve();
    }
    let count = count();
    if count < COUNT_MIN {
        return println!("SKIPPED: {COUNT_MIN} connections need a larger `ulimit -n`");
    }
    if count < COUNT {
        println!("{count} connections, and not {COUNT}: more need a larger `ulimit -n`");
    }
    let mut child = again(TEST, "server", |command| command);
    let address = told_by(&mut child, "serves at ");
    let witness = Connection::connect(&address).unwrap();
    // Whatever the server needs once, it has after some calls and connections.
    let first: Vec<_> = (0..100).map(|_| opened(&address)).collect();
    let (alone, before) = (pings(&witness), anonymous_bytes(child.id()));
    let idle: Vec<_> = (0..count).map(|_| opened(&address)).collect();
    let beside = pings(&witness);
    let each = anonymous_bytes(child.id()).saturating_sub(before) / count;
    println!("{each} bytes for each of {count}; the median of a ping {alone:?} alone, {beside:?} beside them");
    drop((first, idle, witness, child.stdin.take()));
    assert!(child.wait().unwrap().success());
    assert!(each <= BYTES_MAX, "{each} bytes for each");
}

/// As many as the limit of descriptors allows: the server has one for each, and so has this process.
fn count() -> usize {
    let most = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |most| most as usize);
    COUNT.min(most.saturating_sub(OTHERS))
}

fn serve() {
    let mut limits = Limits::default();
    (limits.connections_max, limits.user_connections_max) = (2 * COUNT, 2 * COUNT);
    let target = Target::with(Way::Set, limits);
    println!("serves at {}", target.address());
    until_let_go();
}

fn opened(address: &str) -> Raw {
    let mut raw = Raw::to(address);
    raw.open(Some(wanted()));
    raw
}

/// The median.
fn pings(client: &Connection) -> Duration {
    let ping = || {
        let start = Instant::now();
        client.ping(Duration::from_secs(5)).unwrap();
        start.elapsed()
    };
    let mut times: Vec<_> = (0..2000).map(|_| ping()).collect();
    times.sort();
    times[1000]
}

/// What a process has of its own in memory.
fn anonymous_bytes(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}
