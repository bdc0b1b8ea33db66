//! What travels: requests, replies and values, against what serde's own derive makes of the same types.
#![deny(warnings, missing_docs, rust_2018_idioms)]

use rpc_core::{Call, CallOptions, Channel, DuplexOf, Mode, Outgoing, Schema, Service, StreamOf, UploadOf, Value};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, cell::RefCell};

/// A service whose requests are values as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Service)]
pub enum Kv<'a> {
    /// Looks up one key.
    #[rpc(returns = Option<String>)]
    Get {
        /// The key.
        key: &'a str,
    },
    /// Stores.
    #[rpc(returns = Result<(), Entry>)]
    Set {
        /// The key.
        key: Cow<'a, str>,
        /// The value.
        value: &'a [u8],
        /// More of them.
        more: Vec<Entry>,
    },
    /// Counts a visit.
    #[rpc(oneway)]
    Touch,
    /// Everything.
    #[rpc(returns = Vec<Entry>)]
    All,
    /// Some bytes.
    #[rpc(returns = Vec<u8>)]
    Raw {
        /// How many.
        limit: Option<u64>,
    },
    /// Items, and nothing behind them.
    #[rpc(stream = Entry)]
    List {
        /// Where they begin.
        prefix: &'a str,
    },
    /// Items, then a summary.
    #[rpc(stream = Entry, returns = Result<Vec<u8>, Entry>)]
    Scan,
    /// Items of the caller.
    #[rpc(accepts = Entry, returns = u64)]
    Load,
    /// Items both ways.
    #[rpc(accepts = String, stream = Entry)]
    Lookup {
        /// What stands for those that are not there.
        fallback: Vec<u8>,
    },
}

/// What `KvReply` must be like on the wire.
#[derive(Debug, Serialize, Deserialize)]
enum Expected {
    Get(Option<String>),
    Set(Result<(), Entry>),
    Touch,
    All(Vec<Entry>),
    Raw(Vec<u8>),
    List(()),
    Scan(Result<Vec<u8>, Entry>),
    Load(u64),
    Lookup(()),
}

/// One key and its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Entry {
    key: String,
    value: Vec<u8>,
}

fn entry() -> Entry {
    Entry { key: "k".into(), value: vec![1, 200] }
}

/// Writes requests down, as a connection would send them.
#[derive(Default)]
struct Recorder(RefCell<Vec<u8>>);

/// Gives nothing to wait for.
enum Nothing {}
impl Mode for Nothing {
    type Call<R> = ();
    type Stream<T, R> = ();
    type Upload<A, R> = ();
    type Sink<A> = ();
}

impl Channel for Recorder {
    type Mode = Nothing;
    fn call<R: Value>(&self, call: Outgoing<'_>) -> Call<Self, R> {
        self.record(call);
    }
    fn stream<T: Value, R: Value>(&self, call: Outgoing<'_>) -> StreamOf<Self, T, R> {
        self.record(call);
    }
    fn upload<A: Value, R: Value>(&self, call: Outgoing<'_>) -> UploadOf<Self, A, R> {
        self.record(call);
    }
    fn duplex<A: Value, T: Value, R: Value>(&self, call: Outgoing<'_>) -> DuplexOf<Self, A, T, R> {
        self.record(call);
        ((), ())
    }
}

impl Recorder {
    fn record(&self, call: Outgoing<'_>) {
        assert_eq!(call.service.name(), "Kv");
        assert_eq!(call.options, CallOptions::default());
        let mut bytes = postcard::to_stdvec(&call.method.index).expect("a number");
        call.args.encode(&mut bytes).expect("arguments that can be written");
        self.0.replace(bytes);
    }
}

#[test]
fn a_request_is_what_serde_makes_of_the_enum() {
    let kv = Kv::client(Recorder::default());
    let sent = |request: Kv<'_>| {
        let bytes = rpc_core::Client::channel(&kv).0.take();
        assert_eq!(bytes, postcard::to_stdvec(&request).expect("a request"), "{request:?}");
        assert_eq!(postcard::from_bytes::<Kv<'_>>(&bytes).expect("the same request"), request);
    };
    kv.get("key");
    sent(Kv::Get { key: "key" });
    kv.set("key".into(), &[0, 255, 7], vec![entry(), entry()]);
    sent(Kv::Set { key: "key".into(), value: &[0, 255, 7], more: vec![entry(), entry()] });
    kv.touch();
    sent(Kv::Touch);
    kv.all();
    sent(Kv::All);
    kv.raw(Some(300));
    sent(Kv::Raw { limit: Some(300) });
    kv.list("k");
    sent(Kv::List { prefix: "k" });
    kv.scan();
    sent(Kv::Scan);
    kv.load();
    sent(Kv::Load);
    let ((), ()) = kv.lookup(vec![7; 300]);
    sent(Kv::Lookup { fallback: vec![7; 300] });
}

#[test]
fn a_reply_is_what_serde_makes_of_the_enum() {
    let pairs = [
        (KvReply::Get(Some("v".into())), Expected::Get(Some("v".into()))),
        (KvReply::Get(None), Expected::Get(None)),
        (KvReply::Set(Ok(())), Expected::Set(Ok(()))),
        (KvReply::Set(Err(entry())), Expected::Set(Err(entry()))),
        (KvReply::Touch, Expected::Touch),
        (KvReply::All(vec![entry(), entry()]), Expected::All(vec![entry(), entry()])),
        (KvReply::Raw(vec![7; 300]), Expected::Raw(vec![7; 300])),
        (KvReply::List(()), Expected::List(())),
        (KvReply::Scan(Ok(vec![7; 300])), Expected::Scan(Ok(vec![7; 300]))),
        (KvReply::Scan(Err(entry())), Expected::Scan(Err(entry()))),
        (KvReply::Load(300), Expected::Load(300)),
        (KvReply::Lookup(()), Expected::Lookup(())),
    ];
    for (reply, expected) in pairs {
        let bytes = postcard::to_stdvec(&reply).expect("a reply");
        assert_eq!(bytes, postcard::to_stdvec(&expected).expect("serde's"), "{reply:?}");
        let again: KvReply = postcard::from_bytes(&bytes).expect("the same reply");
        assert_eq!(format!("{again:?}"), format!("{expected:?}"));

        let json = serde_json::to_string(&reply).expect("a reply");
        assert_eq!(json, serde_json::to_string(&expected).expect("serde's"), "{reply:?}");
        let again: KvReply = serde_json::from_str(&json).expect("the same reply");
        assert_eq!(format!("{again:?}"), format!("{expected:?}"));
    }
}

#[test]
fn a_reply_of_no_method_is_an_error() {
    assert!(postcard::from_bytes::<KvReply>(&[9]).is_err());
    assert!(postcard::from_bytes::<KvReply>(&[]).is_err());
    let error = serde_json::from_str::<KvReply>(r#"{"Put":1}"#).expect_err("no such variant");
    assert!(error.to_string().starts_with("unknown variant `Put`, expected one of `Get`, `Set`"), "{error}");
}

/// Writes a value through its hooks, as a connection would.
struct Hooked<T>(T);
impl<T: Value> Serialize for Hooked<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.wire_write(serializer)
    }
}
impl<'de, T: Value> Deserialize<'de> for Hooked<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::wire_read(deserializer).map(Hooked)
    }
}

/// The hooks write and read the same as serde, in both formats.
fn same<T: Value + Clone + PartialEq + std::fmt::Debug>(value: T) {
    let bytes = postcard::to_stdvec(&value).expect("serde's");
    assert_eq!(postcard::to_stdvec(&Hooked(value.clone())).expect("ours"), bytes, "{value:?}");
    assert_eq!(postcard::from_bytes::<Hooked<T>>(&bytes).expect("ours").0, value);
    let json = serde_json::to_string(&value).expect("serde's");
    assert_eq!(serde_json::to_string(&Hooked(value.clone())).expect("ours"), json);
    assert_eq!(serde_json::from_str::<Hooked<T>>(&json).expect("ours").0, value);
}

/// One of every kind.
mod kinds {
    use super::{Deserialize, Schema, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) struct Unit;
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) struct Newtype(pub(super) Vec<u8>);
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) struct OneField {
        pub(super) only: Option<Vec<u8>>,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) struct Tuple(pub(super) u64, pub(super) Newtype, pub(super) Unit);
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) struct Page<T> {
        pub(super) items: Vec<T>,
        pub(super) r#type: Option<Box<Page<T>>>,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Attributed {
        pub(super) max_size: u64,
        #[serde(skip)]
        pub(super) cached: u64,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) enum Shape {
        Unit,
        Newtype(Vec<u8>),
        Tuple(u8, u8),
        Fields { bytes: Vec<u8> },
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
    pub(super) struct WithDefault<T> {
        #[serde(skip)]
        pub(super) cached: T,
        pub(super) value: u8,
    }
}

#[test]
fn values_travel_as_serde_writes_them() {
    use kinds::*;
    same(Unit);
    same(Newtype(vec![1, 2, 3]));
    same(OneField { only: Some(vec![9; 200]) });
    same(Tuple(1 << 40, Newtype(vec![]), Unit));
    let last = Page { items: vec![entry()], r#type: None };
    same(Page { items: vec![entry(), entry()], r#type: Some(Box::new(last)) });
    same(Attributed { max_size: 7, cached: 0 });
    for shape in [Shape::Unit, Shape::Newtype(vec![5]), Shape::Tuple(1, 2), Shape::Fields { bytes: vec![1] }] {
        same(shape);
    }
    same(WithDefault::<u64> { cached: 0, value: 1 });
}
