///What the methods of [`Kv`] answer, as it travels: the method's index, then its answer. For recordings and tests; a client decodes only the answer of its own method.
#[derive(::core::fmt::Debug)]
pub enum KvReply {
    ///What `get` answers.
    Get(Option<String>),
    ///What `set` answers.
    Set(Result<(), StoreError>),
    ///Holds the place of `touch`, which answers nothing.
    Touch,
    ///What `list` answers behind its items.
    List(()),
    ///What `load` answers.
    Load(u64),
    ///What `lookup` answers behind its items.
    Lookup(Result<Summary, StoreError>),
}
#[automatically_derived]
impl ::rpc_core::__private::serde::Serialize for KvReply {
    fn serialize<__S: ::rpc_core::__private::serde::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        match self {
            KvReply::Get(answer) => {
                let _ = ::rpc_core::__private::describe::<Option<String>>;
                ::rpc_core::__private::serde::Serializer::serialize_newtype_variant(
                    serializer,
                    "KvReply",
                    0u32,
                    "Get",
                    &::rpc_core::__private::Ours(answer),
                )
            }
            KvReply::Set(answer) => {
                let _ = ::rpc_core::__private::describe::<Result<(), StoreError>>;
                ::rpc_core::__private::serde::Serializer::serialize_newtype_variant(
                    serializer,
                    "KvReply",
                    1u32,
                    "Set",
                    &::rpc_core::__private::Ours(answer),
                )
            }
            KvReply::Touch => {
                ::rpc_core::__private::serde::Serializer::serialize_unit_variant(
                    serializer,
                    "KvReply",
                    2u32,
                    "Touch",
                )
            }
            KvReply::List(answer) => {
                let _ = ::rpc_core::__private::describe::<()>;
                ::rpc_core::__private::serde::Serializer::serialize_newtype_variant(
                    serializer,
                    "KvReply",
                    3u32,
                    "List",
                    &::rpc_core::__private::Ours(answer),
                )
            }
            KvReply::Load(answer) => {
                let _ = ::rpc_core::__private::describe::<u64>;
                ::rpc_core::__private::serde::Serializer::serialize_newtype_variant(
                    serializer,
                    "KvReply",
                    4u32,
                    "Load",
                    &::rpc_core::__private::Ours(answer),
                )
            }
            KvReply::Lookup(answer) => {
                let _ = ::rpc_core::__private::describe::<Result<Summary, StoreError>>;
                ::rpc_core::__private::serde::Serializer::serialize_newtype_variant(
                    serializer,
                    "KvReply",
                    5u32,
                    "Lookup",
                    &::rpc_core::__private::Ours(answer),
                )
            }
        }
    }
}
const __NAMES: &[&str] = &["Get", "Set", "Touch", "List", "Load", "Lookup"];
struct __Visitor;
#[automatically_derived]
impl<'de> ::rpc_core::__private::serde::de::Visitor<'de> for __Visitor {
    type Value = KvReply;
    fn expecting(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("an answer of Kv")
    }
    fn visit_enum<__A: ::rpc_core::__private::serde::de::EnumAccess<'de>>(
        self,
        access: __A,
    ) -> ::core::result::Result<KvReply, __A::Error> {
        let names = ::rpc_core::__private::VariantIndex(__NAMES);
        let (index, body) = ::rpc_core::__private::serde::de::EnumAccess::variant_seed(
            access,
            names,
        )?;
        match index {
            0usize => {
                let _ = ::rpc_core::__private::describe::<Option<String>>;
                ::rpc_core::__private::serde::de::VariantAccess::newtype_variant::<
                    ::rpc_core::__private::Own<Option<String>>,
                >(body)
                    .map(|answer| KvReply::Get(answer.0))
            }
            1usize => {
                let _ = ::rpc_core::__private::describe::<Result<(), StoreError>>;
                ::rpc_core::__private::serde::de::VariantAccess::newtype_variant::<
                    ::rpc_core::__private::Own<Result<(), StoreError>>,
                >(body)
                    .map(|answer| KvReply::Set(answer.0))
            }
            2usize => {
                ::rpc_core::__private::serde::de::VariantAccess::unit_variant(body)
                    .map(|()| KvReply::Touch)
            }
            3usize => {
                let _ = ::rpc_core::__private::describe::<()>;
                ::rpc_core::__private::serde::de::VariantAccess::newtype_variant::<
                    ::rpc_core::__private::Own<()>,
                >(body)
                    .map(|answer| KvReply::List(answer.0))
            }
            4usize => {
                let _ = ::rpc_core::__private::describe::<u64>;
                ::rpc_core::__private::serde::de::VariantAccess::newtype_variant::<
                    ::rpc_core::__private::Own<u64>,
                >(body)
                    .map(|answer| KvReply::Load(answer.0))
            }
            5usize => {
                let _ = ::rpc_core::__private::describe::<Result<Summary, StoreError>>;
                ::rpc_core::__private::serde::de::VariantAccess::newtype_variant::<
                    ::rpc_core::__private::Own<Result<Summary, StoreError>>,
                >(body)
                    .map(|answer| KvReply::Lookup(answer.0))
            }
            _ => {
                ::core::result::Result::Err(
                    ::rpc_core::__private::serde::de::Error::custom("no such answer"),
                )
            }
        }
    }
}
#[automatically_derived]
impl<'de> ::rpc_core::__private::serde::Deserialize<'de> for KvReply {
    fn deserialize<__D: ::rpc_core::__private::serde::Deserializer<'de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::rpc_core::__private::serde::Deserializer::deserialize_enum(
            deserializer,
            "KvReply",
            __NAMES,
            __Visitor,
        )
    }
}
