//! The ITEM of `describe`: a service, a method or a type.
use crate::method::Method;
use crate::names::{NotFound, full_name, is_tail};
use rpc_core::schema::{ServiceSchema, Type};

/// Something that has a description.
#[derive(Debug)]
pub(crate) struct Item {
    /// `Service`, `Service.method` or `Service.Type`.
    pub(crate) name: String,
    /// Its description, which ends with its last line.
    pub(crate) text: String,
}

impl Item {
    /// Everything that `name` may stand for, at least one thing. Whoever looks may well see two.
    pub(crate) fn find(services: &[ServiceSchema], name: &str) -> Result<Vec<Self>, NotFound> {
        let mut found: Vec<Self> = Vec::new();
        let mut known = Vec::new();
        for service in services {
            for (full_name, part) in parts(service) {
                if is_tail(&full_name, name) {
                    let text = part.describe(service);
                    // Services that share a type describe it alike.
                    if !found.iter().any(|item| item.text == text) {
                        found.push(Self { name: full_name.clone(), text });
                    }
                }
                known.push(full_name);
            }
        }
        if found.is_empty() {
            return Err(NotFound::Unknown { what: "service, method or type", name: name.to_owned(), known });
        }
        Ok(found)
    }
}

/// A part of a service.
enum Part<'a> {
    Whole,
    Method(Method<'a>),
    Type(&'a str),
}

/// The parts of a service with their full names.
fn parts(service: &ServiceSchema) -> impl Iterator<Item = (String, Part<'_>)> {
    let methods = Method::all(service).map(|method| (method.full_name(), Part::Method(method)));
    let types = service.types_used().into_iter().filter_map(|id| match service.types.get(id)? {
        Type::Struct { name, .. } | Type::Enum { name, .. } => Some((full_name(&service.name, name), Part::Type(name))),
        _ => None,
    });
    [(service.name.clone(), Part::Whole)].into_iter().chain(methods).chain(types)
}

impl Part<'_> {
    fn describe(&self, service: &ServiceSchema) -> String {
        match self {
            Self::Whole => service.to_string(),
            Self::Method(method) => service.describe_method(method.schema),
            Self::Type(name) => service.describe_type(name).unwrap_or_default(),
        }
    }
}
