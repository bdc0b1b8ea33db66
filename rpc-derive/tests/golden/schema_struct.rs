#[automatically_derived]
impl<T: ::rpc_core::Schema + 'static> ::rpc_core::Schema for Page<T> {
    fn describe(types: &mut ::rpc_core::schema::Types) -> ::rpc_core::schema::TypeId {
        types
            .derived::<
                Page<T>,
            >(
                &::rpc_core::__private::derived::Type {
                    name: "Page",
                    arguments: &[::rpc_core::schema::Types::name_of_type::<T>],
                    doc: "A page of a listing.",
                    form: ::rpc_core::__private::derived::Form::Struct(
                        ::rpc_core::__private::derived::Body::Fields(
                            &[
                                ::rpc_core::__private::derived::Field {
                                    name: "items",
                                    doc: "What is on it.",
                                    describe: <Vec<T> as ::rpc_core::Schema>::describe,
                                },
                                ::rpc_core::__private::derived::Field {
                                    name: "next",
                                    doc: "",
                                    describe: <Option<
                                        Box<Page<T>>,
                                    > as ::rpc_core::Schema>::describe,
                                },
                            ],
                        ),
                    ),
                },
            )
    }
}
#[automatically_derived]
impl<T: ::rpc_core::Value + 'static> ::rpc_core::Value for Page<T> {
    fn wire_write<__S: ::rpc_core::__private::serde::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        let _ = ::rpc_core::__private::describe::<Vec<T>>;
        let _ = ::rpc_core::__private::describe::<Option<Box<Page<T>>>>;
        ::rpc_core::__private::write_fields(
            self,
            &(
                ::rpc_core::__private::Ours(&self.items),
                ::rpc_core::__private::Ours(&self.next),
            ),
            serializer,
        )
    }
    fn wire_read<'de, __D: ::rpc_core::__private::serde::Deserializer<'de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        let _ = ::rpc_core::__private::describe::<Vec<T>>;
        let _ = ::rpc_core::__private::describe::<Option<Box<Page<T>>>>;
        ::rpc_core::__private::read_fields(
            deserializer,
            |(::rpc_core::__private::Own(field0), ::rpc_core::__private::Own(field1))| Self {
                items: field0,
                next: field1,
            },
        )
    }
}
