//! The ITEM of `describe`: a service, a method or a type.
use crate::method::Method;
use crate::names::{NotFound, full_name, is_tail};
use rpc_core::schema::{ServiceSchema, Type};
use std::collections::HashSet;

/// More descriptions than these nobody reads. Each takes a walk over its service.
const SHOWN_MAX: usize = 16;

/// Something that has a description.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    /// `Service`, `Service.method` or `Service.Type`.
    pub(crate) name: String,
    pub(crate) service: &'a ServiceSchema,
    pub(crate) part: Part<'a>,
}

/// A part of a service.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    Whole,
    Method(Method<'a>),
    Type { name: &'a str, doc: &'a str },
}

impl<'a> Item<'a> {
    /// Everything that `name` may stand for, at least one thing. Whoever looks may well see two.
    pub(crate) fn find(services: &'a [ServiceSchema], name: &str) -> Result<Vec<Self>, NotFound> {
        let named = || Self::all(services).filter(|item| is_tail(&item.name, name));
        if named().nth(SHOWN_MAX).is_some() {
            let candidates = named().map(|item| item.name).collect();
            return Err(NotFound::Ambiguous { name: name.to_owned(), candidates });
        }
        let mut found: Vec<(Self, String)> = Vec::new();
        for item in named() {
            let text = item.text();
            // Services that share a type describe it alike.
            if !found.iter().any(|(_, known)| *known == text) {
                found.push((item, text));
            }
        }
        if found.is_empty() {
            let known = Self::all(services).map(|item| item.name).collect();
            return Err(NotFound::Unknown { what: "service, method or type", name: name.to_owned(), known });
        }
        Ok(found.into_iter().map(|(item, _)| item).collect())
    }

    /// The services, each with its methods and the types that they use.
    pub(crate) fn all(services: &'a [ServiceSchema]) -> impl Iterator<Item = Self> {
        services.iter().flat_map(|service| parts(service).map(move |(name, part)| Self { name, service, part }))
    }

    /// Its description, which ends with its last line.
    pub(crate) fn text(&self) -> String {
        match self.part {
            Part::Whole => self.service.to_string(),
            Part::Method(method) => self.service.describe_method(method.schema),
            Part::Type { name, .. } => self.service.describe_type(name).unwrap_or_default(),
        }
    }
}

/// The parts of a service with their full names. Types of one name are one part: their description is that of all.
fn parts(service: &ServiceSchema) -> impl Iterator<Item = (String, Part<'_>)> {
    let methods = Method::all(service).map(|method| (method.full_name(), Part::Method(method)));
    let mut seen = HashSet::new();
    let types = service.types_used().into_iter().filter_map(move |id| match service.types.get(id)? {
        Type::Struct { name, doc, .. } | Type::Enum { name, doc, .. } if seen.insert(name) => {
            Some((full_name(&service.name, name), Part::Type { name, doc }))
        }
        _ => None,
    });
    [(service.name.clone(), Part::Whole)].into_iter().chain(methods).chain(types)
}
