//! A service with a function that says who may call what.
use super::{Context, Handler, Incoming, ServiceInfo};
use crate::Error;

/// What [`Handler::guard`] makes.
#[derive(Clone)]
pub struct Guarded<H, G> {
    handler: H,
    guard: G,
}

impl<H, G> Guarded<H, G> {
    pub(super) fn new(handler: H, guard: G) -> Self {
        Self { handler, guard }
    }
}

impl<H, G> Handler for Guarded<H, G>
where
    H: Handler,
    G: Fn(&Context) -> Result<(), Error> + Send + Sync + 'static,
{
    fn service(&self) -> &'static ServiceInfo {
        self.handler.service()
    }

    fn authorize(&self, cx: &Context) -> Result<(), Error> {
        (self.guard)(cx)?;
        self.handler.authorize(cx)
    }

    fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error> {
        self.handler.handle(cx, call)
    }
}

impl<H: Handler, G> std::fmt::Debug for Guarded<H, G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Guarded").field(&self.handler.service().name()).finish()
    }
}
