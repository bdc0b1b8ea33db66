//! Where there is no set: a worker for each connection, and one for each listener. The hand-over of slow calls is the same.
use super::engine::{Engine, lock};
use super::incidents::Incident;
use super::link::Link;
use super::seat::Order;
use super::serve::End;
use super::worker::Worker;
use crate::net::Wait;
use crate::proto::clamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often an acceptor looks whether its listener is closed, which does not end its wait; and its pause when accepting failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

impl Engine {
    /// Reads and serves one link until it is closed, held, or stolen.
    pub(super) fn own(self: &Arc<Self>, worker: &mut Worker, link: &Arc<Link>) {
        self.watched(worker, |worker| {
            // One for the whole greeting, however many reads it takes: a byte now and then must not keep a thread.
            let greeted = Instant::now() + clamp(self.limits().handshake_time_max);
            let mut greets = true;
            loop {
                if greets {
                    greets = !link.read().session.is_open();
                    let patience = match greets {
                        true => greeted.saturating_duration_since(Instant::now()),
                        false => self.limits().stall_time_max,
                    };
                    if patience.is_zero() {
                        self.incidents.count(Incident::Handshake);
                        return self.close(link);
                    }
                    if link.stream().set_recv_timeout(Some(patience)).is_err() {
                        return self.close(link);
                    }
                }
                match self.serve(worker, link, Wait::Block) {
                    End::Nothing if !greets => drop(self.waits_for_peer(link)),
                    End::Drained | End::Nothing | End::Yields => {}
                    End::Lost | End::Stolen => return,
                }
            }
        });
    }

    /// Accepts on one listener until it is closed.
    pub(super) fn accept_for_ever(self: &Arc<Self>, place: usize) {
        while !self.is_stopped() {
            let Some(listener) = lock(&self.listeners).get(place).cloned().flatten() else { return };
            match listener.accept() {
                Ok(Some(stream)) => {
                    if let Some(link) = self.admit(stream) {
                        self.order(Order::Own(link));
                    }
                }
                Ok(None) => listener.socket().wait(ACCEPT_PAUSE),
                Err(error) => {
                    self.incidents.accept_failed(&error);
                    std::thread::sleep(ACCEPT_PAUSE);
                }
            }
        }
    }
}
