//! How often a stream asked the kernel: for the test that counts a call's system calls. Nothing at all in other builds.
#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[derive(Debug, Default)]
pub(crate) struct Counts {
    #[cfg(test)]
    recvs: AtomicUsize,
    #[cfg(test)]
    sends: AtomicUsize,
}

impl Counts {
    /// One recv(2) begins.
    #[inline(always)]
    pub(super) fn recv(&self) {
        #[cfg(test)]
        self.recvs.fetch_add(1, SeqCst);
    }

    /// One send(2) begins.
    #[inline(always)]
    pub(super) fn send(&self) {
        #[cfg(test)]
        self.sends.fetch_add(1, SeqCst);
    }

    /// So far: recv(2), send(2).
    #[cfg(test)]
    pub(crate) fn so_far(&self) -> (usize, usize) {
        (self.recvs.load(SeqCst), self.sends.load(SeqCst))
    }
}
