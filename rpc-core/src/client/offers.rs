//! The services that a client offers to its server.
//!
//! To serve them takes a server, which is the larger part of this crate. [`Offers::add`] alone names it, so that a program
//! whose clients offer nothing has none linked into it.
use crate::connection::{Line, Terms};
use crate::net::Stream;
#[cfg(feature = "server")]
use crate::server::Home;
use crate::wire::Inbox;
use crate::{Error, Handler, Limits};
use std::any::Any;
use std::sync::Arc;

/// Handlers, and what serves them.
#[derive(Clone, Default)]
pub(super) struct Offers {
    pub(super) handlers: Vec<Arc<dyn Handler>>,
    /// `None`: there are no handlers.
    pub(super) serve: Option<Serve>,
}

/// [`Home::serve`].
type Serve = fn(&[Arc<dyn Handler>], &Limits, Stream, Terms, Inbox) -> Result<Served, Error>;

/// What the client calls over, and what has to live as long.
type Served = (Arc<Line>, Arc<dyn Any + Send + Sync>);

#[cfg(feature = "server")]
impl Offers {
    /// One service more.
    pub(super) fn add(&mut self, handler: Arc<dyn Handler>) {
        self.handlers.push(handler);
        self.serve = Some(Home::serve);
    }
}
