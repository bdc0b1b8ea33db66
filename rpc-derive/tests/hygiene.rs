//! Names of the user that are also names in generated code. That it compiles is the test.
#![deny(warnings, missing_docs, rust_2018_idioms)]

use rpc_core::{Client, Connection, Context, Schema, Service, Sink, Source, Stopped};
use serde::{Deserialize, Serialize};

/// Shadows what generated code could mean by these names.
mod shadows {
    #![expect(dead_code, reason = "they only stand in the way")]
    pub(super) struct Result;
    pub(super) struct Vec;
    pub(super) struct String;
    pub(super) struct Sink;
    pub(super) struct Source;
    pub(super) struct Stopped;
    pub(super) fn drop() {}
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod serde {}
    pub(super) mod rpc_core {}

    /// A service among them.
    #[derive(super::Service)]
    pub(super) enum Shadowed<'a> {
        #[rpc(returns = u64, idempotent, timeout = "1s")]
        Some { key: &'a str, bytes: &'a [u8], list: ::std::vec::Vec<u8> },
        #[rpc(returns = Option<u64>)]
        None,
        #[rpc(returns = ::std::result::Result<(), u8>)]
        Ok,
        #[rpc(oneway)]
        Err { err: u8 },
        #[rpc(accepts = u8, stream = Option<u64>, returns = ::std::result::Result<(), u8>)]
        Both { cx: &'a str },
    }

    /// A value among them.
    #[derive(Debug, super::Serialize, super::Deserialize, super::Schema)]
    pub(super) enum Value<T> {
        Some(T),
        None { types: u8, name: u8, serializer: u8, deserializer: u8 },
    }
}

/// Types with the names of type parameters.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct C {
    types: u8,
}

/// As [`C`].
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct H<S, D> {
    serializer: S,
    deserializer: D,
}

/// Fields with the names of our parameters and locals; methods with the names of other traits' methods.
#[derive(Service)]
pub enum Names<'a> {
    /// Ours.
    #[rpc(returns = C)]
    Locals {
        /// 1
        cx: &'a str,
        /// 2
        call: &'a [u8],
        /// 3
        channel: C,
        /// 4
        arg0: u8,
        /// 5
        arg1: u8,
        /// 6
        request: u8,
        /// 7
        types: u8,
        /// 8
        handler: H<u8, C>,
        /// 9
        r#type: u8,
        /// 10
        answer: u8,
        /// 11
        index: u8,
    },
    /// Of `Into`.
    #[rpc(returns = ())]
    Into,
    /// Of `Clone`.
    #[rpc(returns = ())]
    Clone,
    /// Of `Client`.
    #[rpc(returns = ())]
    Channel,
    /// Of `Channel`.
    #[rpc(returns = ())]
    Call,
    /// Of `Handler`.
    #[rpc(returns = ())]
    Handle,
    /// Of `Channel`; its items have the names of our type parameters, its fields those of our parameters.
    #[rpc(accepts = C, stream = H<u8, C>, returns = Option<C>)]
    Duplex {
        /// 1
        input: &'a str,
        /// 2
        out: u8,
        /// 3
        out_: u8,
        /// 4
        answer: u8,
        /// 5
        cx: u8,
        /// 6
        call: u8,
    },
    /// Of `Channel`.
    #[rpc(stream = u8)]
    Stream,
    /// Of `Iterator`.
    #[rpc(accepts = u8)]
    Next,
    /// Of `Debug`.
    #[rpc(oneway)]
    Fmt,
    /// No longer called: its callers are warned, its implementors and our own code are not.
    #[deprecated(note = "call `into`")]
    #[rpc(returns = ())]
    Old,
    /// A keyword in every edition.
    #[rpc(oneway)]
    Match,
    /// A keyword in the newest.
    #[rpc(oneway)]
    Gen,
}

struct Answers;

impl NamesHandler for Answers {
    fn locals(
        &self,
        context: &Context,
        cx: &str,
        call: &[u8],
        channel: C,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        handler: H<u8, C>,
        _: u8,
        _: u8,
        _: u8,
    ) -> C {
        let own = channel.types ^ handler.deserializer.types ^ handler.serializer;
        C { types: own ^ (context.method().index as usize ^ cx.len() ^ call.len()) as u8 }
    }
    fn into(&self, _: &Context) {}
    fn clone(&self, _: &Context) {}
    fn channel(&self, _: &Context) {}
    fn call(&self, _: &Context) {}
    fn handle(&self, _: &Context) {}
    fn duplex(
        &self,
        context: &Context,
        input: &str,
        out: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        source: Source<C>,
        mut sink: Sink<H<u8, C>>,
    ) -> Result<Option<C>, Stopped> {
        for item in source {
            sink.send(&H { serializer: out ^ input.len() as u8, deserializer: item? })?;
        }
        Ok(Some(C { types: context.method().index as u8 }))
    }
    fn stream(&self, _: &Context, mut out: Sink<u8>) -> Result<(), Stopped> {
        out.send(&1)
    }
    fn next(&self, _: &Context, input: Source<u8>) -> Result<(), Stopped> {
        input.map(|item| item.map(drop)).try_for_each(|item| item)
    }
    fn fmt(&self, _: &Context) {}
    fn old(&self, _: &Context) {}
    fn r#match(&self, _: &Context) {}
    fn r#gen(&self, _: &Context) {}
}

#[test]
fn fields_and_methods_of_any_name_compile() {
    let serve: fn(Answers) -> Connection = |answers| Connection::local(Names::serve(answers));
    let locals: fn(&NamesClient) -> Result<C, rpc_core::Error> = |names| {
        let parts = H { serializer: 1, deserializer: C { types: 2 } };
        names.locals("cx", b"call", C { types: 0 }, 0, 1, 2, 3, parts, 4, 5, 6)
    };
    let channel: fn(&NamesClient) -> Result<(), rpc_core::Error> = |names| {
        let _: &Connection = Client::channel(names);
        names.channel()?;
        names.stream().finish()?;
        names.next().finish()?;
        let (mut sink, stream) = names.duplex("input", 0, 1, 2, 3, 4);
        // Whether anybody takes it is told by the stream.
        let _ = sink.send(&C { types: 1 });
        sink.finish();
        stream.finish()?;
        names.clone()
    };
    let _ = (serve, locals, channel);
    let arguments: Vec<_> = Names::INFO.methods()[0].arguments.iter().map(|argument| argument.name).collect();
    assert_eq!(&arguments[..2], ["cx", "call"]);
    assert_eq!(arguments[8], "type");
    let names: Vec<_> = Names::INFO.methods().iter().map(|method| method.name).collect();
    assert_eq!(
        &names[1..],
        ["into", "clone", "channel", "call", "handle", "duplex", "stream", "next", "fmt", "old", "match", "gen"]
    );
    let arguments: Vec<_> = Names::INFO.methods()[6].arguments.iter().map(|argument| argument.name).collect();
    assert_eq!(arguments, ["input", "out", "out_", "answer", "cx", "call"]);
    assert_eq!(shadows::Shadowed::INFO.methods()[1].name, "none");
}

#[test]
fn a_service_inside_a_function() {
    #[derive(Debug, Serialize, Deserialize, Schema)]
    struct Local(u8);

    #[derive(Service)]
    enum Inside {
        #[rpc(returns = Local)]
        Get,
    }
    assert_eq!(Inside::INFO.name(), "Inside");
}

macro_rules! service_by_macro {
    ($name:ident, $key:ident: $ty:ty, $answer:ty, $own:ident) => {
        /// A service whose tokens come from a macro of the user.
        #[derive(Service)]
        pub enum $name<'a> {
            /// Gets.
            #[rpc(returns = $answer)]
            Get {
                /// By this.
                $key: $ty,
                /// And this.
                bytes: &'a [u8],
                /// And what the macro's crate has.
                of_crate: $crate::C,
            },
            /// A type that is a single token of the user.
            #[rpc(returns = $own)]
            Single {
                /// As an argument.
                call: $own,
            },
            /// Items whose types are tokens of the user, and of the macro's crate.
            #[rpc(accepts = $own, stream = Option<$crate::C>)]
            Items {
                /// Beside ours.
                $key: $ty,
            },
            /// Types that the user did not write.
            #[rpc(returns = Option<$crate::C>)]
            Own {
                /// As such.
                cx: Vec<Option<u8>>,
                /// Borrowed.
                text: &'a str,
            },
        }
    };
}
service_by_macro!(ByMacro, cx: Option<u64>, Vec<C>, C);

#[test]
fn a_service_by_a_macro() {
    assert_eq!(ByMacro::INFO.methods()[0].arguments[0].name, "cx");
}
