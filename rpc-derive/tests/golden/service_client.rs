///Calls a [`Kv`] service over the channel `C`. [`Kv::connect`] and [`Kv::client`] make it.
#[derive(::core::fmt::Debug, ::core::clone::Clone)]
pub struct KvClient<C = ::rpc_core::Connection> {
    channel: C,
}
#[automatically_derived]
impl<C: ::rpc_core::Channel> KvClient<C> {
    /// Looks up one key.
    pub fn get(&self, key: &str) -> ::rpc_core::returns::Call<C, Option<String>> {
        let _ = ::rpc_core::__private::describe::<Option<String>>;
        ::rpc_core::Channel::call::<
            Option<String>,
        >(&self.channel, ::rpc_core::Outgoing::new(&__INFO, &__METHODS[0usize], &(key,)))
    }
    /// Stores a value.
    pub fn set(
        &self,
        key: Cow<'_, str>,
        value: &[u8],
        expires: Option<u64>,
    ) -> ::rpc_core::returns::Call<C, Result<(), StoreError>> {
        let _ = ::rpc_core::__private::describe::<Result<(), StoreError>>;
        let _ = ::rpc_core::__private::describe::<Option<u64>>;
        ::rpc_core::Channel::call::<
            Result<(), StoreError>,
        >(
            &self.channel,
            ::rpc_core::Outgoing::new(
                &__INFO,
                &__METHODS[1usize],
                &(
                    key,
                    ::rpc_core::__private::Bytes(value),
                    ::rpc_core::__private::ours(&expires),
                ),
            ),
        )
    }
    ///Calls `touch`.
    pub fn touch(&self) -> ::rpc_core::returns::Call<C, ()> {
        ::rpc_core::Channel::call::<
            (),
        >(&self.channel, ::rpc_core::Outgoing::new(&__INFO, &__METHODS[2usize], &()))
    }
    /// Every entry under a prefix.
    pub fn list(&self, prefix: &str) -> ::rpc_core::returns::Stream<C, Entry, ()> {
        let _ = ::rpc_core::__private::describe::<()>;
        let _ = ::rpc_core::__private::describe::<Entry>;
        ::rpc_core::Channel::stream::<
            Entry,
            (),
        >(
            &self.channel,
            ::rpc_core::Outgoing::new(&__INFO, &__METHODS[3usize], &(prefix,)),
        )
    }
    ///Calls `load`.
    pub fn load(&self) -> ::rpc_core::returns::Upload<C, Entry, u64> {
        let _ = ::rpc_core::__private::describe::<u64>;
        let _ = ::rpc_core::__private::describe::<Entry>;
        ::rpc_core::Channel::upload::<
            Entry,
            u64,
        >(&self.channel, ::rpc_core::Outgoing::new(&__INFO, &__METHODS[4usize], &()))
    }
    ///Calls `lookup`.
    pub fn lookup(
        &self,
        out: u8,
    ) -> ::rpc_core::returns::Duplex<C, String, Entry, Result<Summary, StoreError>> {
        let _ = ::rpc_core::__private::describe::<Result<Summary, StoreError>>;
        let _ = ::rpc_core::__private::describe::<String>;
        let _ = ::rpc_core::__private::describe::<Entry>;
        let _ = ::rpc_core::__private::describe::<u8>;
        ::rpc_core::Channel::duplex::<
            String,
            Entry,
            Result<Summary, StoreError>,
        >(
            &self.channel,
            ::rpc_core::Outgoing::new(
                &__INFO,
                &__METHODS[5usize],
                &(::rpc_core::__private::ours(&out),),
            ),
        )
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
