//! What a writer takes to the socket at once.
use super::{Descriptor, Message};
use std::ops::Range;
use std::sync::Arc;

/// Frames, and perhaps a large part of a body behind them, which is sent from where it lies.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) frames: Message,
    pub(crate) slice: Slice,
}

/// Some bytes of a buffer that others have, too.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    /// `None`: it is empty, and costs nothing.
    buffer: Option<Arc<Vec<u8>>>,
    place: Range<usize>,
}

/// What is left of a batch. The descriptors go with the first byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest<'a> {
    /// The first is empty only if both are.
    pub(crate) bytes: [&'a [u8]; 2],
    pub(crate) fds: &'a [Descriptor],
}

impl Batch {
    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.frames.bytes.len() + self.slice.len()
    }

    /// What is left to be sent behind the first `at` bytes.
    pub(crate) fn rest(&self, at: usize) -> Rest<'_> {
        let Message { bytes, fds } = &self.frames;
        let fds = if at == 0 { fds.as_slice() } else { &[] };
        match bytes.get(at..).filter(|frames| !frames.is_empty()) {
            Some(frames) => Rest { bytes: [frames, self.slice.as_slice()], fds },
            None => {
                let behind = at.saturating_sub(bytes.len());
                Rest { bytes: [self.slice.as_slice().get(behind..).unwrap_or_default(), &[]], fds }
            }
        }
    }

    /// All of it.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.rest(0).bytes.concat()
    }
}

impl Slice {
    /// Those bytes of the buffer: none where it has no such place.
    pub(crate) fn new(buffer: &Arc<Vec<u8>>, place: Range<usize>) -> Self {
        Self { buffer: Some(buffer.clone()), place }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.buffer.as_ref().and_then(|buffer| buffer.get(self.place.clone())).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The first `count` bytes are sent.
    pub(crate) fn advance(&mut self, count: usize) {
        self.place.start = (self.place.start + count).min(self.place.end);
    }

    /// The buffer, if nobody else has it any more.
    pub(crate) fn into_buffer(self) -> Option<Vec<u8>> {
        self.buffer.and_then(Arc::into_inner)
    }
}

impl From<Vec<u8>> for Slice {
    /// All of them.
    fn from(bytes: Vec<u8>) -> Self {
        let place = 0..bytes.len();
        Self { buffer: Some(Arc::new(bytes)), place }
    }
}
