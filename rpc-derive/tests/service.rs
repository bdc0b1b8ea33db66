//! A service of every kind of method: what the derive knows about it, and that users get no warning for it.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unused_qualifications, clippy::all)]
#![deny(clippy::allow_attributes, clippy::allow_attributes_without_reason)]

use rpc_core::{
    Argument, Client, Connection, Context, Schema, Service, Shape, Sink, Source, Stopped, Stream, Upload, schema::Type,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, sync::Arc, time::Duration};

/// A key-value store.
///
///  Indented.
#[derive(Service)]
pub enum Kv<'a> {
    /// Looks up one key.
    #[rpc(returns = Option<String>, idempotent)]
    Get {
        /// The key,
        /// exactly.
        key: &'a str,
    },
    /// Stores a value.
    #[rpc(returns = Result<(), StoreError>, timeout = "250ms")]
    Set {
        /// Under this key.
        key: Cow<'a, str>,
        /// Any bytes.
        value: &'a [u8],
    },
    /// Stores many.
    #[rpc(returns = u64, blocking, timeout = "10m")]
    SetAll {
        /// All of them.
        entries: Vec<Entry>,
    },
    /// Counts a visit.
    #[rpc(oneway)]
    Touch {
        /// The key.
        key: &'a str,
    },
    /// Everything, as bytes.
    #[rpc(returns = Vec<u8>)]
    Type,
    /// Every entry under a prefix.
    #[rpc(stream = Entry)]
    List {
        /// Where the keys begin.
        prefix: &'a str,
    },
    /// Takes entries; how many.
    #[rpc(accepts = Entry, returns = u64)]
    Load,
    /// An entry for each key.
    #[rpc(accepts = String, stream = Entry, returns = Result<u64, StoreError>, timeout = "1h")]
    Lookup,
}

/// Why nothing was stored.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub enum StoreError {
    /// No room.
    Full,
}

/// One key and its value.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Entry {
    key: String,
    value: Vec<u8>,
}

struct Store;

impl KvHandler for Store {
    fn get(&self, cx: &Context, key: &str) -> Option<String> {
        Some(format!("{} {key}", cx.method().name))
    }
    fn set(&self, _: &Context, key: Cow<'_, str>, value: &[u8]) -> Result<(), StoreError> {
        if key.len() + value.len() < 4096 { Ok(()) } else { Err(StoreError::Full) }
    }
    fn set_all(&self, _: &Context, entries: Vec<Entry>) -> u64 {
        entries.iter().map(|entry| (entry.key.len() + entry.value.len()) as u64).sum()
    }
    fn touch(&self, _: &Context, _: &str) {}
    fn r#type(&self, _: &Context) -> Vec<u8> {
        Vec::new()
    }
    fn list(&self, _: &Context, prefix: &str, mut out: Sink<Entry>) -> Result<(), Stopped> {
        out.send(&Entry { key: prefix.to_owned(), value: vec![] })
    }
    fn load(&self, _: &Context, input: Source<Entry>) -> Result<u64, Stopped> {
        input.map(|entry| entry.map(|_| 1)).sum()
    }
    fn lookup(
        &self,
        _: &Context,
        input: Source<String>,
        mut out: Sink<Entry>,
    ) -> Result<Result<u64, StoreError>, Stopped> {
        for key in input {
            out.send(&Entry { key: key?, value: vec![] })?;
        }
        Ok(Err(StoreError::Full))
    }
}

/// Everything that the derive makes, as a user writes it. It is compiled, and not run: the connection is not ours.
#[expect(dead_code, reason = "only its types are of interest")]
fn everything_has_its_type() -> Result<(), rpc_core::Error> {
    let kv: KvClient = Kv::connect("kv")?;
    let found: Option<String> = kv.get("a")?;
    drop(found);
    let stored: Result<(), StoreError> = kv.set("a".into(), b"1")?;
    drop(stored);
    let _: u64 = kv.set_all(vec![])?;
    let () = kv.touch("a")?;
    let _: Vec<u8> = kv.r#type()?;
    let list: Stream<Entry> = kv.list("a");
    drop(list);
    let load: Upload<Entry, u64> = kv.load();
    drop(load);
    let lookup: (Sink<String>, Stream<Entry, Result<u64, StoreError>>) = kv.lookup();
    drop(lookup);

    let local = Connection::local(Kv::serve(Store));
    let kv: KvClient = Kv::client(local);
    let shared: KvClient<Arc<Connection>> = <KvClient as Client>::over(Arc::new(kv.channel().clone()));
    shared.clone().touch("a")
}

#[test]
fn its_methods_are_its_variants() {
    let info = Kv::INFO;
    assert_eq!((info.name(), info.doc()), ("Kv", "A key-value store.\n\n Indented."));
    let names: Vec<_> = info.methods().iter().map(|method| (method.index, method.name, method.shape)).collect();
    assert_eq!(
        names,
        [
            (0, "get", Shape::Unary),
            (1, "set", Shape::Unary),
            (2, "set_all", Shape::Unary),
            (3, "touch", Shape::OneWay),
            (4, "type", Shape::Unary),
            (5, "list", Shape::Stream),
            (6, "load", Shape::Upload),
            (7, "lookup", Shape::Duplex),
        ]
    );
    let [get, set, set_all, touch, _, list, _, lookup] = info.methods() else { panic!("eight methods") };
    assert_eq!((get.doc, get.idempotent, get.blocking, get.timeout), ("Looks up one key.", true, false, None));
    assert_eq!((set.idempotent, set.timeout), (false, Some(Duration::from_millis(250))));
    assert_eq!((set_all.blocking, set_all.timeout), (true, Some(Duration::from_secs(600))));
    let arguments =
        |arguments: &'static [Argument]| arguments.iter().map(|each| (each.name, each.doc)).collect::<Vec<_>>();
    assert_eq!(arguments(get.arguments), [("key", "The key,\nexactly.")]);
    assert_eq!(arguments(set.arguments), [("key", "Under this key."), ("value", "Any bytes.")]);
    assert_eq!(touch.doc, "Counts a visit.");
    assert_eq!(arguments(list.arguments), [("prefix", "Where the keys begin.")], "items are no arguments");
    assert_eq!((list.timeout, lookup.timeout), (None, Some(Duration::from_secs(3600))));
}

#[test]
fn its_schema_has_the_types() {
    let schema = Kv::INFO.schema();
    let names: Vec<_> = schema
        .methods
        .iter()
        .map(|method| {
            let name = |id| schema.types.name_of(id);
            let arguments: Vec<_> = method.arguments.iter().map(|field| name(field.ty)).collect();
            let items = [("accepts", method.accepts), ("stream", method.stream)];
            let items = items.map(|(key, id)| id.map_or(String::new(), |id| format!(" {key} {}", name(id)))).concat();
            format!("{}({}){items} -> {}", method.name, arguments.join(", "), name(method.returns))
        })
        .collect();
    assert_eq!(
        names,
        [
            "get(String) -> Option<String>",
            "set(String, Vec<u8>) -> Result<(), StoreError>",
            "set_all(Vec<Entry>) -> u64",
            "touch(String) -> ()",
            "type() -> Vec<u8>",
            "list(String) stream Entry -> ()",
            "load() accepts Entry -> u64",
            "lookup() accepts String stream Entry -> Result<u64, StoreError>",
        ]
    );
    assert_eq!(schema.types.get(schema.methods[4].returns), Some(&Type::Bytes));
}

/// A private service that nobody uses: nothing that is generated for it may be called unused.
mod unused {
    use super::Service;

    #[derive(Service)]
    enum Private {
        #[rpc(returns = Option<u64>)]
        GetOne { place: u64 },
        #[rpc(oneway)]
        Touch,
        #[rpc(returns = u64)]
        SetMany { a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8 },
        /// With the items, one more than clippy lets a handler's method have.
        #[rpc(accepts = u8, stream = u8)]
        Pair { a: u8, b: u8, c: u8, d: u8 },
    }

    mod inner {
        #[derive(super::Service)]
        pub(super) enum Inner<'a> {
            #[rpc(returns = ())]
            Put { value: &'a [u8] },
        }
    }
}
