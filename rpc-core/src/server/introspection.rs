//! The service that every server has, unless its program does without: it tells what the others are, and how they are doing.
use super::engine::Engine;
use super::stats::Stats;
use crate::schema::ServiceSchema;
use crate::{Context, Schema, Service, ServiceInfo};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock, Weak};

/// What every server tells of itself, beside the services that its program serves. Whoever may connect may ask; a server
/// that tells nothing is made by [`Server::without_introspection`](crate::Server::without_introspection). `rpc-cli` asks it,
/// and so can any program:
///
/// ```no_run
/// use rpc_core::Introspection;
///
/// let server = Introspection::connect("kv")?;
/// for service in server.describe()?.services {
///     println!("{}: {} methods", service.name, service.methods.len());
/// }
/// for method in server.stats()?.methods {
///     println!("{}.{}: {} calls", method.service, method.method, method.calls);
/// }
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Debug, Service)]
pub enum Introspection {
    /// The services of this server, with their methods, types and docs.
    #[rpc(returns = Description, idempotent)]
    Describe,
    /// How this server is doing: what each method has done, and which calls are running.
    #[rpc(returns = Stats, idempotent)]
    Stats,
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
pub(super) struct Tells {
    pub(super) services: Vec<&'static ServiceInfo>,
    /// The server, which is made after its services.
    pub(super) engine: Arc<OnceLock<Weak<Engine>>>,
}

impl IntrospectionHandler for Tells {
    fn describe(&self, _cx: &Context) -> Description {
        let services = self.services.iter().map(|service| service.schema().clone()).collect();
        Description { pid: std::process::id(), services }
    }

    fn stats(&self, _cx: &Context) -> Stats {
        self.engine.get().and_then(Weak::upgrade).map(|engine| engine.stats()).unwrap_or_default()
    }
}
