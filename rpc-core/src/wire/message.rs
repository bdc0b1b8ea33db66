//! Bytes, and the descriptors that travel beside them.
use super::{Fds, is_kept};

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

    /// The same, for the next message: a buffer that one large message needed is not kept for small ones.
    pub(crate) fn reuse(&mut self) {
        if !is_kept(self.bytes.capacity(), self.bytes.len()) {
            self.bytes = Vec::new();
        }
        self.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, fds: Fds::default() }
    }
}
