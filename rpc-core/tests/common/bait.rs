//! A service for hostile clients: it counts what reaches a handler, and has an argument of every shape that bombs take.
use super::{Gates, Way};
use rpc_core::{Connection, Context, Limits, Listening, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// What hostile peers call. The order is that of `method::*`.
#[derive(Service)]
pub(crate) enum Bait<'a> {
    #[rpc(returns = u64)]
    Add { number: u64 },
    #[rpc(returns = ())]
    Tree { tree: Tree },
    #[rpc(returns = ())]
    Units { units: Vec<()> },
    #[rpc(returns = ())]
    Texts { texts: Vec<String> },
    #[rpc(returns = ())]
    Map { map: HashMap<u64, BTreeMap<u8, u64>> },
    #[rpc(returns = ())]
    Text { text: &'a str, flag: bool },
    #[rpc(returns = Vec<u8>)]
    Make { size: u64 },
    #[rpc(returns = ())]
    Wait { gate: &'a str },
    #[rpc(returns = (), blocking)]
    WaitApart { gate: &'a str },
    #[rpc(returns = Vec<u8>, blocking)]
    MakeApart { size: u64 },
    #[rpc(returns = ())]
    Compute { micros: u64 },
    #[rpc(oneway)]
    Hint { number: u64 },
    #[rpc(oneway, blocking)]
    HintAt { gate: &'a str },
    #[rpc(returns = Vec<u8>)]
    Echo { bytes: &'a [u8] },
}

pub(crate) mod method {
    pub(crate) const ADD: u32 = 0;
    pub(crate) const TREE: u32 = 1;
    pub(crate) const UNITS: u32 = 2;
    pub(crate) const TEXTS: u32 = 3;
    pub(crate) const MAP: u32 = 4;
    pub(crate) const TEXT: u32 = 5;
    pub(crate) const MAKE: u32 = 6;
    pub(crate) const WAIT: u32 = 7;
    pub(crate) const WAIT_APART: u32 = 8;
    pub(crate) const MAKE_APART: u32 = 9;
    pub(crate) const COMPUTE: u32 = 10;
    pub(crate) const HINT_AT: u32 = 12;
}

/// Nests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub(crate) enum Tree {
    Leaf,
    Inner(Vec<Tree>),
    Boxed(Box<Tree>),
}

#[derive(Default, Clone)]
pub(crate) struct Counted {
    pub(crate) ran: Arc<AtomicU64>,
    pub(crate) gates: Gates,
}

impl Counted {
    fn count(&self) {
        self.ran.fetch_add(1, SeqCst);
    }
    fn wait_at(&self, gate: &str) {
        self.count();
        self.gates.open(&format!("at {gate}"));
        self.gates.pass(gate);
    }
}

impl BaitHandler for Counted {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        self.count();
        number.wrapping_add(1)
    }
    fn tree(&self, _cx: &Context, _tree: Tree) {
        self.count();
    }
    fn units(&self, _cx: &Context, _units: Vec<()>) {
        self.count();
    }
    fn texts(&self, _cx: &Context, _texts: Vec<String>) {
        self.count();
    }
    fn map(&self, _cx: &Context, _map: HashMap<u64, BTreeMap<u8, u64>>) {
        self.count();
    }
    fn text(&self, _cx: &Context, _text: &str, _flag: bool) {
        self.count();
    }
    fn make(&self, _cx: &Context, size: u64) -> Vec<u8> {
        self.count();
        vec![7; size as usize]
    }
    fn wait(&self, _cx: &Context, gate: &str) {
        self.wait_at(gate);
    }
    fn wait_apart(&self, _cx: &Context, gate: &str) {
        self.wait_at(gate);
    }
    fn compute(&self, _cx: &Context, micros: u64) {
        self.count();
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(micros) {
            std::hint::spin_loop();
        }
    }
    fn hint(&self, _cx: &Context, _number: u64) {
        self.count();
    }
    fn hint_at(&self, _cx: &Context, gate: &str) {
        self.wait_at(gate);
    }
    fn echo(&self, _cx: &Context, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
    fn make_apart(&self, cx: &Context, size: u64) -> Vec<u8> {
        self.make(cx, size)
    }
}

/// A server of [`Bait`] under attack, and a client that must not notice.
pub(crate) struct Target {
    pub(crate) handler: Counted,
    pub(crate) server: Option<Listening>,
    pub(crate) witness: Connection,
    _directory: tempfile::TempDir,
}

impl Target {
    pub(crate) fn new(way: Way) -> Self {
        Self::with(way, Limits::default())
    }

    pub(crate) fn with(way: Way, limits: Limits) -> Self {
        let (handler, directory) = (Counted::default(), tempfile::tempdir().unwrap());
        let server = Server::new(Bait::serve(handler.clone())).limits(limits);
        let path = directory.path().join("s");
        let server = match way {
            Way::Local => unreachable!("hostile bytes need a socket"),
            Way::Set => server.listen(path.to_str().unwrap()),
            Way::Threads => server.thread_per_connection().listen(path.to_str().unwrap()),
            Way::Tcp => server.listen("tcp:127.0.0.1:0"),
        };
        let server = server.unwrap();
        let witness = Connection::connect(&server.addresses()[0].to_string()).unwrap();
        Self { handler, server: Some(server), witness, _directory: directory }
    }

    pub(crate) fn address(&self) -> String {
        self.server.as_ref().unwrap().addresses()[0].to_string()
    }

    pub(crate) fn raw(&self) -> super::raw::Raw {
        super::raw::Raw::to(&self.address())
    }

    /// A raw connection on which the service is open.
    pub(crate) fn opened(&self) -> super::raw::Raw {
        let mut raw = self.raw();
        raw.open(Some(wanted()));
        raw
    }

    pub(crate) fn ran(&self) -> u64 {
        self.handler.ran.load(SeqCst)
    }

    /// Nobody else has noticed: not one that was connected before, and not one that comes now.
    pub(crate) fn serves_others(&self) {
        let start = Instant::now();
        self.witness.ping(Duration::from_secs(5)).expect("the witness");
        let client = Connection::connect(&self.address()).expect("a new client");
        client.ping(Duration::from_secs(5)).expect("a new client's ping");
        assert!(start.elapsed() < Duration::from_secs(2), "others waited {:?}", start.elapsed());
    }
}

/// The service as a hello names it.
pub(crate) fn wanted() -> (&'static str, u64) {
    let info = <Bait<'_> as Service>::INFO;
    (info.name(), info.fingerprint().0)
}

/// Attacks a fresh server of each kind.
pub(crate) fn on_targets(attack: impl Fn(&Target)) {
    for way in super::SOCKETS {
        eprintln!("on {way:?}");
        let target = Target::new(way);
        attack(&target);
        target.serves_others();
    }
}
