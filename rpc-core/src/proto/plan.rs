//! What a client calls a server's methods by, when the two were built from different versions.
use crate::schema::{Mismatch, ServiceSchema, Verdict, compare};

/// How one service is called on one connection. Made once, when the service is opened.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The number that calls to it carry.
    pub(crate) service: u32,
    /// By the client's index; `None`: both sides have the same schema, and nothing needs to be looked up.
    methods: Option<Vec<MethodPlan>>,
}

/// How one method is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MethodPlan {
    /// By this index: that of the method of the same name in the server's enum.
    Index(u32),
    /// The server has no method of this name.
    Missing,
    /// The server's method of this name takes or answers something else.
    Incompatible { path: String, ours: String, theirs: String },
}

impl Plan {
    /// For a server with the client's own schema.
    pub(crate) fn same(service: u32) -> Self {
        Self { service, methods: None }
    }

    /// For a server with another schema.
    pub(crate) fn between(service: u32, client: &ServiceSchema, server: &ServiceSchema) -> Self {
        let plan = |verdict| match verdict {
            Verdict::Same { index } => MethodPlan::Index(index),
            Verdict::Missing => MethodPlan::Missing,
            Verdict::Incompatible(Mismatch { path, ours, theirs }) => MethodPlan::Incompatible { path, ours, theirs },
        };
        Self { service, methods: Some(compare(client, server).into_iter().map(plan).collect()) }
    }

    /// How to call the client's method `index`.
    pub(crate) fn method(&self, index: u32) -> MethodPlan {
        match &self.methods {
            None => MethodPlan::Index(index),
            Some(methods) => methods.get(index as usize).cloned().unwrap_or(MethodPlan::Missing),
        }
    }
}
