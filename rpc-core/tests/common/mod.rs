//! One service, served in every way that there is: each scenario runs on all of them.
#![expect(dead_code, reason = "each test program uses what it needs")]
pub(crate) mod again;
pub(crate) mod bait;
pub(crate) mod fake;
pub(crate) mod raw;
pub(crate) mod scripted;

use rpc_core::{Connection, Context, Error, Limits, Listening, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// What the tests call.
#[derive(Service)]
pub(crate) enum Probe<'a> {
    /// One more.
    #[rpc(returns = u64, idempotent)]
    Add { number: u64 },
    /// The same text.
    #[rpc(returns = String)]
    Echo { text: &'a str },
    /// The same bytes.
    #[rpc(returns = Vec<u8>)]
    Bytes { bytes: &'a [u8] },
    /// Answers when the gate of this name is opened.
    #[rpc(returns = ())]
    Wait { gate: &'a str },
    /// The same, known to be slow.
    #[rpc(returns = (), blocking)]
    WaitApart { gate: &'a str },
    /// Computes for so long.
    #[rpc(returns = ())]
    Compute { time: Duration },
    /// Takes a note; the gate delays it.
    #[rpc(oneway)]
    Note { text: &'a str, gate: &'a str },
    /// All notes, in their order.
    #[rpc(returns = Vec<String>)]
    Notes,
    /// Panics.
    #[rpc(returns = ())]
    Panic,
    /// So many bytes.
    #[rpc(returns = Vec<u8>)]
    Make { size: u64 },
    /// Either.
    #[rpc(returns = Result<u8, Failure>)]
    Fail { fail: bool },
    /// How long the caller waits, in milliseconds, and whether it has a user.
    #[rpc(returns = (Option<u64>, bool), timeout = "7s")]
    Facts,
    /// Waits for its own cancellation, says so at the gate, and ends.
    #[rpc(returns = ())]
    UntilCancelled { gate: &'a str },
}

/// The service's own error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub(crate) enum Failure {
    /// As asked for.
    Asked { why: String },
}

/// Doors that tests open.
#[derive(Default, Clone)]
pub(crate) struct Gates(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Gates {
    pub(crate) fn open(&self, name: &str) {
        self.0.0.lock().unwrap().push(name.to_owned());
        self.0.1.notify_all();
    }
    pub(crate) fn shut(&self, name: &str) {
        self.0.0.lock().unwrap().retain(|gate| gate != name);
    }
    pub(crate) fn pass(&self, name: &str) {
        let (open, opened) = &*self.0;
        drop(opened.wait_while(open.lock().unwrap(), |open| !open.iter().any(|gate| gate == name)).unwrap());
    }
    pub(crate) fn is_open(&self, name: &str) -> bool {
        self.0.0.lock().unwrap().iter().any(|gate| gate == name)
    }
    /// Waits for a gate that a handler opens.
    pub(crate) fn wait_for(&self, name: &str) {
        let (open, opened) = &*self.0;
        let (_open, timeout) = opened
            .wait_timeout_while(open.lock().unwrap(), Duration::from_secs(20), |open| {
                !open.iter().any(|gate| gate == name)
            })
            .unwrap();
        assert!(!timeout.timed_out(), "nobody came to {name}");
    }
}

#[derive(Default, Clone)]
pub(crate) struct Handler {
    pub(crate) gates: Gates,
    pub(crate) notes: Arc<Mutex<Vec<String>>>,
}

impl ProbeHandler for Handler {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number.wrapping_add(1)
    }
    fn echo(&self, _cx: &Context, text: &str) -> String {
        text.to_owned()
    }
    fn bytes(&self, _cx: &Context, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
    fn wait(&self, _cx: &Context, gate: &str) {
        self.gates.open(&format!("at {gate}"));
        self.gates.pass(gate);
    }
    fn wait_apart(&self, cx: &Context, gate: &str) {
        self.wait(cx, gate);
    }
    fn compute(&self, _cx: &Context, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            std::hint::spin_loop();
        }
    }
    fn note(&self, _cx: &Context, text: &str, gate: &str) {
        if gate == "panic" {
            std::panic::resume_unwind(Box::new("a secret"));
        }
        if !gate.is_empty() {
            self.gates.open(&format!("at {gate}"));
            self.gates.pass(gate);
        }
        self.notes.lock().unwrap().push(text.to_owned());
    }
    fn notes(&self, _cx: &Context) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }
    fn panic(&self, _cx: &Context) {
        // Not through the panic hook: the tests' output stays readable.
        std::panic::resume_unwind(Box::new("a secret"));
    }
    fn make(&self, _cx: &Context, size: u64) -> Vec<u8> {
        vec![7; size as usize]
    }
    fn fail(&self, _cx: &Context, fail: bool) -> Result<u8, Failure> {
        if fail { Err(Failure::Asked { why: "you asked".to_owned() }) } else { Ok(3) }
    }
    fn facts(&self, cx: &Context) -> (Option<u64>, bool) {
        (cx.time_left().map(|left| left.as_millis() as u64), cx.peer().uid.is_some())
    }
    fn until_cancelled(&self, cx: &Context, gate: &str) {
        self.gates.open(&format!("at {gate}"));
        while !cx.is_cancelled() {
            std::thread::yield_now();
        }
        self.gates.open(gate);
    }
}

/// A way to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Local,
    Set,
    Threads,
    Tcp,
}

pub(crate) const SOCKETS: [Way; 3] = [Way::Set, Way::Threads, Way::Tcp];

/// Serves in this way, on a socket of the directory if it is a local one; in process there is nothing to listen on.
pub(crate) fn listen(way: Way, server: Server, directory: &tempfile::TempDir) -> Option<Listening> {
    let path = directory.path().join("s");
    let listening = match way {
        Way::Local => return None,
        Way::Set => server.listen(path.to_str().unwrap()),
        Way::Threads => server.thread_per_connection().listen(path.to_str().unwrap()),
        Way::Tcp => server.listen("tcp:127.0.0.1:0"),
    };
    Some(listening.unwrap())
}

/// A server, or none, and how to reach it.
pub(crate) struct Served {
    pub(crate) way: Way,
    pub(crate) handler: Handler,
    pub(crate) server: Option<Listening>,
    directory: tempfile::TempDir,
}

impl Served {
    pub(crate) fn new(way: Way) -> Self {
        Self::with(way, Limits::default())
    }

    pub(crate) fn with(way: Way, limits: Limits) -> Self {
        let (handler, directory) = (Handler::default(), tempfile::tempdir().unwrap());
        let server = listen(way, Server::new(Probe::serve(handler.clone())).limits(limits), &directory);
        Self { way, handler, server, directory }
    }

    pub(crate) fn address(&self) -> String {
        self.server.as_ref().unwrap().addresses()[0].to_string()
    }

    pub(crate) fn connect(&self) -> Result<ProbeClient, Error> {
        match self.way {
            Way::Local => Ok(Probe::client(Connection::local(Probe::serve(self.handler.clone())))),
            _ => Probe::connect(&self.address()),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("s")
    }
}

/// Runs a scenario on every way to be served.
pub(crate) fn on_all(scenario: impl Fn(&Served, ProbeClient)) {
    for way in [Way::Local, Way::Set, Way::Threads, Way::Tcp] {
        eprintln!("on {way:?}");
        let served = Served::new(way);
        scenario(&served, served.connect().unwrap());
    }
}

/// The same, where there is a socket.
pub(crate) fn on_sockets(scenario: impl Fn(&Served, ProbeClient)) {
    for way in SOCKETS {
        eprintln!("on {way:?}");
        let served = Served::new(way);
        scenario(&served, served.connect().unwrap());
    }
}
