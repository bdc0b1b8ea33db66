static __METHODS: [::rpc_core::Method; 6usize] = [
    ::rpc_core::Method {
        name: "get",
        doc: "Looks up one key.",
        index: 0u32,
        shape: ::rpc_core::Shape::Unary,
        idempotent: true,
        blocking: false,
        timeout: ::core::option::Option::None,
        arguments: &[
            ::rpc_core::Argument {
                name: "key",
                doc: "Which one.",
                describe: <&'static str as ::rpc_core::Schema>::describe,
            },
        ],
        accepts: ::core::option::Option::None,
        stream: ::core::option::Option::None,
        returns: ::rpc_core::__private::describe::<Option<String>>,
    },
    ::rpc_core::Method {
        name: "set",
        doc: "Stores a value.",
        index: 1u32,
        shape: ::rpc_core::Shape::Unary,
        idempotent: false,
        blocking: true,
        timeout: ::core::option::Option::Some(
            ::core::time::Duration::from_millis(600000u64),
        ),
        arguments: &[
            ::rpc_core::Argument {
                name: "key",
                doc: "",
                describe: <Cow<'static, str> as ::rpc_core::Schema>::describe,
            },
            ::rpc_core::Argument {
                name: "value",
                doc: "",
                describe: <&'static [u8] as ::rpc_core::Schema>::describe,
            },
            ::rpc_core::Argument {
                name: "expires",
                doc: "",
                describe: ::rpc_core::__private::describe::<Option<u64>>,
            },
        ],
        accepts: ::core::option::Option::None,
        stream: ::core::option::Option::None,
        returns: ::rpc_core::__private::describe::<Result<(), StoreError>>,
    },
    ::rpc_core::Method {
        name: "touch",
        doc: "",
        index: 2u32,
        shape: ::rpc_core::Shape::OneWay,
        idempotent: false,
        blocking: false,
        timeout: ::core::option::Option::None,
        arguments: &[],
        accepts: ::core::option::Option::None,
        stream: ::core::option::Option::None,
        returns: <() as ::rpc_core::Schema>::describe,
    },
    ::rpc_core::Method {
        name: "list",
        doc: "Every entry under a prefix.",
        index: 3u32,
        shape: ::rpc_core::Shape::Stream,
        idempotent: false,
        blocking: false,
        timeout: ::core::option::Option::None,
        arguments: &[
            ::rpc_core::Argument {
                name: "prefix",
                doc: "",
                describe: <&'static str as ::rpc_core::Schema>::describe,
            },
        ],
        accepts: ::core::option::Option::None,
        stream: ::core::option::Option::Some(::rpc_core::__private::describe::<Entry>),
        returns: ::rpc_core::__private::describe::<()>,
    },
    ::rpc_core::Method {
        name: "load",
        doc: "",
        index: 4u32,
        shape: ::rpc_core::Shape::Upload,
        idempotent: false,
        blocking: false,
        timeout: ::core::option::Option::None,
        arguments: &[],
        accepts: ::core::option::Option::Some(::rpc_core::__private::describe::<Entry>),
        stream: ::core::option::Option::None,
        returns: ::rpc_core::__private::describe::<u64>,
    },
    ::rpc_core::Method {
        name: "lookup",
        doc: "",
        index: 5u32,
        shape: ::rpc_core::Shape::Duplex,
        idempotent: false,
        blocking: false,
        timeout: ::core::option::Option::None,
        arguments: &[
            ::rpc_core::Argument {
                name: "out",
                doc: "",
                describe: ::rpc_core::__private::describe::<u8>,
            },
        ],
        accepts: ::core::option::Option::Some(::rpc_core::__private::describe::<String>),
        stream: ::core::option::Option::Some(::rpc_core::__private::describe::<Entry>),
        returns: ::rpc_core::__private::describe::<Result<Summary, StoreError>>,
    },
];
static __INFO: ::rpc_core::ServiceInfo = ::rpc_core::ServiceInfo::new(
    "Kv",
    "A key-value store.",
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
