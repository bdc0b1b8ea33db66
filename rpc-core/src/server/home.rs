//! A client's own small server: it serves what the client offers, over the client's one connection.
use super::admission::Admission;
use super::engine::{self, Driver, Engine};
use super::link::Link;
use super::seat::Order;
use super::services::Services;
use crate::connection::{Line, Terms};
use crate::net::Stream;
use crate::proto::{PeerTerms, Session};
use crate::wire::Inbox;
use crate::{Error, Handler, Limits};
use std::any::Any;
use std::sync::{Arc, Weak};

/// Serves one connection, until it is dropped.
pub(crate) struct Home {
    engine: Arc<Engine>,
    link: Arc<Link>,
}

impl Home {
    /// Over a stream whose handshake is done; `inbox` may hold bytes that came behind it. Gives what the client calls over, and what
    /// serves until it is dropped.
    ///
    /// # Errors
    /// [`Error::DuplicateService`], and [`Error::System`] when there are no threads or descriptors to be had.
    pub(crate) fn serve(
        offers: &[Arc<dyn Handler>],
        limits: &Limits,
        stream: Stream,
        terms: Terms,
        inbox: Inbox,
    ) -> Result<(Arc<Line>, Arc<dyn Any + Send + Sync>), Error> {
        let services = Services::new(offers.to_vec(), true, limits.clone())?;
        let driver = engine::driver().map_err(|error| Error::system("making a set of connections", &error))?;
        let cannot_watch = |error: std::io::Error| Error::system("watching a connection", &error);
        let engine = Engine::new(services, Admission::default(), driver);
        // What the server takes of its client's calls, the client takes of its server's answers; and so on.
        let peer = PeerTerms {
            frame_bytes_max: terms.frame_bytes_max,
            calls_max: terms.calls.calls_max,
            window_bytes: terms.calls.peer_window_bytes,
            fds_max: terms.fds_max,
        };
        let session = Session::greeted(peer);
        let link = engine.adopt(stream, session, inbox.into_rest());
        let link = link.ok_or_else(|| cannot_watch(std::io::Error::last_os_error()))?;
        let line = Line::over(link.clone(), terms);
        let home = Arc::new(Self { engine, link });
        line.keep_alive(Arc::downgrade(&home) as Weak<dyn Any + Send + Sync>);
        home.start()?;
        Ok((line, home))
    }

    fn start(&self) -> Result<(), Error> {
        self.engine.try_order(Order::Standby)?;
        match &self.engine.driver {
            #[cfg(target_os = "linux")]
            Driver::Set(_) => {
                // Bytes that came behind the handshake are in no socket any more.
                self.engine.push_ready(&self.link);
                self.engine.try_order(Order::Poll)
            }
            Driver::Threads => self.engine.try_order(Order::Own(self.link.clone())),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Its threads are not waited for: the last clone of the connection may be dropped by one of them.
        self.engine.end();
    }
}
