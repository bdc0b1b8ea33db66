//! Services as JSON, for programs: all that a schema has, and the texts that a person would see.
use crate::item::{Item, Part};
use crate::method::Method;
use rpc_core::Shape;
use rpc_core::schema::{Field, MethodSchema, ServiceSchema, Type, TypeId, Types};
use serde::Serialize;
use std::time::Duration;

/// What `describe --format json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Description<'a> {
    services: Vec<Service<'a>>,
}

#[derive(Debug, Serialize)]
struct Service<'a> {
    name: &'a str,
    doc: &'a str,
    /// As text: many readers of JSON would round it.
    fingerprint: String,
    methods: Vec<MethodDescription<'a>>,
    /// All of the service; a type's id is its place here.
    types: Vec<&'a Type>,
    /// The types that were asked about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asked: Vec<TypeName>,
}

#[derive(Debug, Serialize)]
struct MethodDescription<'a> {
    name: &'a str,
    doc: &'a str,
    signature: String,
    shape: Shape,
    idempotent: bool,
    timeout_ms: Option<u64>,
    arguments: Vec<Argument<'a>>,
    /// What the caller's items are.
    accepts: Option<TypeName>,
    /// What the service's items are.
    stream: Option<TypeName>,
    returns: TypeName,
}

#[derive(Debug, Serialize)]
struct Argument<'a> {
    name: &'a str,
    doc: &'a str,
    #[serde(flatten)]
    ty: TypeName,
}

#[derive(Debug, Serialize)]
struct TypeName {
    /// As Rust would write it.
    #[serde(rename = "type")]
    name: String,
    id: TypeId,
}

impl<'a> Description<'a> {
    /// All services, whole.
    pub(crate) fn of_services(services: &'a [ServiceSchema]) -> Self {
        Self { services: services.iter().map(|service| Service::of(service, service.methods.iter())).collect() }
    }

    /// The items, each in its service; beside them that has no other methods, and all types.
    pub(crate) fn of_items(items: &[Item<'a>]) -> Self {
        let service = |item: &Item<'a>| match item.part {
            Part::Whole => Service::of(item.service, item.service.methods.iter()),
            Part::Method(Method { schema, .. }) => Service::of(item.service, [schema].into_iter()),
            Part::Type { name, .. } => {
                let asked = types_named(item.service, name);
                Service { asked, ..Service::of(item.service, [].into_iter()) }
            }
        };
        Self { services: items.iter().map(service).collect() }
    }
}

impl<'a> Service<'a> {
    fn of(service: &'a ServiceSchema, methods: impl Iterator<Item = &'a MethodSchema>) -> Self {
        Self {
            name: &service.name,
            doc: &service.doc,
            fingerprint: service.fingerprint().to_string(),
            methods: methods.map(|method| MethodDescription::of(method, &service.types)).collect(),
            types: service.types.iter().map(|(_, ty)| ty).collect(),
            asked: Vec::new(),
        }
    }
}

impl<'a> MethodDescription<'a> {
    fn of(method: &'a MethodSchema, types: &Types) -> Self {
        let argument = |Field { name, doc, ty }: &'a Field| Argument { name, doc, ty: TypeName::of(*ty, types) };
        Self {
            name: &method.name,
            doc: &method.doc,
            signature: method.signature(types),
            shape: method.shape,
            idempotent: method.idempotent,
            timeout_ms: method.timeout.map(milliseconds),
            arguments: method.arguments.iter().map(argument).collect(),
            accepts: method.accepts.map(|id| TypeName::of(id, types)),
            stream: method.stream.map(|id| TypeName::of(id, types)),
            returns: TypeName::of(method.returns, types),
        }
    }
}

impl TypeName {
    fn of(id: TypeId, types: &Types) -> Self {
        Self { name: types.name_of(id), id }
    }
}

/// Two modules may have a type of one name.
fn types_named(service: &ServiceSchema, wanted: &str) -> Vec<TypeName> {
    let is_wanted = |id: &TypeId| match service.types.get(*id) {
        Some(Type::Struct { name, .. } | Type::Enum { name, .. }) => name == wanted,
        _ => false,
    };
    service.types_used().into_iter().filter(is_wanted).map(|id| TypeName::of(id, &service.types)).collect()
}

/// Rounded up: no time is no timeout. Services write nothing shorter, but a peer may tell anything.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_timeout_is_a_number_above_zero() {
        assert_eq!(milliseconds(Duration::from_secs(1)), 1000);
        assert_eq!(milliseconds(Duration::from_nanos(1)), 1);
        assert_eq!(milliseconds(Duration::MAX), u64::MAX);
    }
}
