//! Clients and servers built from different versions of one service: either they understand each other, or a call fails
//! before anything runs, and says what differs.
#![cfg(unix)]
mod common;
use common::raw::*;
use common::{SOCKETS, Way, listen};
use rpc_core::{Client, Connect, Connection, Context, Error, Outcome, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

/// What a client was built with long ago.
mod old {
    use super::*;

    #[derive(Service)]
    pub(super) enum Store<'a> {
        #[rpc(returns = String)]
        Keep { what: &'a str },
        #[rpc(returns = String)]
        Delete { what: &'a str },
        #[rpc(returns = u32)]
        Count { from: u32 },
        #[rpc(returns = u32)]
        Size,
        #[rpc(returns = ())]
        Put { entry: Entry },
        #[rpc(returns = Entry)]
        Get,
        #[rpc(returns = ())]
        Tell { state: State },
        #[rpc(returns = State)]
        Ask,
        #[rpc(returns = ())]
        Swap { pair: Pair },
        #[rpc(returns = ())]
        Renamed,
        #[rpc(returns = ())]
        Removed,
        #[rpc(oneway)]
        Hint { number: u8 },
    }

    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub(super) struct Entry {
        pub(super) key: String,
    }

    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub(super) enum State {
        On,
        Off,
    }

    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub(super) struct Pair {
        pub(super) left: u32,
        pub(super) right: u32,
    }
}

/// What the server has become since.
mod new {
    use super::*;

    #[derive(Service)]
    pub(super) enum Store<'a> {
        #[rpc(returns = String)]
        Delete { what: &'a str },
        #[rpc(returns = String)]
        Keep { what: &'a str },
        #[rpc(returns = ())]
        Added,
        #[rpc(returns = u32)]
        Count { from: u64 },
        #[rpc(returns = u64)]
        Size,
        #[rpc(returns = ())]
        Put { entry: Entry },
        #[rpc(returns = Entry)]
        Get,
        #[rpc(returns = ())]
        Tell { state: State },
        #[rpc(returns = State)]
        Ask,
        #[rpc(returns = ())]
        Swap { pair: Pair },
        #[rpc(returns = ())]
        NewName,
        #[rpc(oneway)]
        Hint { number: u16 },
        #[rpc(returns = (), blocking)]
        Meet,
    }

    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub(super) struct Entry {
        pub(super) key: String,
        pub(super) value: String,
    }

    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub(super) enum State {
        On,
        Off,
        Unsure,
    }

    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub(super) struct Pair {
        pub(super) right: u32,
        pub(super) left: u32,
    }
}

/// Counts whatever runs, and notes what was done to whom.
#[derive(Clone)]
struct Handler {
    ran: Arc<AtomicU64>,
    done: Arc<Mutex<Vec<String>>>,
    meeting: Arc<Barrier>,
}

impl Handler {
    fn new() -> Self {
        Self { ran: Arc::default(), done: Arc::default(), meeting: Arc::new(Barrier::new(2)) }
    }
    fn count(&self) {
        self.ran.fetch_add(1, SeqCst);
    }
    fn does(&self, what: String) -> String {
        self.count();
        self.done.lock().unwrap().push(what.clone());
        what
    }
}

impl new::StoreHandler for Handler {
    fn delete(&self, _cx: &Context, what: &str) -> String {
        self.does(format!("deleted {what}"))
    }
    fn keep(&self, _cx: &Context, what: &str) -> String {
        self.does(format!("kept {what}"))
    }
    fn added(&self, _cx: &Context) {
        self.count();
    }
    fn count(&self, _cx: &Context, from: u64) -> u32 {
        self.count();
        from as u32
    }
    fn size(&self, _cx: &Context) -> u64 {
        self.count();
        1
    }
    fn put(&self, _cx: &Context, _entry: new::Entry) {
        self.count();
    }
    fn get(&self, _cx: &Context) -> new::Entry {
        self.count();
        new::Entry { key: String::new(), value: String::new() }
    }
    fn tell(&self, _cx: &Context, state: new::State) {
        self.does(format!("told {state:?}"));
    }
    fn ask(&self, _cx: &Context) -> new::State {
        self.count();
        new::State::Unsure
    }
    fn swap(&self, _cx: &Context, _pair: new::Pair) {
        self.count();
    }
    fn new_name(&self, _cx: &Context) {
        self.count();
    }
    fn hint(&self, _cx: &Context, _number: u16) {
        self.count();
    }
    fn meet(&self, _cx: &Context) {
        self.count();
        self.meeting.wait();
        self.meeting.wait();
    }
}

/// An old client at a new server, however it is reached, and whether the service is opened in the handshake or later.
fn check(scenario: impl Fn(&old::StoreClient<Connection>, &new::StoreClient<Connection>, &Handler)) {
    for way in SOCKETS {
        let (handler, directory) = (Handler::new(), tempfile::tempdir().unwrap());
        let server = listen(way, Server::new(new::Store::serve(handler.clone())), &directory).unwrap();
        let address = server.addresses()[0].to_string();
        let later = Connect::new(&address).connect().unwrap();
        let current = new::Store::connect(&address).unwrap();
        scenario(&old::Store::connect(&address).unwrap(), &current, &handler);
        scenario(&old::Store::client(later), &current, &handler);
    }
}

#[test]
fn methods_are_matched_by_name() {
    check(|store, _, handler| {
        handler.done.lock().unwrap().clear();
        assert_eq!(store.keep("it").unwrap(), "kept it");
        assert_eq!(store.delete("that").unwrap(), "deleted that");
        assert_eq!(*handler.done.lock().unwrap(), ["kept it", "deleted that"]);
    });
}

#[test]
fn what_differs_is_named_before_anything_runs() {
    check(|store, _, handler| {
        let before = handler.ran.load(SeqCst);
        let pair = || old::Pair { left: 1, right: 2 };
        let errors = [
            (store.count(1).unwrap_err(), "Store.count", ["count(from)", "u32", "u64"]),
            (store.size().unwrap_err(), "Store.size", ["returns", "u32", "u64"]),
            (
                store.put(old::Entry { key: String::new() }).unwrap_err(),
                "Store.put",
                ["put(entry).value", "absent", "String"],
            ),
            (store.get().unwrap_err(), "Store.get", ["returns.value", "absent", "String"]),
            (store.ask().unwrap_err(), "Store.ask", ["returns", "variant 2", "Unsure"]),
            (store.swap(pair()).unwrap_err(), "Store.swap", ["swap(pair).left", "field 1", "field 2"]),
            (store.hint(1).unwrap_err(), "Store.hint", ["hint(number)", "u8", "u16"]),
        ];
        for (error, named, words) in errors {
            let Error::Incompatible { method, path, ours, theirs } = &error else { panic!("{named}: {error:?}") };
            assert_eq!((method.as_str(), error.outcome()), (named, Outcome::Refused));
            assert!(!path.is_empty() && !ours.is_empty() && !theirs.is_empty(), "{error}");
            let text = error.to_string();
            assert!(words.iter().all(|word| text.contains(word)), "{text:?} does not name {words:?}");
        }
        assert_eq!(handler.ran.load(SeqCst), before, "nothing has run");
        // An enum may gain variants that only its receiver knows.
        store.tell(old::State::Off).unwrap();
        assert_eq!(handler.done.lock().unwrap().last().unwrap(), "told Off");
        assert_eq!(store.keep("on").unwrap(), "kept on", "others go on");
    });
}

/// With another caller's call in flight on the same connection, which must not notice.
#[test]
fn a_missing_method_fails_its_own_call_alone() {
    check(|store, _, handler| {
        // The old client has no `meet`, so the call in flight is made over its connection by the new one.
        let beside = new::Store::client(store.channel().clone());
        std::thread::scope(|scope| {
            let meeting = scope.spawn(|| beside.timeout(Duration::from_secs(9)).meet());
            handler.meeting.wait();
            for error in [store.removed().unwrap_err(), store.renamed().unwrap_err()] {
                assert!(matches!(error, Error::UnknownMethod { .. }), "{error:?}");
                assert_eq!(error.outcome(), Outcome::Refused);
            }
            assert_eq!(store.keep("it").unwrap(), "kept it");
            handler.meeting.wait();
            meeting.join().unwrap().unwrap();
        });
    });
}

/// A second service of a server, with methods that look the same.
mod other {
    use super::*;

    #[derive(Service)]
    pub(super) enum Shelf<'a> {
        #[rpc(returns = String)]
        Keep { what: &'a str },
    }
}

impl other::ShelfHandler for Handler {
    fn keep(&self, _cx: &Context, what: &str) -> String {
        self.does(format!("shelved {what}"))
    }
}

#[test]
fn services_by_name() {
    for way in SOCKETS {
        let (handler, directory) = (Handler::new(), tempfile::tempdir().unwrap());
        let both = Server::new(new::Store::serve(handler.clone())).add(other::Shelf::serve(handler.clone()));
        let server = listen(way, both, &directory).unwrap();
        let connection = Connection::connect(&server.addresses()[0].to_string()).unwrap();
        let (shelf, store) = (other::Shelf::client(connection.clone()), new::Store::client(connection.clone()));
        for _ in 0..2 {
            assert_eq!(shelf.keep("a").unwrap(), "shelved a");
            assert_eq!(store.keep("a").unwrap(), "kept a");
            assert_eq!(old::Store::client(connection.clone()).delete("a").unwrap(), "deleted a");
        }
        let directory = tempfile::tempdir().unwrap();
        let server = listen(way, Server::new(other::Shelf::serve(handler.clone())), &directory).unwrap();
        let address = server.addresses()[0].to_string();
        let connection = Connection::connect(&address).unwrap();
        for error in
            [new::Store::connect(&address).map(drop), new::Store::client(connection).added()].map(Result::unwrap_err)
        {
            let Error::UnknownService { service, known } = &error else { panic!("{error:?}") };
            assert_eq!((service.as_str(), error.outcome()), ("Store", Outcome::Refused));
            assert!(known.contains(&"Shelf".to_owned()), "{known:?}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The whole of a conversation, byte by byte: a change of the wire is a change of these lines.
#[test]
fn golden_bytes() {
    // The client's side.
    let (said, heard) = std::sync::mpsc::channel();
    let said = Mutex::new(said);
    let fake = common::fake::Fake::new(move |mut raw, _| {
        let said = said.lock().unwrap();
        let whole_frame = |raw: &mut Raw| {
            let mut head = raw.exact(12);
            // Where it was sent from differs from run to run.
            head[7] = 0xff;
            let body = raw.exact(u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize);
            [head, body].concat()
        };
        let greeting = [raw.exact(8), whole_frame(&mut raw)].concat();
        said.send(hex(&greeting)).unwrap();
        raw.send(&[PREFACE.to_vec(), frame(WELCOME, 0, &bytes_of(&common::fake::welcome()))].concat());
        said.send(hex(&whole_frame(&mut raw))).unwrap();
        raw.send(&frame(REPLY, 1, &[0, 6, b'k', b'e', b'p', b't', b' ', b'a']));
        raw.rest();
    });
    let shelf = other::Shelf::connect(&fake.address).unwrap();
    // Without a deadline: how much of one is left would be another number each time.
    assert_eq!(shelf.no_deadline().keep("a").unwrap(), "kept a");
    assert_eq!(heard.recv().unwrap(), GOLDEN_HELLO);
    assert_eq!(heard.recv().unwrap(), GOLDEN_CALL);
    drop(shelf);
    // The server's.
    let (handler, directory) = (Handler::new(), tempfile::tempdir().unwrap());
    let server = listen(Way::Set, Server::new(other::Shelf::serve(handler)), &directory).unwrap();
    let mut raw = Raw::to(&server.addresses()[0].to_string());
    raw.send(&bytes(GOLDEN_HELLO));
    raw.send(&bytes(GOLDEN_CALL));
    assert_eq!(raw.exact(8), PREFACE);
    let welcome = raw.frame();
    assert_eq!((welcome.kind, welcome.call), (WELCOME, 0));
    // The instance is a number of up to ten bytes; what follows it is always the same.
    assert!(hex(&welcome.body).ends_with(GOLDEN_WELCOME_END), "{}", hex(&welcome.body));
    let reply = hex(&raw.exact(bytes(GOLDEN_REPLY).len()));
    assert_eq!(reply, GOLDEN_REPLY);
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Preface; head; 4 MiB, no calls, a window of 256 KiB, 16 descriptors; `Some`, the service's name, its fingerprint.
const GOLDEN_HELLO: &str =
    "8f525043010000001a000000010000ff0000000080808002008080101001055368656c66bcd4a3edeca8bce5c601";
/// Head; service 0, no deadline, method 0; the text.
const GOLDEN_CALL: &str = "05000000060000ff010000000000000161";
/// 4 MiB, 256 calls, a window of 256 KiB, 16 descriptors; `Some`, here, service 0, no schema.
const GOLDEN_WELCOME_END: &str = "8080800280028080101001000000";
/// Head; method 0; the text.
const GOLDEN_REPLY: &str = "0b000000070000ff0100000000097368656c7665642061";
