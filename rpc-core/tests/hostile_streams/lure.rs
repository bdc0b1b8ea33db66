//! A service with items of every kind, which tells what its handlers saw; and its server under attack.
use crate::common::raw::*;
use crate::common::{Gates, SOCKETS, Way};
use rpc_core::{Connection, Context, Limits, Listening, Server, Service, Sink, Source, Stopped};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// What hostile peers call. The order is that of `method::*`.
#[derive(Service)]
pub(crate) enum Lure<'a> {
    #[rpc(returns = u64)]
    Add { number: u64 },
    #[rpc(stream = u64)]
    Count { to: u64 },
    #[rpc(stream = Vec<u8>, returns = u64)]
    Chunks { count: u64, size: u64 },
    #[rpc(accepts = Vec<u8>, returns = u64)]
    Weigh,
    #[rpc(accepts = u64, stream = u64, returns = u64)]
    Double,
    /// One item; then waits until it is cancelled.
    #[rpc(stream = u64)]
    Hold { gate: &'a str },
    /// Sends until it is stopped.
    #[rpc(stream = u64)]
    Forever { gate: &'a str },
    /// Reads until the end.
    #[rpc(accepts = u64, returns = ())]
    Read { gate: &'a str },
    /// The same, when the gate is open.
    #[rpc(accepts = u64, returns = ())]
    ReadLater { gate: &'a str },
    /// Two items in a row, and then waits for the gate.
    #[rpc(stream = u64)]
    Pair { gate: &'a str },
    #[rpc(returns = (), blocking)]
    WaitApart { gate: &'a str },
    #[rpc(returns = Vec<u8>)]
    Make { size: u64 },
}

pub(crate) mod method {
    pub(crate) const ADD: u32 = 0;
    pub(crate) const COUNT: u32 = 1;
    pub(crate) const CHUNKS: u32 = 2;
    pub(crate) const WEIGH: u32 = 3;
    pub(crate) const DOUBLE: u32 = 4;
    pub(crate) const HOLD: u32 = 5;
    pub(crate) const FOREVER: u32 = 6;
    pub(crate) const READ: u32 = 7;
    pub(crate) const READ_LATER: u32 = 8;
    pub(crate) const PAIR: u32 = 9;
    pub(crate) const WAIT_APART: u32 = 10;
    pub(crate) const MAKE: u32 = 11;
}

#[derive(Default, Clone)]
pub(crate) struct Bitten {
    pub(crate) gates: Gates,
    running: Arc<AtomicUsize>,
    /// Bytes that handlers have given to their sinks.
    sent: Arc<AtomicUsize>,
}

/// A handler with items that runs.
struct Runs(Arc<AtomicUsize>);

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Bitten {
    fn runs(&self) -> Runs {
        self.running.fetch_add(1, SeqCst);
        Runs(self.running.clone())
    }

    /// How many handlers with items run.
    pub(crate) fn running(&self) -> usize {
        self.running.load(SeqCst)
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.load(SeqCst)
    }

    /// Says how a handler's items ended; whoever is stopped is cancelled, too.
    fn told(&self, cx: &Context, gate: &str, stopped: bool) {
        let how = match (stopped, cx.is_cancelled()) {
            (false, _) => "ended",
            (true, true) => "cancelled",
            (true, false) => "stopped",
        };
        self.gates.open(&format!("{how} {gate}"));
    }
}

impl LureHandler for Bitten {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number.wrapping_add(1)
    }

    fn count(&self, _cx: &Context, to: u64, mut out: Sink<u64>) -> Result<(), Stopped> {
        let _runs = self.runs();
        (0..to).try_for_each(|number| out.send(&number))
    }

    fn chunks(&self, _cx: &Context, count: u64, size: u64, mut out: Sink<Vec<u8>>) -> Result<u64, Stopped> {
        let _runs = self.runs();
        let chunk = vec![7; size as usize];
        for _ in 0..count {
            out.send(&chunk)?;
            self.sent.fetch_add(chunk.len(), SeqCst);
        }
        Ok(count)
    }

    fn weigh(&self, _cx: &Context, input: Source<Vec<u8>>) -> Result<u64, Stopped> {
        let _runs = self.runs();
        input.map(|item| item.map(|item| item.len() as u64)).sum()
    }

    fn double(&self, _cx: &Context, input: Source<u64>, mut out: Sink<u64>) -> Result<u64, Stopped> {
        let _runs = self.runs();
        let mut count = 0;
        for item in input {
            out.send(&item?.wrapping_mul(2))?;
            count += 1;
        }
        Ok(count)
    }

    fn hold(&self, cx: &Context, gate: &str, mut out: Sink<u64>) -> Result<(), Stopped> {
        let _runs = self.runs();
        let sent = out.send(&1);
        self.gates.open(&format!("at {gate}"));
        while !cx.is_cancelled() {
            std::thread::yield_now();
        }
        self.gates.open(gate);
        sent
    }

    fn forever(&self, cx: &Context, gate: &str, mut out: Sink<u64>) -> Result<(), Stopped> {
        let _runs = self.runs();
        self.gates.open(&format!("at {gate}"));
        let sent = (0..).try_for_each(|number| out.send(&number));
        self.told(cx, gate, sent.is_err());
        sent
    }

    fn read(&self, cx: &Context, gate: &str, input: Source<u64>) -> Result<(), Stopped> {
        let _runs = self.runs();
        self.gates.open(&format!("at {gate}"));
        let read: Result<Vec<_>, _> = input.collect();
        self.told(cx, gate, read.is_err());
        read.map(drop)
    }

    fn read_later(&self, cx: &Context, gate: &str, input: Source<u64>) -> Result<(), Stopped> {
        self.gates.pass(gate);
        self.read(cx, gate, input)
    }

    fn pair(&self, _cx: &Context, gate: &str, mut out: Sink<u64>) -> Result<(), Stopped> {
        let _runs = self.runs();
        out.send(&1)?;
        out.send(&2)?;
        self.gates.open(&format!("at {gate}"));
        self.gates.pass(gate);
        Ok(())
    }

    fn wait_apart(&self, _cx: &Context, gate: &str) {
        self.gates.open(&format!("at {gate}"));
        self.gates.pass(gate);
    }

    fn make(&self, _cx: &Context, size: u64) -> Vec<u8> {
        vec![7; size as usize]
    }
}

/// The service as a hello names it.
pub(crate) fn wanted() -> (&'static str, u64) {
    let info = <Lure<'_> as Service>::INFO;
    (info.name(), info.fingerprint().0)
}

/// Preface and hello of a client whose streams may run ahead by so much.
pub(crate) fn hello_with(window_bytes: u32) -> Vec<u8> {
    let (name, fingerprint) = wanted();
    let service = Some((name.to_owned(), fingerprint));
    let hello = Hello { frame_bytes_max: 4 << 20, calls_max: 0, window_bytes, fds_max: 0, service };
    [PREFACE.to_vec(), frame(HELLO, 0, &bytes_of(&hello))].concat()
}

/// An item as the bytes of a stream have it.
pub(crate) fn item<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let bytes = bytes_of(value);
    [(bytes.len() as u32).to_le_bytes().to_vec(), bytes].concat()
}

pub(crate) fn credit(call: u32, bytes: u64) -> Vec<u8> {
    frame(CREDIT, call, &bytes_of(&bytes))
}

/// A server under attack, and a client that must not notice.
pub(crate) struct Target {
    pub(crate) handler: Bitten,
    pub(crate) server: Option<Listening>,
    witness: LureClient,
    _directory: tempfile::TempDir,
}

impl Target {
    pub(crate) fn with(way: Way, limits: Limits) -> Self {
        let (handler, directory) = (Bitten::default(), tempfile::tempdir().unwrap());
        let server = Server::new(Lure::serve(handler.clone())).limits(limits);
        let path = directory.path().join("s");
        let server = match way {
            Way::Local => unreachable!("hostile bytes need a socket"),
            Way::Set => server.listen(path.to_str().unwrap()),
            Way::Threads => server.thread_per_connection().listen(path.to_str().unwrap()),
            Way::Tcp => server.listen("tcp:127.0.0.1:0"),
        };
        let server = server.unwrap();
        let witness = Lure::connect(&server.addresses()[0].to_string()).unwrap();
        Self { handler, server: Some(server), witness, _directory: directory }
    }

    /// Waits until handlers have sent all that they can for now.
    pub(crate) fn has_settled(&self) -> usize {
        let (mut sent, mut since) = (self.handler.sent(), Instant::now());
        while since.elapsed() < Duration::from_millis(300) {
            let now = self.handler.sent();
            if now != sent {
                (sent, since) = (now, Instant::now());
            }
            std::thread::yield_now();
        }
        sent
    }

    pub(crate) fn address(&self) -> String {
        self.server.as_ref().unwrap().addresses()[0].to_string()
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.handler.gates
    }

    /// A raw connection on which nothing has been said.
    pub(crate) fn raw(&self) -> Raw {
        Raw::to(&self.address())
    }

    /// One on which the service is open, and whose streams may run ahead by so much.
    pub(crate) fn opened(&self, window_bytes: u32) -> Raw {
        let mut raw = self.raw();
        assert!(raw.try_send(&hello_with(window_bytes)));
        assert_eq!((raw.exact(8), raw.frame().kind), (PREFACE.to_vec(), WELCOME));
        raw
    }

    /// Waits until no handler with items runs: nobody is left behind.
    pub(crate) fn is_quiet(&self) {
        let start = Instant::now();
        while self.handler.running() > 0 {
            assert!(start.elapsed() < PATIENCE, "{} handlers run on", self.handler.running());
            std::thread::yield_now();
        }
    }

    /// Nobody else has noticed: not one that was connected before, and not one that comes now.
    pub(crate) fn serves_others(&self) {
        let start = Instant::now();
        let fresh = Lure::client(Connection::connect(&self.address()).expect("a new client"));
        for lure in [&self.witness, &fresh] {
            assert_eq!(lure.add(1).unwrap(), 2);
            assert_eq!(lure.count(100).map(Result::unwrap).sum::<u64>(), 4950);
            assert_eq!(lure.weigh().send_all(&[vec![0; 1000], vec![1; 10]]).unwrap(), 1010);
        }
        assert!(start.elapsed() < Duration::from_secs(5), "others waited {:?}", start.elapsed());
    }
}

/// Attacks a fresh server of each kind.
pub(crate) fn on_targets(attack: impl Fn(&Target)) {
    on_targets_with(&Limits::default(), attack);
}

pub(crate) fn on_targets_with(limits: &Limits, attack: impl Fn(&Target)) {
    for way in SOCKETS {
        eprintln!("on {way:?}");
        let target = Target::with(way, limits.clone());
        attack(&target);
        target.serves_others();
    }
}

/// A small window, so that tests are quick.
pub(crate) fn small_windows() -> Limits {
    let mut limits = Limits::default();
    limits.window_bytes = 1000;
    limits
}
