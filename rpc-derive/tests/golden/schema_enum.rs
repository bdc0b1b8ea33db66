#[automatically_derived]
impl ::rpc_core::Schema for Found {
    fn describe(types: &mut ::rpc_core::schema::Types) -> ::rpc_core::schema::TypeId {
        types
            .named_as::<
                Found,
            >(
                |types| {
                    let _ = types;
                    ::std::string::String::from("Found")
                },
                |types, name| ::rpc_core::schema::Type::Enum {
                    name,
                    doc: ::std::string::String::from("What was found."),
                    variants: ::std::vec::Vec::from([
                        ::rpc_core::schema::Variant {
                            name: ::std::string::String::from("nothing"),
                            doc: ::std::string::String::from(""),
                            body: ::rpc_core::schema::Body::Unit,
                        },
                        ::rpc_core::schema::Variant {
                            name: ::std::string::String::from("one"),
                            doc: ::std::string::String::from("One."),
                            body: ::rpc_core::schema::Body::Newtype(
                                <Entry as ::rpc_core::Schema>::describe(types),
                            ),
                        },
                        ::rpc_core::schema::Variant {
                            name: ::std::string::String::from("range"),
                            doc: ::std::string::String::from(""),
                            body: ::rpc_core::schema::Body::Fields(
                                ::std::vec::Vec::from([
                                    ::rpc_core::schema::Field {
                                        name: ::std::string::String::from("from"),
                                        doc: ::std::string::String::from(""),
                                        ty: <u64 as ::rpc_core::Schema>::describe(types),
                                    },
                                    ::rpc_core::schema::Field {
                                        name: ::std::string::String::from("to"),
                                        doc: ::std::string::String::from(""),
                                        ty: <u64 as ::rpc_core::Schema>::describe(types),
                                    },
                                ]),
                            ),
                        },
                    ]),
                },
            )
    }
}
#[automatically_derived]
impl ::rpc_core::Value for Found {}
