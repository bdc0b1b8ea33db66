//! What an idle connection has of a server's memory, before it was ever busy and after: all that was asked of the allocator.
//!
//! Its peers are bare sockets, so all that is counted is the server's. One test in a program of its own: what others do would be
//! counted.
#![cfg(target_os = "linux")]
mod common;
use common::raw::*;
use rpc_core::{Context, Server, Service, Sink, Source, Stopped};
use rustix::process::{Resource, getrlimit};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CONNECTIONS: usize = 1000;

/// What one may have: the target of the issue.
const BYTES_MAX: usize = 256;

/// Less would mean that something was counted before it was there.
const BYTES_MIN: usize = 128;

/// The buffers of a worker that has had large calls, read and answered. One that waits for what comes next may have some, or none.
/// Whatever a connection would keep of its calls or streams is more than this for each.
const WORKER_BYTES: usize = (64 + 128) << 10;

/// Threads that have nothing to do give their buffers back within this time.
const CALM: Duration = Duration::from_millis(1300);

/// Connections that show what the server needs once, whatever their number.
const FIRST: usize = 20;

/// More than the server reads at once, and than it keeps as a buffer.
const LARGE: usize = 150_000;

#[derive(Service)]
enum Busy<'a> {
    #[rpc(returns = Vec<u8>)]
    Echo { bytes: &'a [u8] },
    #[rpc(returns = (), blocking)]
    Apart,
    #[rpc(accepts = Vec<u8>, stream = Vec<u8>, returns = u64)]
    Both,
    #[rpc(returns = u64, blocking)]
    AskBack { number: u64 },
}

mod method {
    pub(crate) const ECHO: u32 = 0;
    pub(crate) const APART: u32 = 1;
    pub(crate) const BOTH: u32 = 2;
    pub(crate) const ASK_BACK: u32 = 3;
}

/// What its clients offer.
#[derive(Service)]
enum Desk {
    #[rpc(returns = u64)]
    Double { number: u64 },
}

struct Handler;

impl BusyHandler for Handler {
    fn echo(&self, _cx: &Context, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
    fn apart(&self, _cx: &Context) {}
    fn both(&self, _cx: &Context, input: Source<Vec<u8>>, mut out: Sink<Vec<u8>>) -> Result<u64, Stopped> {
        let mut count = 0;
        for item in input {
            out.send(&item?)?;
            count += 1;
        }
        Ok(count)
    }
    fn ask_back(&self, cx: &Context, number: u64) -> u64 {
        cx.client::<Desk>().unwrap().double(number).unwrap()
    }
}

/// What is asked of the allocator and not given back.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// The same once it no longer changes: the server's threads may have some work left, and buffers for it.
fn settled() -> usize {
    let (mut seen, mut since) = (live(), Instant::now());
    while since.elapsed() < CALM {
        std::thread::yield_now();
        let now = live();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    seen
}

/// `beside`: what may have come beside the connections' own.
fn check(what: &str, base: usize, beside: usize) {
    let grown = settled().saturating_sub(base);
    println!("{what}: {} bytes for each of {CONNECTIONS}", grown / CONNECTIONS);
    let right = CONNECTIONS * BYTES_MIN..=CONNECTIONS * BYTES_MAX + beside;
    assert!(right.contains(&grown), "{what}: {} bytes for each", grown / CONNECTIONS);
}

fn opened(address: &str) -> Raw {
    let mut raw = Raw::to(address);
    let info = <Busy<'_> as Service>::INFO;
    let service = Some((info.name().to_owned(), info.fingerprint().0));
    let hello = Hello { frame_bytes_max: 4 << 20, calls_max: 10, window_bytes: 1 << 20, fds_max: 0, service };
    raw.send(&[PREFACE.to_vec(), frame(HELLO, 0, &bytes_of(&hello))].concat());
    assert_eq!((raw.exact(8), raw.frame().kind), (PREFACE.to_vec(), WELCOME));
    raw
}

/// The bytes of the answer to this call. What comes for others on the way is their credit and their items.
fn answer(raw: &mut Raw, id: u32, length: usize) {
    let mut have = 0;
    while have < length {
        let frame = raw.frame();
        assert!([REPLY, ITEMS, INPUT_CREDIT].contains(&frame.kind) && frame.call == id, "{frame:?}");
        have += if frame.kind == REPLY { frame.body.len() } else { 0 };
    }
}

/// Everything that makes a connection need more than an idle one: a large call, one on a thread of its own, items both ways, a call
/// back. `large`: the arguments of the first.
fn be_busy(raw: &mut Raw, round: u32, large: &[u8]) {
    // Calls of either side are counted up.
    let (own, theirs) = (5 * round, 3 * round);
    let echo = call_bytes(own + 1, method::ECHO, large);
    let (first, rest) = echo.split_at(LARGE / 2);
    raw.send(first);
    raw.send(rest);
    answer(raw, own + 1, LARGE);
    raw.send(&call(own + 2, method::APART, &()));
    answer(raw, own + 2, 1);
    let bytes = bytes_of(&vec![7u8; 10_000]);
    let item = [(bytes.len() as u32).to_le_bytes().to_vec(), bytes].concat();
    raw.send(
        &[call(own + 3, method::BOTH, &()), frame(INPUT, own + 3, &item), frame(INPUT_END, own + 3, &[0])].concat(),
    );
    answer(raw, own + 3, 1);
    raw.send(&call(own + 4, method::ASK_BACK, &(21u64,)));
    let open = raw.frame();
    assert_eq!((open.kind, open.call), (OPEN, theirs + 1));
    raw.send(&frame(OPENED, theirs + 1, &bytes_of(&Opened::Here { service: 0, schema: None })));
    answer_back(raw, own + 4, theirs + 2);
    // The service is still open.
    raw.send(&call(own + 5, method::ASK_BACK, &(21u64,)));
    answer_back(raw, own + 5, theirs + 3);
}

/// Answers the call that a handler makes of its caller, and has the handler's own answer.
fn answer_back(raw: &mut Raw, own: u32, theirs: u32) {
    let asked = raw.frame();
    assert_eq!((asked.kind, asked.call), (CALL, theirs));
    raw.send(&frame(REPLY, theirs, &bytes_of(&(0u32, 42u64))));
    answer(raw, own, 1);
}

/// What the last large message needed does not stay until there is a small one.
fn a_pause_gives_buffers_back(raw: &mut Raw) {
    const SIZE: usize = 3 << 20;
    let before = settled();
    // There is no such method, so that no handler is slow, and the worker that has read it goes on.
    raw.send(&call_bytes(100, 99, &vec![0; SIZE]));
    assert_eq!(raw.fault(), (100, Fault::UnknownMethod));
    let start = Instant::now();
    while live() > before + SIZE / 2 {
        assert!(start.elapsed() < Duration::from_secs(20), "{} bytes stay", live() - before);
        std::thread::yield_now();
    }
}

#[test]
fn an_idle_connection_has_next_to_nothing_before_and_after_it_was_busy() {
    if getrlimit(Resource::Nofile).current.is_some_and(|most| most < 2 * CONNECTIONS as u64 + 200) {
        return println!("SKIPPED: {CONNECTIONS} connections need a larger `ulimit -n`");
    }
    let directory = tempfile::tempdir().unwrap();
    let server = Server::new(Busy::serve(Handler)).listen(directory.path().join("s").to_str().unwrap()).unwrap();
    let address = server.addresses()[0].to_string();
    let large = bytes_of(&(vec![7u8; LARGE],));
    let mut connections = Vec::with_capacity(CONNECTIONS);
    let mut first: Vec<_> = (0..FIRST).map(|_| opened(&address)).collect();
    let base = settled();
    connections.extend((0..CONNECTIONS).map(|_| opened(&address)));
    check("never busy", base, 0);
    let base = {
        let before = settled();
        first.iter_mut().for_each(|raw| be_busy(raw, 0, &large));
        base + settled().saturating_sub(before)
    };
    for round in 0..2 {
        connections.iter_mut().for_each(|raw| be_busy(raw, round, &large));
        check("idle again", base, WORKER_BYTES);
    }
    a_pause_gives_buffers_back(&mut first[0]);
    drop((first, connections));
    server.stop();
}
