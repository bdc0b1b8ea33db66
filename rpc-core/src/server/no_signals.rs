//! Where there are no Unix signals: a server runs until its program asks it to stop.
use crate::Error;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Waits for [`StopRequest::stop`].
#[derive(Debug)]
pub(super) struct StopSignal(Arc<(Mutex<bool>, Condvar)>);

/// Asks a server to stop.
#[derive(Debug, Clone)]
pub(super) struct StopRequest(Arc<(Mutex<bool>, Condvar)>);

impl StopRequest {
    pub(super) fn stop(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

impl StopSignal {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self(Arc::default()))
    }

    pub(super) fn request(&self) -> StopRequest {
        StopRequest(self.0.clone())
    }

    pub(super) fn catch(&mut self) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn wait(&mut self) -> Result<(), Error> {
        let mut asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*asked {
            asked = self.0.1.wait(asked).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }
}
