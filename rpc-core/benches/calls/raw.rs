//! A blocking `UnixStream` and nothing else: a length, a number, and as many bytes as this framework sends.
use super::case::{Calls, HANDLER_TIME, OUTSTANDING, WARM_CALLS};
use super::measure::{Amount, Run, Tally, cpu_time};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

/// This framework's request: a head of 12 bytes, service 1, deadline 4, method 1, number 4.
pub(crate) const REQUEST_BYTES: usize = 22;

/// Its reply: a head of 12 bytes, method 1, number 4.
pub(crate) const REPLY_BYTES: usize = 17;

/// What one read may bring, once a read has filled the first buffer.
const READ_BYTES: usize = 64 << 10;

/// The first buffer: enough for a connection that carries one message at a time.
const FIRST_READ_BYTES: usize = 1 << 10;

/// Numbers that all take four bytes as varints, so that each message of the framework is as large as the next.
#[derive(Default)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn next_number(&mut self) -> u64 {
        self.0 = (self.0 + 1) % (1 << 24);
        (1 << 22) + self.0
    }
}

/// Serves with a thread a connection, which ends with its client. `coalesced`: all that one read brought is answered by
/// one write; else each message by its own. `waits`: each answer takes [`HANDLER_TIME`].
pub(crate) fn listen(address: &Path, coalesced: bool, waits: bool) {
    let listener = UnixListener::bind(address).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            std::thread::spawn(move || serve(stream, coalesced, waits));
        }
    });
}

fn serve(mut stream: UnixStream, coalesced: bool, waits: bool) {
    let (mut inbox, mut out) = (Inbox::new(REQUEST_BYTES), Vec::new());
    while inbox.fill(&mut stream) {
        while let Some(number) = inbox.next_number() {
            if waits {
                std::thread::sleep(HANDLER_TIME);
            }
            put(number + 1, REPLY_BYTES, &mut out);
            if !coalesced && !flush(&mut stream, &mut out) {
                return;
            }
        }
        if !flush(&mut stream, &mut out) {
            return;
        }
    }
}

/// False: the other side has closed, which at the end of a measurement it may.
pub(crate) fn flush(stream: &mut UnixStream, out: &mut Vec<u8>) -> bool {
    let written = out.is_empty() || stream.write_all(out).is_ok();
    out.clear();
    written
}

/// One call at a time on each of so many connections.
pub(crate) fn single(address: &str, calls: Calls, amount: Amount) -> Run {
    threads(calls.connections, calls.warm(), amount, || {
        let mut stream = UnixStream::connect(address).expect("a connection");
        let (mut inbox, mut out, mut numbers) = (Inbox::new(REPLY_BYTES), Vec::new(), Numbers::default());
        move |amount| {
            Tally::of(amount, || {
                let number = numbers.next_number();
                out.clear();
                put(number, REQUEST_BYTES, &mut out);
                stream.write_all(&out).expect("the server reads");
                assert_eq!(inbox.wait(&mut stream), number + 1);
            })
        }
    })
}

/// Sends as many as have been answered. `coalesced`: all of them with one write.
pub(crate) fn outstanding(address: &str, coalesced: bool, amount: Amount) -> Run {
    let mut stream = UnixStream::connect(address).expect("a connection");
    let (mut inbox, mut out, mut numbers) = (Inbox::new(REPLY_BYTES), Vec::new(), Numbers::default());
    let mut expected = Numbers::default();
    let mut round = |begun: usize| {
        for _ in 0..begun {
            put(numbers.next_number(), REQUEST_BYTES, &mut out);
            if !coalesced {
                assert!(flush(&mut stream, &mut out), "the server went away");
            }
        }
        assert!(flush(&mut stream, &mut out), "the server went away");
        let mut answered = 0;
        while answered == 0 {
            assert!(inbox.fill(&mut stream), "the server went away");
            while let Some(number) = inbox.next_number() {
                assert_eq!(number, expected.next_number() + 1);
                answered += 1;
            }
        }
        answered
    };
    let mut answered = round(OUTSTANDING);
    let mut warm_calls = OUTSTANDING as u64;
    while warm_calls < WARM_CALLS {
        answered = round(answered);
        warm_calls += answered as u64;
    }
    let (start, cpu, mut calls) = (Instant::now(), cpu_time(), 0);
    while !amount.is_done(start, Instant::now(), calls) {
        answered = round(answered);
        calls += answered as u64;
    }
    Run::new(vec![Tally { calls, latencies: Vec::new() }], warm_calls, start.elapsed(), cpu_time() - cpu)
}

/// Runs what `prepare` makes on so many threads, all at once: first so many calls each to warm up, then to measure.
pub(crate) fn threads<W: FnMut(Amount) -> Tally>(
    count: usize,
    warm_calls: u64,
    amount: Amount,
    prepare: impl Fn() -> W + Sync,
) -> Run {
    let (warm, begin) = (Barrier::new(count + 1), Barrier::new(count + 1));
    std::thread::scope(|scope| {
        let one = || {
            let mut work = prepare();
            work(Amount::Calls(warm_calls));
            warm.wait();
            begin.wait();
            work(amount)
        };
        let running: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
        warm.wait();
        let (start, cpu) = (Instant::now(), cpu_time());
        begin.wait();
        let tallies = running.into_iter().map(|thread| thread.join().expect("right answers")).collect();
        Run::new(tallies, warm_calls * count as u64, start.elapsed(), cpu_time() - cpu)
    })
}

/// A length, the number, and filling.
pub(crate) fn put(number: u64, bytes: usize, out: &mut Vec<u8>) {
    let end = out.len() + bytes;
    out.extend_from_slice(&(bytes as u32 - 4).to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.resize(end, 0);
}

/// Messages as they come, in a buffer that one read may fill with many.
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
    message_bytes: usize,
}

impl Inbox {
    pub(crate) fn new(message_bytes: usize) -> Self {
        Self { bytes: vec![0; FIRST_READ_BYTES], at: 0, end: 0, message_bytes }
    }

    /// One read. False: the other side has closed.
    pub(crate) fn fill(&mut self, stream: &mut UnixStream) -> bool {
        self.bytes.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        let count = stream.read(&mut self.bytes[self.end..]).unwrap_or(0);
        self.end += count;
        if self.end == self.bytes.len() {
            self.bytes.resize(READ_BYTES.max(self.end), 0);
        }
        count > 0
    }

    pub(crate) fn next_number(&mut self) -> Option<u64> {
        let (length, rest) = self.bytes[self.at..self.end].split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        assert_eq!(length + 4, self.message_bytes, "framing is lost");
        let number = rest.get(..length)?.first_chunk::<8>()?;
        self.at += self.message_bytes;
        Some(u64::from_le_bytes(*number))
    }

    pub(crate) fn wait(&mut self, stream: &mut UnixStream) -> u64 {
        loop {
            if let Some(number) = self.next_number() {
                return number;
            }
            assert!(self.fill(stream), "the server went away");
        }
    }
}
