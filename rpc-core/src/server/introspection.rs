//! The service that every server has: it tells what the others are.
use crate::schema::ServiceSchema;
use crate::{Context, Schema, Service, ServiceInfo};
use serde::{Deserialize, Serialize};

/// What every server tells of itself, beside the services that its program serves.
#[derive(Debug, Service)]
pub enum Introspection {
    /// The services of this server, with their methods, types and docs.
    #[rpc(returns = Description, idempotent)]
    Describe,
}

/// A running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Description {
    /// The process that serves.
    pub pid: u32,
    /// What it serves, but for this service.
    pub services: Vec<ServiceSchema>,
}

/// Answers for one server.
pub(super) struct Describes {
    services: Vec<&'static ServiceInfo>,
}

impl Describes {
    pub(super) fn new(services: Vec<&'static ServiceInfo>) -> Self {
        Self { services }
    }
}

impl IntrospectionHandler for Describes {
    fn describe(&self, _cx: &Context) -> Description {
        let services = self.services.iter().map(|service| service.schema().clone()).collect();
        Description { pid: std::process::id(), services }
    }
}
