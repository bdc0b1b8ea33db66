//! Items of 32 bytes over a blocking `UnixStream` and nothing else: a length, a number, and as many bytes as this
//! framework's items have.
use super::case::Work;
use super::measure::{Amount, Run, Tally, cpu_time};
use super::raw::{Inbox, flush, put};
use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

/// Items before the clock starts.
pub(crate) const WARM_ITEMS: u64 = 10_000;

/// Items between two looks at the clock.
pub(crate) const CHECKED: u64 = 1000;

/// A length, and 32 bytes.
const ITEM_BYTES: usize = 36;

/// What the coalescing one writes at a time.
const BATCH_BYTES: usize = 16 << 10;

/// Serves one connection after another.
pub(crate) fn listen(address: &Path, work: Work, coalesced: bool) {
    let listener = UnixListener::bind(address).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            match work {
                Work::Upload => count(stream),
                _ => send(stream, coalesced),
            }
        }
    });
}

/// Counts up until the other side closes.
fn send(stream: UnixStream, coalesced: bool) {
    let mut out = Out { stream, bytes: Vec::new(), coalesced };
    let _ = (0..).try_for_each(|number| out.add(number).then_some(()));
}

/// Answers how many have come, and the sum of their numbers.
fn count(mut stream: UnixStream) {
    let (mut inbox, mut count, mut sum) = (Inbox::new(ITEM_BYTES), 0, 0);
    while inbox.fill(&mut stream) {
        while let Some(number) = inbox.next_number() {
            count += 1;
            sum += number;
        }
    }
    let mut answer = Vec::new();
    put(count, ITEM_BYTES, &mut answer);
    put(sum, ITEM_BYTES, &mut answer);
    flush(&mut stream, &mut answer);
}

/// Where items are written.
struct Out {
    stream: UnixStream,
    bytes: Vec<u8>,
    coalesced: bool,
}

impl Out {
    /// False: the other side has closed.
    fn add(&mut self, number: u64) -> bool {
        put(number, ITEM_BYTES, &mut self.bytes);
        self.coalesced && self.bytes.len() < BATCH_BYTES || flush(&mut self.stream, &mut self.bytes)
    }
}

/// Takes items one by one, and looks at each.
pub(crate) fn download(address: &str, amount: Amount) -> Run {
    let mut stream = UnixStream::connect(address).expect("a connection");
    let (mut inbox, mut next) = (Inbox::new(ITEM_BYTES), 0);
    let mut take = |count: u64| {
        for _ in 0..count {
            assert_eq!(inbox.wait(&mut stream), next);
            next += 1;
        }
    };
    take(WARM_ITEMS);
    let (start, cpu, mut items) = (Instant::now(), cpu_time(), 0);
    while !amount.is_done(start, Instant::now(), items) {
        take(CHECKED);
        items += CHECKED;
    }
    Run::new(vec![Tally { calls: items, latencies: Vec::new() }], WARM_ITEMS, start.elapsed(), cpu_time() - cpu)
}

/// Sends all, and has them counted.
pub(crate) fn upload(address: &str, coalesced: bool, amount: Amount) -> Run {
    let stream = UnixStream::connect(address).expect("a connection");
    let mut out = Out { stream, bytes: Vec::new(), coalesced };
    let (start, cpu, mut items) = (Instant::now(), cpu_time(), 0);
    while !amount.is_done(start, Instant::now(), items) {
        for number in 0..CHECKED {
            assert!(out.add(number), "the server went away");
        }
        items += CHECKED;
    }
    assert!(flush(&mut out.stream, &mut out.bytes), "the server went away");
    out.stream.shutdown(Shutdown::Write).expect("that was all");
    let (mut inbox, sum) = (Inbox::new(ITEM_BYTES), CHECKED * (CHECKED - 1) / 2);
    assert_eq!(inbox.wait(&mut out.stream), items);
    assert_eq!(inbox.wait(&mut out.stream), items / CHECKED * sum);
    assert_eq!(out.stream.read(&mut [0]).expect("the end"), 0);
    Run::new(vec![Tally { calls: items, latencies: Vec::new() }], 0, start.elapsed(), cpu_time() - cpu)
}
