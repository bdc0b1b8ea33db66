//! Services with one method for each thing that a shell may meet.
use rpc_core::{Context, Error, Handler, Incoming, Schema, Server, Service, ServiceInfo};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// What the tests call.
#[derive(Service)]
pub(crate) enum Zoo<'a> {
    /// Adds two integers. Fails on overflow.
    #[rpc(returns = Result<i64, MathError>, idempotent)]
    Add { a: i64, b: i64 },
    /// The same entry.
    #[rpc(returns = Entry)]
    Put { entry: Entry, owner: Option<&'a str> },
    /// The owner of the last `put`; nobody here.
    #[rpc(returns = Option<String>)]
    Owner { of: Option<&'a str> },
    /// The same bytes.
    #[rpc(returns = Vec<u8>)]
    Bytes { bytes: &'a [u8] },
    /// Numbers of every width.
    #[rpc(returns = (u64, i64, u128, i128, f32))]
    Widths { a: u64, b: i64, c: u128, d: i128, e: f32 },
    /// The same maps.
    #[rpc(returns = (Names, Pairs))]
    Maps { names: Names, pairs: Pairs },
    /// The same text.
    #[rpc(returns = String)]
    Echo { text: &'a str },
    /// The same shape.
    #[rpc(returns = Vec<Kind>)]
    Kinds { kinds: Vec<Kind> },
    /// Answers that it is done, or a text of its own.
    #[rpc(returns = Result<(), String>)]
    Check { complaint: &'a str },
    /// The hundredth part of nothing is refused by the type.
    #[rpc(returns = u32)]
    Divide { by: NonZeroU32 },
    /// So many bytes.
    #[rpc(returns = Vec<u8>)]
    Make { size: u64 },
    /// Tells that it was there.
    #[rpc(oneway)]
    Touch { gate: &'a str },
    /// The same, on a thread of its own.
    #[rpc(oneway, blocking)]
    TouchApart { gate: &'a str },
    /// Answers when the gate of this name is opened.
    #[rpc(returns = ())]
    Wait { gate: &'a str },
    /// The same, known to be slow.
    #[rpc(returns = (), blocking)]
    WaitApart { gate: &'a str },
    /// The same, and nobody waits for long.
    #[rpc(returns = (), timeout = "1s")]
    WaitBriefly { gate: &'a str },
    /// Panics.
    #[rpc(returns = ())]
    Panic,
    /// Not for you.
    #[rpc(returns = ())]
    Secret,
    /// Has an error that is no answer.
    #[rpc(returns = ())]
    Stumble,
    /// Ends in the middle of its answer.
    #[rpc(returns = Vec<String>)]
    Garble,
    /// Is neither of its two answers.
    #[rpc(returns = Result<(), String>)]
    Neither,
    /// Ends when its caller has given up.
    #[rpc(returns = (), blocking)]
    Linger,
}

/// A map that is an object in JSON, and one that is a list of pairs.
pub(crate) type Names = BTreeMap<String, u32>;
pub(crate) type Pairs = BTreeMap<(u8, u8), bool>;

/// A small service beside the large one.
#[derive(Service)]
pub(crate) enum Desk {
    /// Adds an entry.
    #[rpc(returns = ())]
    Add { entry: Entry },
    #[doc = "A \u{1b}[31mred\u{202e} doc."]
    #[rpc(returns = ())]
    Paint,
}

/// One entry.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Entry {
    /// What it is found by.
    key: String,
    tags: Vec<String>,
    size: Size,
    note: Option<String>,
}

/// Width and height.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Size(u16, u16);

/// Each kind of variant.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) enum Kind {
    Plain,
    Number(u8),
    Pair(u8, bool),
    Named { x: f64 },
}

/// What can go wrong with numbers.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) enum MathError {
    /// The sum has more than 64 bits.
    Overflow { by: u64 },
}

/// Doors that tests open.
#[derive(Default, Clone)]
pub(crate) struct Gates(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Gates {
    pub(crate) fn open(&self, name: &str) {
        self.0.0.lock().unwrap().push(name.to_owned());
        self.0.1.notify_all();
    }

    /// Waits for a gate; for so long that only a test that fails notices.
    pub(crate) fn pass(&self, name: &str) {
        let (open, opened) = &*self.0;
        let closed = |open: &mut Vec<String>| !open.iter().any(|gate| gate == name);
        let (_open, waited) = opened.wait_timeout_while(open.lock().unwrap(), Duration::from_secs(20), closed).unwrap();
        assert!(!waited.timed_out(), "nobody opens {name}");
    }
}

/// Answers for the zoo.
#[derive(Default, Clone)]
pub(crate) struct Keeper(pub(crate) Gates);

impl ZooHandler for Keeper {
    fn add(&self, _cx: &Context, a: i64, b: i64) -> Result<i64, MathError> {
        a.checked_add(b).ok_or(MathError::Overflow { by: 1 })
    }
    fn put(&self, _cx: &Context, entry: Entry, _owner: Option<&str>) -> Entry {
        entry
    }
    fn owner(&self, _cx: &Context, of: Option<&str>) -> Option<String> {
        of.map(str::to_owned)
    }
    fn bytes(&self, _cx: &Context, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
    fn widths(&self, _cx: &Context, a: u64, b: i64, c: u128, d: i128, e: f32) -> (u64, i64, u128, i128, f32) {
        (a, b, c, d, e)
    }
    fn maps(&self, _cx: &Context, names: Names, pairs: Pairs) -> (Names, Pairs) {
        (names, pairs)
    }
    fn echo(&self, _cx: &Context, text: &str) -> String {
        text.to_owned()
    }
    fn kinds(&self, _cx: &Context, kinds: Vec<Kind>) -> Vec<Kind> {
        kinds
    }
    fn check(&self, _cx: &Context, complaint: &str) -> Result<(), String> {
        if complaint.is_empty() { Ok(()) } else { Err(complaint.to_owned()) }
    }
    fn divide(&self, _cx: &Context, by: NonZeroU32) -> u32 {
        100 / by
    }
    fn make(&self, _cx: &Context, size: u64) -> Vec<u8> {
        vec![7; size as usize]
    }
    fn touch(&self, _cx: &Context, gate: &str) {
        self.0.open(gate);
    }
    fn touch_apart(&self, cx: &Context, gate: &str) {
        self.touch(cx, gate);
    }
    fn wait(&self, _cx: &Context, gate: &str) {
        self.0.open(&format!("at {gate}"));
        self.0.pass(gate);
    }
    fn wait_apart(&self, cx: &Context, gate: &str) {
        self.wait(cx, gate);
    }
    fn wait_briefly(&self, cx: &Context, gate: &str) {
        self.wait(cx, gate);
    }
    fn panic(&self, _cx: &Context) {
        // Not through the panic hook: the tests' output stays readable.
        std::panic::resume_unwind(Box::new("a secret"));
    }
    fn secret(&self, _cx: &Context) {}
    fn stumble(&self, _cx: &Context) {}
    fn garble(&self, _cx: &Context) -> Vec<String> {
        Vec::new()
    }
    fn neither(&self, _cx: &Context) -> Result<(), String> {
        Ok(())
    }
    fn linger(&self, cx: &Context) {
        self.0.open("lingering");
        while !cx.is_cancelled() {
            std::thread::yield_now();
        }
        self.0.open("cancelled");
    }
}

impl DeskHandler for Keeper {
    fn add(&self, _cx: &Context, _entry: Entry) {}
    fn paint(&self, _cx: &Context) {}
}

/// Lets nobody have the secret, and answers some calls with bytes that no handler would.
struct Fence<H>(H);

impl<H: Handler> Handler for Fence<H> {
    fn service(&self) -> &'static ServiceInfo {
        self.0.service()
    }
    fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error> {
        match cx.method().name {
            "secret" => Err(Error::not_allowed("it is \u{1b}[31msecret")),
            "stumble" => Err(Error::System { doing: "walking".to_owned(), text: "a stone".to_owned() }),
            // Announces two strings, and has one.
            "garble" => call.reply(&(2u8, "whole".to_owned())),
            "neither" => call.reply(&7u8),
            _ => self.0.handle(cx, call),
        }
    }
}

/// Both services, ready to listen.
pub(crate) fn server(keeper: &Keeper) -> Server {
    Server::new(Fence(Zoo::serve(keeper.clone()))).add(Desk::serve(keeper.clone()))
}
