//! The derive macros of rpc-core: `#[derive(Service)]` and `#[derive(Schema)]`. Use them through `rpc_core`.
//!
//! Both go the same way, and can be read in that order:
//!
//! ```text
//! syn ── parse ──> model ── check ──> model ── expand ──> tokens
//!          └──── errors ─────┘          │        one generated item a file
//!                  └────────────────────┘ with errors: shapes only
//! ```
//!
//! - `parse` says what the user wrote in our own words, `check` has the rules and their messages.
//! - All mistakes of a type are reported in one build, each at the user's own token. What other code names is still
//!   generated, as a shape without a body, so that one mistake is not ten.
//! - Nothing here touches `proc_macro` but the two functions below, so all of it runs in unit tests (`golden`).
//! - Generated paths are absolute. Generated names that only we see begin with two underscores.
mod docs;
mod errors;
#[cfg(test)]
mod golden;
mod names;
mod schema;
mod service;
mod types;
mod values;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes an enum a service: one variant is one method.
///
/// For `enum Kv` it makes `KvClient`, `trait KvHandler`, `enum KvReply`, the functions `Kv::connect`, `Kv::client` and
/// `Kv::serve`, and `impl rpc_core::Service for Kv`. Doc comments are carried over, and are part of the schema.
///
/// Each variant says in `#[rpc(..)]` how it talks:
///
/// | key | means |
/// |---|---|
/// | `returns = Type` | one request, one answer of that type; `returns = ()` for just "done" |
/// | `stream = Item` | items come before the answer, which is `()` unless `returns` is there, too |
/// | `accepts = Item` | items follow the request; with `stream`, items travel both ways at once |
/// | `oneway` | one request, no answer |
/// | `idempotent` | repeating a call does no harm, so it may be retried |
/// | `blocking` | the handler is slow, and gets a thread of its own from its first call |
/// | `timeout = "30s"` | how long a call may take; `ms`, `s`, `m` or `h` |
///
/// The fields of a variant are the method's arguments. A field with the enum's lifetime, `&'a str`, `&'a [u8]` or
/// `Cow<'a, str>`, borrows from the message; all others are owned, and their types need `#[derive(Schema)]`.
///
/// With items, the handler's method has `input: Source<Item>` and `out: Sink<Item>` behind the arguments, and returns a
/// `Result<Type, Stopped>`. The client's method gives a `Stream`, an `Upload`, or a `Sink` and a `Stream`.
#[proc_macro_derive(Service, attributes(rpc))]
pub fn derive_service(input: TokenStream) -> TokenStream {
    service::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Lets a type travel in a service: as an argument, an answer, or a part of one.
///
/// Put it beside serde's two: `#[derive(Serialize, Deserialize, Schema)]`. A type that owns its data gets
/// `rpc_core::Schema` and `rpc_core::Value`; one with a lifetime gets `Schema`, and can be an argument alone.
/// Serde's attributes are honoured, and refused with the reason where the wire format gets them wrong.
#[proc_macro_derive(Schema)]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    schema::derive(&parse_macro_input!(input as DeriveInput)).into()
}
