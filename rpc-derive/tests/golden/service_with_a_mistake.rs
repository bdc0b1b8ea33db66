::core::compile_error! {
    "what does `Get` answer? add `#[rpc(returns = Type)]` (`returns = ()` for just \"done\"), `#[rpc(stream = Item)]`, `#[rpc(accepts = Item)]` or `#[rpc(oneway)]`"
}
::core::compile_error! {
    "answers and items own their data: `String` for `&str`, `Vec<T>` for `&[T]`"
}
///Calls a [`Kv`] service over the channel `C`. [`Kv::connect`] and [`Kv::client`] make it.
#[derive(::core::fmt::Debug, ::core::clone::Clone)]
pub struct KvClient<C = ::rpc_core::Connection> {
    channel: C,
}
///Answers [`Kv`] requests: one method per variant. [`Kv::serve`] makes it a service.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer `Kv` requests",
    label = "not a handler of this service",
    note = "`impl KvHandler for {Self} {{ .. }}`, one method per variant of `Kv`"
)]
pub trait KvHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
    ///Answers `count`.
    fn count(&self, cx: &::rpc_core::Context, prefix: &str) -> u64;
    ///Answers `get`.
    fn get(&self, cx: &::rpc_core::Context, key: &str) -> impl ::core::marker::Sized;
    ///Answers `lookup`.
    fn lookup(
        &self,
        cx: &::rpc_core::Context,
        input: ::rpc_core::Source<Entry>,
        out: ::rpc_core::Sink<&str>,
    ) -> impl ::core::marker::Sized;
}
///What the methods of [`Kv`] answer, as it travels: the method's index, then its answer. For recordings and tests; a client decodes only the answer of its own method.
#[derive(::core::fmt::Debug)]
pub enum KvReply {
    ///What `count` answers.
    Count(u64),
    ///Holds the place of `get`, which answers nothing.
    Get,
    ///Holds the place of `lookup`, which answers nothing.
    Lookup,
}
const _: () = {
    static __METHODS: [::rpc_core::Method; 0] = [];
    static __INFO: ::rpc_core::ServiceInfo = ::rpc_core::ServiceInfo::new(
        "Kv",
        "",
        &__METHODS,
    );
    #[automatically_derived]
    impl ::rpc_core::Service for Kv<'_> {
        const INFO: &'static ::rpc_core::ServiceInfo = &__INFO;
        type Client<C: ::rpc_core::Channel> = KvClient<C>;
        fn client<C: ::rpc_core::Channel>(channel: C) -> KvClient<C> {
            KvClient { channel }
        }
    }
    #[automatically_derived]
    impl Kv<'_> {
        /**Connects to a [`Kv`] server at `address`.

# Errors
When nobody serves [`Kv`] there.*/
        pub fn connect(
            address: &str,
        ) -> ::core::result::Result<KvClient, ::rpc_core::Error> {
            let service = <Kv<'_> as ::rpc_core::Service>::INFO;
            ::core::result::Result::Ok(KvClient {
                channel: ::rpc_core::Connect::new(address).service(service).connect()?,
            })
        }
        ///A client of [`Kv`] over `channel`.
        pub fn client<C: ::rpc_core::Channel>(channel: C) -> KvClient<C> {
            KvClient { channel }
        }
        ///`handler` as a [`Kv`] service: for a server, or for a connection in this process.
        pub fn serve<H: KvHandler>(
            handler: H,
        ) -> ::std::boxed::Box<dyn ::rpc_core::Handler> {
            {
                let _ = handler;
                ::core::unreachable!()
            }
        }
    }
    #[automatically_derived]
    impl<C: ::rpc_core::Channel> KvClient<C> {
        ///Calls `count`.
        pub fn count(&self, prefix: &str) -> ::rpc_core::returns::Call<C, u64> {
            {
                let _ = prefix;
                ::core::unreachable!()
            }
        }
        ///Calls `get`.
        pub fn get<__R>(&self, key: &str) -> ::rpc_core::returns::Call<C, __R> {
            {
                let _ = key;
                ::core::unreachable!()
            }
        }
        ///Calls `lookup`.
        pub fn lookup(&self) -> ::rpc_core::returns::Duplex<C, Entry, &str, ()> {
            { ::core::unreachable!() }
        }
    }
    #[automatically_derived]
    impl<C: ::rpc_core::Channel> ::rpc_core::Client for KvClient<C> {
        type Channel = C;
        type Over<D: ::rpc_core::Channel> = KvClient<D>;
        fn channel(&self) -> &C {
            &self.channel
        }
        fn over<D: ::rpc_core::Channel>(channel: D) -> KvClient<D> {
            KvClient { channel }
        }
    }
    #[automatically_derived]
    impl ::rpc_core::__private::serde::Serialize for KvReply {
        fn serialize<__S: ::rpc_core::__private::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            let _ = serializer;
            ::core::unreachable!()
        }
    }
    #[automatically_derived]
    impl<'de> ::rpc_core::__private::serde::Deserialize<'de> for KvReply {
        fn deserialize<__D: ::rpc_core::__private::serde::Deserializer<'de>>(
            deserializer: __D,
        ) -> ::core::result::Result<Self, __D::Error> {
            let _ = deserializer;
            ::core::unreachable!()
        }
    }
};
