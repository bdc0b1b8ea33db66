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
    pub fn serve<H: KvHandler>(handler: H) -> impl ::rpc_core::Handler + use<H> {
        __Serve(handler)
    }
}
