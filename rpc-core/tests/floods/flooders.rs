//! The floods, and the process that makes them: this test program again, which leaves the CPUs to everybody else.
use crate::common::again::{again, told_by, until_let_go};
use crate::common::{bait::*, raw::*};
use std::env;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// Connections that flood at once.
const CONNECTIONS: usize = 2;

/// Calls in one piece.
const STEP: u32 = 500;

/// How long a connection from which the server does not read is kept. There are many in one flood: what each leaves behind adds up.
const STUCK: Duration = Duration::from_millis(5);

/// Tells the process whom to flood. Its role tells it how.
const ADDRESS: &str = "RPC_TEST_ADDRESS";

/// What one connection does until it is over, or the server has had enough of it.
type Flood = fn(&mut Raw, &Progress);

pub(crate) const FLOODS: [(&str, Flood); 9] = [
    ("connections that come and go", |raw, progress| {
        raw.send(&call(1, method::MAKE, &(100u64,)));
        progress.piece();
    }),
    ("calls and cancels", |raw, progress| {
        unread(raw, progress, |id| [call(id, method::MAKE_APART, &(10u64,)), frame(CANCEL, id, &[])].concat());
    }),
    ("garbage, nothing read", |raw, progress| unread(raw, progress, |id| frame(CALL, id, &[]))),
    ("pings, nothing read", |raw, progress| unread(raw, progress, |id| frame(PING, id, &[]))),
    ("pings, all read", |raw, progress| all_read(raw, progress, |id| frame(PING, id, &[]))),
    ("pipelined calls, all read", |raw, progress| all_read(raw, progress, |id| call(id, method::ADD, &(1u64,)))),
    ("calls that compute, all read", |raw, progress| {
        all_read(raw, progress, |id| call(id, method::COMPUTE, &(200u64,)))
    }),
    ("large answers, nothing read", |raw, progress| unread(raw, progress, |id| call(id, method::MAKE, &(1u64 << 20,)))),
    ("items of no call", |raw, progress| {
        raw.send(&frame(CALL, 1, &[]));
        unread(raw, progress, |_| [frame(INPUT, 1, &[]), frame(VOID, 0, &[])].concat());
    }),
];

/// How far a flood has come.
#[derive(Default)]
pub(crate) struct Progress {
    over: AtomicBool,
    pieces: AtomicU64,
}

impl Progress {
    fn goes_on(&self) -> bool {
        !self.over.load(SeqCst)
    }

    fn piece(&self) {
        if self.pieces.fetch_add(1, SeqCst) == 0 {
            println!("floods");
        }
    }
}

/// The frames of one piece, for ids from this one on.
fn piece(first: u32, one: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    (first..first + STEP).flat_map(one).collect()
}

/// One piece after the other, and reads nothing.
fn unread(raw: &mut Raw, progress: &Progress, one: impl Fn(u32) -> Vec<u8>) {
    raw.limit(STUCK);
    // The first id may have been used.
    let (mut first, mut taken) = (2, true);
    while taken && progress.goes_on() {
        taken = raw.try_send(&piece(first, &one));
        progress.piece();
        first += STEP;
    }
}

/// A piece, and all that is answered to it, again and again.
fn all_read(raw: &mut Raw, progress: &Progress, one: impl Fn(u32) -> Vec<u8>) {
    let mut first = 1;
    while progress.goes_on() {
        raw.send(&piece(first, &one));
        (0..STEP).for_each(|_| drop(raw.frame()));
        progress.piece();
        first += STEP;
    }
}

/// The process that floods.
pub(crate) struct Flooders(Child);

impl Flooders {
    /// Starts it, in a run of this test. It floods already.
    pub(crate) fn start(test: &str, flood: &str, address: &str) -> Self {
        let mut child = again(test, flood, |command| command.env(ADDRESS, address));
        told_by(&mut child, "floods");
        Self(child)
    }

    /// Ends it. Says how many pieces it has sent.
    pub(crate) fn stop(mut self) -> u64 {
        drop(self.0.stdin.take());
        let pieces = told_by(&mut self.0, "pieces: ").parse().unwrap();
        assert!(self.0.wait().unwrap().success(), "the flood failed");
        pieces
    }
}

/// What the process does.
pub(crate) fn flood_until_let_go(name: &str) {
    let (_, flood) = FLOODS.iter().find(|(known, _)| *known == name).unwrap();
    let address = env::var(ADDRESS).unwrap();
    // Of this thread and those that it starts, setpriority(2). More than the lowest there is, is the lowest.
    rustix::process::nice(19).unwrap();
    let (progress, first) = (Progress::default(), [(); CONNECTIONS].map(|()| opened(&address)));
    std::thread::scope(|scope| {
        for mut raw in first {
            let (progress, address) = (&progress, &address);
            scope.spawn(move || {
                flood(&mut raw, progress);
                while progress.goes_on() {
                    raw = opened(address);
                    flood(&mut raw, progress);
                }
            });
        }
        until_let_go();
        progress.over.store(true, SeqCst);
    });
    println!("pieces: {}", progress.pieces.load(SeqCst));
}

fn opened(address: &str) -> Raw {
    let mut raw = Raw::to(address);
    raw.open(Some(wanted()));
    raw
}
