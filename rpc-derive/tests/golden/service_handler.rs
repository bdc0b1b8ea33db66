///Answers [`Kv`] requests: one method per variant. [`Kv::serve`] makes it a service.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer `Kv` requests",
    label = "not a handler of this service",
    note = "`impl KvHandler for {Self} {{ .. }}`, one method per variant of `Kv`"
)]
pub trait KvHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Looks up one key.
    fn get(&self, cx: &::rpc_core::Context, key: &str) -> Option<String>;
    /// Stores a value.
    fn set(
        &self,
        cx: &::rpc_core::Context,
        key: Cow<'_, str>,
        value: &[u8],
        expires: Option<u64>,
    ) -> Result<(), StoreError>;
    ///Answers `touch`.
    fn touch(&self, cx: &::rpc_core::Context);
    /// Every entry under a prefix.
    fn list(
        &self,
        cx: &::rpc_core::Context,
        prefix: &str,
        out: ::rpc_core::Sink<Entry>,
    ) -> ::core::result::Result<(), ::rpc_core::Stopped>;
    ///Answers `load`.
    fn load(
        &self,
        cx: &::rpc_core::Context,
        input: ::rpc_core::Source<Entry>,
    ) -> ::core::result::Result<u64, ::rpc_core::Stopped>;
    ///Answers `lookup`.
    fn lookup(
        &self,
        cx: &::rpc_core::Context,
        out: u8,
        input: ::rpc_core::Source<String>,
        out_: ::rpc_core::Sink<Entry>,
    ) -> ::core::result::Result<Result<Summary, StoreError>, ::rpc_core::Stopped>;
}
struct __Serve<H>(H);
#[automatically_derived]
impl<H: KvHandler> ::rpc_core::Handler for __Serve<H> {
    fn service(&self) -> &'static ::rpc_core::ServiceInfo {
        &__INFO
    }
    fn handle(
        &self,
        cx: &::rpc_core::Context,
        call: ::rpc_core::Incoming<'_>,
    ) -> ::core::result::Result<(), ::rpc_core::Error> {
        match cx.method().index {
            0u32 => {
                let _ = ::rpc_core::__private::describe::<Option<String>>;
                let (arg0,) = ::rpc_core::Incoming::arguments::<(&str,)>(&call)?;
                ::rpc_core::Incoming::reply(call, &KvHandler::get(&self.0, cx, arg0))
            }
            1u32 => {
                let _ = ::rpc_core::__private::describe::<Result<(), StoreError>>;
                let _ = ::rpc_core::__private::describe::<Option<u64>>;
                let (
                    arg0,
                    ::rpc_core::__private::Bytes(arg1),
                    ::rpc_core::__private::Own(arg2),
                ) = ::rpc_core::Incoming::arguments::<
                    (
                        Cow<'_, str>,
                        ::rpc_core::__private::Bytes<'_>,
                        ::rpc_core::__private::Own<Option<u64>>,
                    ),
                >(&call)?;
                ::rpc_core::Incoming::reply(
                    call,
                    &KvHandler::set(&self.0, cx, arg0, arg1, arg2),
                )
            }
            2u32 => {
                ::rpc_core::Incoming::arguments::<()>(&call)?;
                KvHandler::touch(&self.0, cx);
                ::rpc_core::Incoming::done(call)
            }
            3u32 => {
                let _ = ::rpc_core::__private::describe::<()>;
                let _ = ::rpc_core::__private::describe::<Entry>;
                let (arg0,) = ::rpc_core::Incoming::arguments::<(&str,)>(&call)?;
                let answer = KvHandler::list(
                    &self.0,
                    cx,
                    arg0,
                    ::rpc_core::Incoming::sink::<Entry>(&call),
                );
                ::rpc_core::Incoming::end(call, answer)
            }
            4u32 => {
                let _ = ::rpc_core::__private::describe::<u64>;
                let _ = ::rpc_core::__private::describe::<Entry>;
                ::rpc_core::Incoming::arguments::<()>(&call)?;
                let answer = KvHandler::load(
                    &self.0,
                    cx,
                    ::rpc_core::Incoming::source::<Entry>(&call),
                );
                ::rpc_core::Incoming::end(call, answer)
            }
            5u32 => {
                let _ = ::rpc_core::__private::describe::<Result<Summary, StoreError>>;
                let _ = ::rpc_core::__private::describe::<String>;
                let _ = ::rpc_core::__private::describe::<Entry>;
                let _ = ::rpc_core::__private::describe::<u8>;
                let (::rpc_core::__private::Own(arg0),) = ::rpc_core::Incoming::arguments::<
                    (::rpc_core::__private::Own<u8>,),
                >(&call)?;
                let answer = KvHandler::lookup(
                    &self.0,
                    cx,
                    arg0,
                    ::rpc_core::Incoming::source::<String>(&call),
                    ::rpc_core::Incoming::sink::<Entry>(&call),
                );
                ::rpc_core::Incoming::end(call, answer)
            }
            _ => ::rpc_core::__private::no_such_method(cx),
        }
    }
}
