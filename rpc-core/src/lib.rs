//! Typed RPC between the processes of one machine: over local sockets first, over TCP with the same code.
//!
//! A service is one enum. `#[derive(Service)]` makes its client, its handler trait, the enum of its replies, and a schema
//! that a running server can tell, so that `rpc-cli` calls any service from a shell.
//!
//! ```
//! use rpc_core::{Connection, Context, Service};
//! use std::{collections::HashMap, sync::Mutex};
//!
//! /// A key-value store.
//! #[derive(Service)]
//! pub enum Kv<'a> {
//!     /// Looks up one key.
//!     #[rpc(returns = Option<String>, idempotent)]
//!     Get { key: &'a str },
//!     /// Stores a value under a key.
//!     #[rpc(returns = ())]
//!     Set { key: &'a str, value: &'a str },
//! }
//!
//! #[derive(Default)]
//! struct Store(Mutex<HashMap<String, String>>);
//!
//! impl KvHandler for Store {
//!     fn get(&self, _cx: &Context, key: &str) -> Option<String> {
//!         self.0.lock().unwrap().get(key).cloned()
//!     }
//!     fn set(&self, _cx: &Context, key: &str, value: &str) {
//!         self.0.lock().unwrap().insert(key.to_owned(), value.to_owned());
//!     }
//! }
//!
//! // A server: Server::new(Kv::serve(Store::default())).listen("kv")?.run()?;
//! // A client: let kv = Kv::connect("kv")?;
//! // A test, in one process and without a socket:
//! let kv = Kv::client(Connection::local(Kv::serve(Store::default())));
//! kv.set("a", "1")?;
//! assert_eq!(kv.get("a")?.as_deref(), Some("1"));
//! # Ok::<(), rpc_core::Error>(())
//! ```
//!
//! # What is promised
//! - **Nothing is silent.** Programs built from different versions either understand each other, or a call fails before
//!   anything ran, with [`Error::Incompatible`] naming what differs.
//! - **Every failure says what happened to the call**: [`Error::outcome`].
//! - **No bytes can hurt**: what a peer sends cannot panic, exhaust memory or stack, or end another caller's call.
//! - **Every call ends**, by an answer, its deadline (30 s unless said otherwise), or the end of its connection.
//!
//! - **Nobody else gets in**: a server serves its own user and root, a client believes theirs, unless more is asked for.
//!
//! # Features
//! The first two are on by default, and none changes what is there without it.
//! - `server`: [`Server`], [`Introspection`], and what a client offers to its server ([`Connect::offer`]). A program that only calls
//!   builds a quarter faster without it.
//! - `exec`: addresses that start a program, `exec:kv serve fd:0` (Unix).
//! - `token`: `Token`, a secret that both ends of a TCP connection prove to know.
//! - `tracing`: a span of the crate of that name for each call, at servers and at clients.
//! - `fixture`: for tests, processes that are started, killed, paused, and reached over bad lines (Unix).
//!
//! # Where to read
//! [`Service`] and [`Schema`] (the derives), [`Connection`] and [`Connect`], [`Server`], [`Error`], [`Address`]; then
//! [`Reconnect`] and [`Client::retry`] for clients that outlive servers, [`Topic`] for what many are to be told. Tests with
//! real processes have `rpc_core::fixture`, by the feature of that name. The repository's ARCHITECTURE.md is the map of
//! the code, PROTOCOL.md the wire.
#![cfg_attr(
    not(feature = "server"),
    expect(dead_code, unused_imports, reason = "some of what both sides share is for servers alone")
)]
// The derive's output names this crate, also where this crate itself uses it.
extern crate self as rpc_core;

mod client;
mod connection;
mod error;
#[cfg(all(unix, feature = "fixture"))]
pub mod fixture;
mod net;
mod proto;
pub mod schema;
#[cfg(feature = "server")]
mod server;
mod service;
#[cfg_attr(not(feature = "tracing"), path = "no_span.rs")]
mod span;
mod token;
mod topic;
mod trust;
mod value;
mod wire;

pub use client::{
    Connect, Connection, Dynamic, DynamicSink, DynamicStream, Local, Opening, Pending, PendingBytes, Pipeline,
    Pipelined,
};
pub use error::{Blame, Error, Outcome};
#[cfg(unix)]
pub use net::PassedProblem;
#[cfg(all(unix, feature = "server"))]
pub use net::Sockets;
pub use net::{
    Address, AddressError, AddressProblem, ConnectError, ConnectProblem, DirectoryError, DirectoryProblem, ListenError,
    ListenProblem, Peer, SystemError,
};
pub use proto::Limits;
pub use rpc_derive::{Schema, Service};
pub use schema::{Schema, Shape};
#[cfg(feature = "server")]
pub use server::{
    ConnectionStats, Description, Drained, Incidents, Introspection, IntrospectionClient, IntrospectionHandler,
    IntrospectionReply, Listening, MethodStats, RunningCall, Server, ServerState, Stats, Stopper,
};
pub use service::{
    Argument, Blocking, Call, CallOptions, Channel, Client, Context, Deadline, DuplexOf, Encode, Guarded, Handler,
    Incoming, Layer, Layered, Method, Mode, NoSummary, Outgoing, Reconnect, Retry, Service, ServiceInfo, Sink, Source,
    Stopped, Stream, StreamOf, Timeout, Upload, UploadOf, WakeGuard,
};
#[cfg(feature = "token")]
pub use token::Token;
pub use token::TokenError;
pub use topic::{Overflow, Subscription, Topic};
#[cfg(unix)]
pub use value::Fd;
pub use value::Value;
pub use wire::Refusal;

/// What methods of generated clients return, as a reader of their docs sees it.
pub mod returns {
    pub use crate::service::{Call, DuplexOf as Duplex, StreamOf as Stream, UploadOf as Upload};
}

#[doc(hidden)]
pub mod __private {
    pub use crate::schema::derived;
    pub use crate::value::{Bytes, Ours, Own, VariantIndex, describe, ours, read_fields, write_fields};
    pub use serde;

    /// What a generated dispatch says to an index that is none of its methods.
    pub fn no_such_method(cx: &crate::Context) -> Result<(), crate::Error> {
        Err(crate::Error::UnknownMethod { method: cx.method().name.to_owned() })
    }
}
