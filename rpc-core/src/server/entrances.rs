//! Where callers come in: listening sockets, and connections that were passed down; and what becomes of their files.
use super::engine::{Driver, Engine, lock};
use super::seat::Order;
use super::signals::StopRequest;
use crate::Error;
#[cfg(unix)]
use crate::net::ListeningSocket;
use crate::net::{Listener, Stream};
use std::sync::Arc;

impl Engine {
    /// Hears of new connections at this listener.
    pub(super) fn listen(self: &Arc<Self>, listener: Listener) -> Result<(), Error> {
        let listener = Arc::new(listener);
        let mut listeners = lock(&self.listeners);
        let place = listeners.len();
        match &self.driver {
            #[cfg(target_os = "linux")]
            Driver::Set(set) => set.add_listener(&listener.socket(), place).map_err(cannot_watch)?,
            Driver::Threads => self.try_order(Order::Accept(place))?,
        }
        listeners.push(Some(listener));
        Ok(())
    }

    /// Hears of no more connections; the addresses are free, unless the sockets are kept elsewhere, too.
    pub(super) fn stop_listening(&self) {
        for listener in lock(&self.listeners).iter_mut().filter_map(Option::take) {
            #[cfg(target_os = "linux")]
            if let Driver::Set(set) = &self.driver {
                set.remove_listener(&listener.socket());
            }
            drop(listener);
        }
    }

    /// Serves a connection that nobody had to accept. When the server has nothing else any more, it asks to be stopped.
    pub(super) fn receive_alone(self: &Arc<Self>, stream: Stream, stop: StopRequest) {
        let _ = self.ends_by.set(stop);
        self.receive(stream);
        self.end_if_alone();
    }

    /// Serves a connection that does not come by the poll role.
    fn receive(self: &Arc<Self>, stream: Stream) {
        let Some(link) = self.admit(stream) else { return };
        match &self.driver {
            #[cfg(target_os = "linux")]
            // Whoever waits knows nothing of this one's time to say hello.
            Driver::Set(_) => self.kick(),
            Driver::Threads => self.order(Order::Own(link)),
        }
    }

    /// A server that neither listens nor has a connection serves nobody any more.
    pub(super) fn end_if_alone(&self) {
        let Some(stop) = self.ends_by.get() else { return };
        if !self.has_links() && lock(&self.listeners).iter().all(Option::is_none) {
            stop.stop();
        }
    }
}

#[cfg(unix)]
impl Engine {
    /// All that it listens at.
    pub(super) fn all_listeners(&self) -> Vec<Arc<Listener>> {
        lock(&self.listeners).iter().flatten().cloned().collect()
    }

    /// Whether there are socket files to look after.
    pub(super) fn has_files(&self) -> bool {
        self.all_listeners().iter().any(|listener| listener.has_file())
    }

    /// Makes socket files anew that were deleted.
    ///
    /// # Errors
    /// [`Error::Listen`] if something else is in the place of one, or it cannot be made.
    pub(super) fn look_after_files(self: &Arc<Self>) -> Result<(), Error> {
        let listeners: Vec<_> = lock(&self.listeners).iter().cloned().enumerate().collect();
        for (place, listener) in listeners {
            let Some(listener) = listener else { continue };
            if let Some(old) = listener.renew()? {
                self.replace(&old, &listener.socket(), place)?;
            }
        }
        Ok(())
    }

    /// Hears of a listener's new socket instead of its old one, and serves who has come by that.
    fn replace(self: &Arc<Self>, old: &ListeningSocket, new: &ListeningSocket, place: usize) -> Result<(), Error> {
        #[cfg(target_os = "linux")]
        if let Driver::Set(set) = &self.driver {
            set.remove_listener(old);
            set.add_listener(new, place).map_err(cannot_watch)?;
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (new, place);
        while let Ok(Some(stream)) = old.accept() {
            self.receive(stream);
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn cannot_watch(error: std::io::Error) -> Error {
    Error::system("watching a listening socket", &error)
}
