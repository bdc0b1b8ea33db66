//! The METHOD of a command line.
use crate::failure::{Failure, Misfit};
use crate::names::{NotFound, full_name, is_tail};
use rpc_core::schema::{MethodSchema, ServiceSchema};

/// The METHOD of a command line, which is no argument.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    match text.contains(['=', '{']) {
        true => {
            Err("an argument stands here; METHOD, one word such as Service.method, goes between ADDR and it".to_owned())
        }
        false => Ok(text.to_owned()),
    }
}

/// One method of one service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method<'a> {
    pub(crate) service: &'a ServiceSchema,
    pub(crate) schema: &'a MethodSchema,
}

impl<'a> Method<'a> {
    /// The method whose full name is `name`, or else the only one whose full name ends in it.
    pub(crate) fn find(services: &'a [ServiceSchema], name: &str) -> Result<Self, NotFound> {
        let all = || services.iter().flat_map(Self::all);
        if let Some(exact) = all().find(|method| method.full_name() == name) {
            return Ok(exact);
        }
        let found: Vec<Self> = all().filter(|method| is_tail(&method.full_name(), name)).collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => {
                if let Some(service) = services.iter().find(|service| is_tail(&service.name, name)) {
                    let methods = Self::all(service).map(|method| method.full_name()).collect();
                    return Err(NotFound::Service { name: name.to_owned(), methods });
                }
                let known = all().map(|method| method.full_name()).collect();
                Err(NotFound::Unknown { what: "method", name: name.to_owned(), known })
            }
            several => {
                let candidates = several.iter().map(Self::full_name).collect();
                Err(NotFound::Ambiguous { name: name.to_owned(), candidates })
            }
        }
    }

    /// The methods of a service.
    pub(crate) fn all(service: &'a ServiceSchema) -> impl Iterator<Item = Self> {
        service.methods.iter().map(move |schema| Self { service, schema })
    }

    /// `Service.method`.
    pub(crate) fn full_name(&self) -> String {
        full_name(&self.service.name, &self.schema.name)
    }

    /// The failure of arguments or an item that do not fit it.
    pub(crate) fn misfit(&self, misfit: Misfit) -> Failure {
        Failure::Arguments { method: self.full_name(), misfit, signature: self.signature() }
    }

    /// The failure of something that it does not do.
    pub(crate) fn unfit(&self, problem: impl Into<String>) -> Failure {
        Failure::Unfit { method: self.full_name(), problem: problem.into(), signature: self.signature() }
    }

    /// What it takes and answers, in one line.
    pub(crate) fn signature(&self) -> String {
        self.schema.signature(&self.service.types)
    }
}
