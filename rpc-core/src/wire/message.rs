//! Bytes, and the descriptors that travel beside them.
use super::{Descriptor, Fds};

/// A frame on its way out, or the body of one that has come. What holds frames without descriptors holds none itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fds: Fds,
}

impl Message {
    /// Empties it; its buffer is kept.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.fds.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What is left to be sent behind the first `at` bytes. The descriptors go with the first one.
    pub(crate) fn rest(&self, at: usize) -> (&[u8], &[Descriptor]) {
        let fds = if at == 0 { self.fds.as_slice() } else { &[] };
        (self.bytes.get(at..).unwrap_or_default(), fds)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, fds: Fds::default() }
    }
}
