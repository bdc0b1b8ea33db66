#[automatically_derived]
impl ::rpc_core::Schema for Found {
    fn describe(types: &mut ::rpc_core::schema::Types) -> ::rpc_core::schema::TypeId {
        types
            .derived::<
                Found,
            >(
                &::rpc_core::__private::derived::Type {
                    name: "Found",
                    arguments: &[],
                    doc: "What was found.",
                    form: ::rpc_core::__private::derived::Form::Enum(
                        &[
                            ::rpc_core::__private::derived::Variant {
                                name: "nothing",
                                doc: "",
                                body: ::rpc_core::__private::derived::Body::Unit,
                            },
                            ::rpc_core::__private::derived::Variant {
                                name: "one",
                                doc: "One.",
                                body: ::rpc_core::__private::derived::Body::Newtype(
                                    <Entry as ::rpc_core::Schema>::describe,
                                ),
                            },
                            ::rpc_core::__private::derived::Variant {
                                name: "range",
                                doc: "",
                                body: ::rpc_core::__private::derived::Body::Fields(
                                    &[
                                        ::rpc_core::__private::derived::Field {
                                            name: "from",
                                            doc: "",
                                            describe: <u64 as ::rpc_core::Schema>::describe,
                                        },
                                        ::rpc_core::__private::derived::Field {
                                            name: "to",
                                            doc: "",
                                            describe: <u64 as ::rpc_core::Schema>::describe,
                                        },
                                    ],
                                ),
                            },
                        ],
                    ),
                },
            )
    }
}
#[automatically_derived]
impl ::rpc_core::Value for Found {}
