#[automatically_derived]
impl<T: ::rpc_core::Schema + 'static> ::rpc_core::Schema for Page<T> {
    fn describe(types: &mut ::rpc_core::schema::Types) -> ::rpc_core::schema::TypeId {
        types
            .named_as::<
                Page<T>,
            >(
                |types| {
                    let arguments = [types.name_of_type::<T>()].join(", ");
                    ::std::format!("{}<{}>", "Page", arguments)
                },
                |types, name| ::rpc_core::schema::Type::Struct {
                    name,
                    doc: ::std::string::String::from("A page of a listing."),
                    body: ::rpc_core::schema::Body::Fields(
                        ::std::vec::Vec::from([
                            ::rpc_core::schema::Field {
                                name: ::std::string::String::from("items"),
                                doc: ::std::string::String::from("What is on it."),
                                ty: <Vec<T> as ::rpc_core::Schema>::describe(types),
                            },
                            ::rpc_core::schema::Field {
                                name: ::std::string::String::from("next"),
                                doc: ::std::string::String::from(""),
                                ty: <Option<
                                    Box<Page<T>>,
                                > as ::rpc_core::Schema>::describe(types),
                            },
                        ]),
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
