//! In place of `span`, without the feature `tracing`: nothing.
use crate::net::Peer;
use crate::service::Ending;
use crate::service::{Halves, Method, ServiceInfo};
use crate::{Error, Outgoing};

/// Nothing.
#[derive(Debug)]
pub(crate) struct Span;

impl Span {
    pub(crate) fn none() -> Self {
        Self
    }

    pub(crate) fn serving(_service: &ServiceInfo, _method: &Method, _peer: Peer) -> Self {
        Self
    }

    pub(crate) fn refused(_called: Option<(&ServiceInfo, &Method)>, _peer: Peer) {}

    pub(crate) fn calling(_call: Outgoing<'_>) -> Self {
        Self
    }

    pub(crate) fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    pub(crate) fn served(&self, _ending: Ending) {}

    pub(crate) fn called<R>(&self, _result: &Result<R, Error>) {}

    pub(crate) fn dropped(&self) {}

    pub(crate) fn around(self, halves: Result<Halves, Error>) -> Result<Halves, Error> {
        halves
    }
}
