//! Streams as their users write them: every shape, over a handler of this process.
#![deny(warnings, missing_docs, rust_2018_idioms, clippy::all)]

use rpc_core::{
    Client, Connection, Context, Error, Outcome, Pipeline, Schema, Service, Sink, Source, Stopped, Stream, Upload,
};
use serde::{Deserialize, Serialize};
use std::{
    iter,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// A store of entries.
#[derive(Service)]
pub enum Kv<'a> {
    /// Every entry under a prefix.
    #[rpc(stream = Entry)]
    List {
        /// Where the keys begin.
        prefix: &'a str,
    },
    /// Entries, and what was seen of them.
    #[rpc(stream = Entry, returns = Result<Summary, StoreError>)]
    Scan {
        /// How many; a store has three.
        limit: u64,
    },
    /// Takes entries; answers how many bytes they have.
    #[rpc(accepts = Entry, returns = u64)]
    Load,
    /// Takes entries until there are enough.
    #[rpc(accepts = Entry, returns = Result<u64, StoreError>)]
    Fill {
        /// How many it takes.
        room: u64,
    },
    /// An entry for each key; answers how many.
    #[rpc(accepts = String, stream = Entry, returns = u64)]
    Lookup {
        /// The value of all of them.
        value: &'a [u8],
    },
    /// Takes one key, and wants no others: sends that one ten times.
    #[rpc(accepts = String, stream = String)]
    First,
    /// Numbers without end.
    #[rpc(stream = u64)]
    Count,
    /// Numbers, and then a panic. It wants no items, but its caller sees by them that it has ended.
    #[rpc(accepts = u64, stream = u64, returns = u64)]
    Panic {
        /// How many.
        after: u64,
    },
}

/// Another service.
#[derive(Service)]
pub enum Other {
    /// Does nothing.
    #[rpc(returns = ())]
    Nothing,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Entry {
    key: String,
    value: Vec<u8>,
}

/// What a scan has seen.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Summary {
    entries: u64,
}

/// Why it went wrong.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub enum StoreError {
    /// There are no more.
    Missing,
    /// No room for more.
    Full,
}

/// How a handler found itself stopped.
#[derive(Debug, PartialEq)]
struct Seen {
    method: &'static str,
    cancelled: bool,
}

/// Answers, and tells when it is stopped.
struct Store(Sender<Seen>);

impl Store {
    fn tell(&self, cx: &Context, stopped: Stopped) -> Stopped {
        // Most tests do not listen.
        let _ = self.0.send(Seen { method: cx.method().name, cancelled: cx.is_cancelled() });
        stopped
    }
}

const KEYS: [&str; 3] = ["a1", "a2", "b1"];

fn entry(key: &str, value: &[u8]) -> Entry {
    Entry { key: key.to_owned(), value: value.to_owned() }
}

impl KvHandler for Store {
    fn list(&self, _: &Context, prefix: &str, mut out: Sink<Entry>) -> Result<(), Stopped> {
        for key in KEYS.into_iter().filter(|key| key.starts_with(prefix)) {
            out.send(&entry(key, b"v"))?;
        }
        Ok(())
    }

    fn scan(&self, _: &Context, limit: u64, mut out: Sink<Entry>) -> Result<Result<Summary, StoreError>, Stopped> {
        let entries: Vec<_> = KEYS.into_iter().take(limit as usize).map(|key| entry(key, b"v")).collect();
        out.send_all(&entries)?;
        if limit > KEYS.len() as u64 {
            return Ok(Err(StoreError::Missing));
        }
        Ok(Ok(Summary { entries: limit }))
    }

    fn load(&self, cx: &Context, input: Source<Entry>) -> Result<u64, Stopped> {
        let mut bytes = 0;
        for entry in input {
            bytes += entry.map_err(|stopped| self.tell(cx, stopped))?.value.len() as u64;
        }
        Ok(bytes)
    }

    fn fill(&self, _: &Context, room: u64, mut input: Source<Entry>) -> Result<Result<u64, StoreError>, Stopped> {
        for count in 0..room {
            match input.next() {
                Some(entry) => drop(entry?),
                None => return Ok(Ok(count)),
            }
        }
        Ok(Err(StoreError::Full))
    }

    fn lookup(&self, cx: &Context, value: &[u8], input: Source<String>, mut out: Sink<Entry>) -> Result<u64, Stopped> {
        let mut count = 0;
        for key in input {
            match key {
                Ok(key) => out.send(&entry(&key, value))?,
                // Without its end: the caller is told how far it went.
                Err(stopped) => {
                    self.tell(cx, stopped);
                    break;
                }
            }
            count += 1;
        }
        Ok(count)
    }

    fn first(&self, _: &Context, mut input: Source<String>, mut out: Sink<String>) -> Result<(), Stopped> {
        let first = input.next().unwrap_or(Err(Stopped))?;
        drop(input);
        out.send_all(iter::repeat_n(&first, 10))
    }

    fn count(&self, cx: &Context, mut out: Sink<u64>) -> Result<(), Stopped> {
        for number in 0.. {
            out.send(&number).map_err(|stopped| self.tell(cx, stopped))?;
        }
        Ok(())
    }

    fn panic(&self, _: &Context, after: u64, input: Source<u64>, mut out: Sink<u64>) -> Result<u64, Stopped> {
        // Never dropped, it stops its caller only when the call has ended.
        std::mem::forget(input);
        for number in 0..after {
            out.send(&number)?;
        }
        panic!("after {after}: this is meant")
    }
}

/// A client, and what handlers tell.
fn kv() -> (KvClient, Receiver<Seen>) {
    let (sender, seen) = channel();
    (Kv::client(Connection::local(Kv::serve(Store(sender)))), seen)
}

/// Far more than anything here takes, and far less than for ever.
const MOMENT: Duration = Duration::from_secs(20);

#[test]
fn a_stream_without_a_summary_is_an_iterator() -> Result<(), Error> {
    let (kv, _) = kv();
    let mut keys = Vec::new();
    for entry in kv.list("a") {
        keys.push(entry?.key);
    }
    assert_eq!(keys, ["a1", "a2"]);
    assert_eq!(kv.list("").collect::<Result<Vec<_>, _>>()?.len(), 3);
    assert_eq!(kv.list("nothing").count(), 0);

    let mut list = kv.list("b");
    assert_eq!(list.next().transpose()?, Some(entry("b1", b"v")));
    assert!(list.next().is_none() && list.next().is_none(), "the end stays the end");
    list.finish()
}

#[test]
fn a_summary_follows_the_items() -> Result<(), Error> {
    let (kv, _) = kv();
    let mut scan: Stream<Entry, Result<Summary, StoreError>> = kv.scan(2);
    let keys = scan.items().map(|entry| Ok(entry?.key)).collect::<Result<Vec<_>, Error>>()?;
    assert_eq!(keys, ["a1", "a2"]);
    assert_eq!(scan.finish()?, Ok(Summary { entries: 2 }));

    let mut scan = kv.scan(9);
    assert_eq!(scan.items().count(), 3);
    assert_eq!(scan.finish()?, Err(StoreError::Missing), "the service's own error");

    let mut scan = kv.scan(3);
    assert_eq!(scan.recv().transpose()?.map(|entry| entry.key).as_deref(), Some("a1"));
    assert_eq!(scan.finish()?, Ok(Summary { entries: 3 }), "items that nobody took are thrown away");
    Ok(())
}

#[test]
fn an_upload_is_sent_and_finished() -> Result<(), Error> {
    let (kv, _) = kv();
    let mut load = kv.load();
    for length in [0, 1, 300] {
        load.send(&entry("k", &vec![7; length])).expect("the service takes it");
    }
    assert_eq!(load.finish()?, 301);
    assert_eq!(kv.load().finish()?, 0);
    assert_eq!(kv.load().send_all(&[entry("a", b"1"), entry("b", b"23")])?, 3);
    assert_eq!(kv.fill(9).send_all(&[entry("a", b"1"), entry("b", b"23")])?, Ok(2));
    Ok(())
}

/// Three megabytes, through a window of a quarter of one.
#[test]
fn items_may_be_larger_than_the_window() -> Result<(), Error> {
    let (kv, _) = kv();
    let large = entry("k", &vec![7; 1 << 20]);
    assert_eq!(kv.load().send_all(iter::repeat_n(&large, 3))?, 3 << 20);
    let (mut keys, found) = kv.lookup(&large.value);
    keys.send_all(&["a".to_owned(), "b".to_owned()]).expect("the service takes them");
    keys.finish();
    assert_eq!(found.finish()?, 2);
    Ok(())
}

#[test]
fn an_upload_may_be_answered_early() -> Result<(), Error> {
    let (kv, _) = kv();
    let item = entry("k", b"v");
    let mut fill = kv.fill(2);
    while fill.send(&item).is_ok() {}
    assert_eq!(fill.send(&item), Err(Stopped));
    assert_eq!(fill.finish()?, Err(StoreError::Full), "and this is the answer");
    assert_eq!(kv.fill(3).send_all(iter::repeat(&item))?, Err(StoreError::Full), "of more items than there are");
    Ok(())
}

#[test]
fn the_halves_of_a_two_way_call_go_to_two_threads() -> Result<(), Error> {
    let (kv, _) = kv();
    let (mut keys, mut found) = kv.lookup(&[7; 1000]);
    let sent = thread::spawn(move || {
        for number in 0..2000 {
            keys.send(&number.to_string())?;
        }
        keys.finish();
        Ok::<_, Stopped>(())
    });
    for number in 0..2000 {
        let found = found.recv().transpose()?.expect("an entry for each key");
        assert_eq!(found, entry(&number.to_string(), &[7; 1000]), "in their order");
    }
    assert!(found.recv().is_none());
    assert_eq!(sent.join().expect("no panic"), Ok(()));
    assert_eq!(found.finish()?, 2000);
    Ok(())
}

#[test]
fn the_halves_of_a_two_way_call_take_turns() -> Result<(), Error> {
    let (kv, _) = kv();
    let (mut keys, mut found) = kv.lookup(b"v");
    for key in KEYS {
        keys.send(&key.to_owned()).expect("the service takes it");
        assert_eq!(found.recv().transpose()?, Some(entry(key, b"v")), "before the next key");
    }
    keys.finish();
    assert_eq!(found.finish()?, 3);
    Ok(())
}

#[test]
fn a_handler_may_want_no_more_items() -> Result<(), Error> {
    let (kv, _) = kv();
    let (mut keys, mut found) = kv.first();
    let key = "k".repeat(200_000);
    keys.send(&key).expect("the service takes it");
    assert_eq!(found.recv().transpose()?.as_ref(), Some(&key));
    // It is not at its end: the window is smaller than what it sends. But it has dropped its input.
    assert_eq!(keys.send(&key), Err(Stopped));
    assert_eq!(found.items().collect::<Result<Vec<_>, _>>()?, vec![key; 9]);
    found.finish()
}

#[test]
fn a_sink_that_is_dropped_is_no_end() -> Result<(), Error> {
    let (kv, seen) = kv();
    let (mut keys, mut found) = kv.lookup(b"v");
    keys.send(&"a".to_owned()).expect("the service takes it");
    drop(keys);
    assert_eq!(seen.recv_timeout(MOMENT), Ok(Seen { method: "lookup", cancelled: false }));
    assert_eq!(found.recv().transpose()?, Some(entry("a", b"v")), "what was sent has come");
    assert_eq!(found.finish()?, 1, "and the handler may still answer");
    Ok(())
}

#[test]
fn an_upload_that_is_dropped_is_cancelled() {
    let (kv, seen) = kv();
    let mut load = kv.load();
    load.send(&entry("a", b"1")).expect("the service takes it");
    drop(load);
    let Seen { method, .. } = seen.recv_timeout(MOMENT).expect("the handler is told");
    assert_eq!(method, "load");
}

/// Often, because a handler could be woken before it can know why.
#[test]
fn a_stream_that_is_dropped_is_cancelled() {
    let (kv, seen) = kv();
    for _ in 0..200 {
        let numbers: Vec<u64> = kv.count().take(3).collect::<Result<_, _>>().expect("three numbers");
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(seen.recv_timeout(MOMENT), Ok(Seen { method: "count", cancelled: true }));
    }
}

#[test]
fn a_handler_that_panics_has_sent_what_it_has_sent() {
    let (kv, _) = kv();
    let (mut unwanted, mut numbers) = kv.panic(3);
    while unwanted.send(&1).is_ok() {}
    let items: Vec<_> = numbers.items().collect();
    let [Ok(0), Ok(1), Ok(2), Err(Error::Panicked { .. })] = &items[..] else { panic!("{items:?}") };
    assert!(numbers.recv().is_none(), "the error was the end");
    let error = numbers.finish().expect_err("no answer");
    assert!(matches!(error, Error::Panicked { .. }), "{error}");
    assert_eq!(error.outcome(), Outcome::Executed);
    let (_unwanted, numbers) = kv.panic(0);
    assert!(matches!(numbers.finish(), Err(Error::Panicked { .. })));
    assert_eq!(kv.list("").count(), 3, "the next call is as good as ever");
}

#[test]
fn a_deadline_ends_a_stream_that_never_waits() {
    let (kv, seen) = kv();
    let last = kv.timeout(Duration::from_millis(20)).count().last().expect("an error at least");
    assert!(matches!(last, Err(Error::Deadline { .. })), "{last:?}");
    assert_eq!(seen.recv_timeout(MOMENT), Ok(Seen { method: "count", cancelled: true }));
}

/// The handler waits, too, and both have the same deadline: whoever is first, the caller is told of the deadline.
#[test]
fn a_deadline_ends_a_stream_that_waits() {
    let (kv, _) = kv();
    for _ in 0..20 {
        let (_keys, mut found) = kv.timeout(Duration::from_millis(2)).first();
        let first = found.recv().expect("an error");
        assert!(matches!(first, Err(Error::Deadline { .. })), "{first:?}");
    }
}

#[test]
fn an_item_that_is_too_large_ends_its_call() {
    let (kv, _) = kv();
    let large = vec![7; 5 << 20];
    let mut load = kv.load();
    assert_eq!(load.send(&entry("k", &large)), Err(Stopped));
    let error = load.finish().expect_err("no answer");
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let (mut keys, mut found) = kv.lookup(&[7; 4_194_000]);
    assert_eq!(keys.send(&"k".repeat(400)), Ok(()));
    let error = found.recv().expect("an error").expect_err("no item");
    assert!(matches!(error, Error::TooLarge { outcome: Outcome::Executed, .. }), "{error}");
}

#[test]
fn a_call_that_could_not_begin_says_so_where_one_waits() {
    let kv = Kv::client(Connection::local(Other::serve(Nobody)));
    let is_unknown = |error: &Error| matches!(error, Error::UnknownService { .. });
    let list: Vec<_> = kv.list("a").collect();
    assert!(matches!(&list[..], [Err(error)] if is_unknown(error)), "{list:?}");
    let mut load = kv.load();
    assert_eq!(load.send(&entry("k", b"v")), Err(Stopped));
    assert!(load.finish().is_err_and(|error| is_unknown(&error)));
    let (mut keys, found) = kv.lookup(b"v");
    assert_eq!(keys.send(&"k".to_owned()), Err(Stopped));
    keys.finish();
    assert!(found.finish().is_err_and(|error| is_unknown(&error)));
}

struct Nobody;

impl OtherHandler for Nobody {
    fn nothing(&self, _: &Context) {}
}

/// However the client is made, a user holds the same types.
#[test]
fn every_channel_gives_the_same_types() -> Result<(), Error> {
    fn all_of<C: rpc_core::Channel<Mode = M>, M>(kv: &KvClient<C>) -> Result<(), Error>
    where
        M: rpc_core::Mode<
                Stream<Entry, Result<Summary, StoreError>> = Stream<Entry, Result<Summary, StoreError>>,
                Upload<Entry, u64> = Upload<Entry, u64>,
                Stream<Entry, u64> = Stream<Entry, u64>,
                Sink<String> = Sink<String>,
            >,
    {
        let scan: Stream<Entry, Result<Summary, StoreError>> = kv.scan(1);
        assert_eq!(scan.finish()?, Ok(Summary { entries: 1 }));
        let load: Upload<Entry, u64> = kv.load();
        assert_eq!(load.send_all(&[entry("k", b"v")])?, 1);
        let (keys, found): (Sink<String>, Stream<Entry, u64>) = kv.lookup(b"v");
        keys.finish();
        assert_eq!(found.finish()?, 0);
        Ok(())
    }
    let (sender, _seen) = channel();
    let connection = Connection::local(Kv::serve(Store(sender)));
    all_of(&Kv::client(connection.clone()))?;
    let pipelined: KvClient<Pipeline> = Kv::client(connection.pipelined());
    all_of(&pipelined)?;
    all_of(&pipelined.timeout(MOMENT))?;
    let kv = Kv::client(&connection);
    all_of(&kv)?;
    all_of(&kv.timeout(MOMENT))?;
    all_of(&kv.no_deadline().timeout(MOMENT))
}
