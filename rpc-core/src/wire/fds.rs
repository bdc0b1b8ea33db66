//! Descriptors that travel beside bytes: those of one message, and those that have come and belong to no frame yet.
//!
//! A frame's head says how many are its own. They are sent with its first byte, so they have come when that has; but the
//! system may hand over bytes that were sent before them in the same read. So it is their order that tells whose they
//! are, and a connection keeps them in a queue until their frames are met.
use super::{Cut, FDS_AT, FrameError, HEAD_BYTES};
use std::collections::VecDeque;

/// A descriptor, shared with whoever may still hold it: it is closed with its last owner.
#[cfg(unix)]
pub(crate) type Descriptor = std::sync::Arc<std::os::fd::OwnedFd>;

/// There are none here.
#[cfg(not(unix))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Descriptor {}

/// The most that one message carries: `SCM_MAX_FD` of unix(7).
pub(crate) const FDS_MAX: u32 = 253;

/// What a side that says `said` takes with one message: no more than the system passes, and none over a socket that carries none.
pub(crate) fn fds_max(said: u32, carries_fds: bool) -> u32 {
    if carries_fds { said.min(FDS_MAX) } else { 0 }
}

/// The descriptors of one message, in their order. Nearly always there are none, which costs a pointer.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "it is part of what every call and every idle connection keeps")]
pub(crate) struct Fds(Option<Box<Vec<Descriptor>>>);

impl Fds {
    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn as_slice(&self) -> &[Descriptor] {
        self.0.as_ref().map_or(&[], |fds| fds.as_slice())
    }

    pub(crate) fn push(&mut self, fd: Descriptor) {
        self.0.get_or_insert_default().push(fd);
    }

    /// All of them; none are left.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Closes those that nobody else holds.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if !self.is_empty() {
            drop(self.take());
        }
    }
}

impl IntoIterator for Fds {
    type Item = Descriptor;
    type IntoIter = std::vec::IntoIter<Descriptor>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map_or_else(Vec::new, |fds| *fds).into_iter()
    }
}

impl FromIterator<Descriptor> for Fds {
    fn from_iter<I: IntoIterator<Item = Descriptor>>(fds: I) -> Self {
        let mut all = Self::default();
        fds.into_iter().for_each(|fd| all.push(fd));
        all
    }
}

impl PartialEq for Fds {
    /// The very same ones.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.as_slice().iter().zip(other.as_slice()).all(|(a, b)| is_same(a, b))
    }
}
impl Eq for Fds {}

#[cfg(unix)]
fn is_same(a: &Descriptor, b: &Descriptor) -> bool {
    std::sync::Arc::ptr_eq(a, b)
}

#[cfg(not(unix))]
fn is_same(a: &Descriptor, _: &Descriptor) -> bool {
    match *a {}
}

/// Descriptors that have come on one connection, and whose frames have not been met.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Option<Box<Arrived>>);

#[derive(Debug, Default)]
struct Arrived {
    fds: VecDeque<Descriptor>,
    /// So many may belong to one frame.
    most: u32,
    /// Some are missing: nobody can tell any more whose they are.
    spoiled: bool,
}

impl Arrivals {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// These have come, and `most` may belong to one frame. `spoiled`: with others that are lost.
    pub(crate) fn add(&mut self, fds: impl IntoIterator<Item = Descriptor>, spoiled: bool, most: u32) {
        let arrived = self.0.get_or_insert_default();
        arrived.fds.extend(fds);
        arrived.most = most;
        arrived.spoiled |= spoiled;
    }

    /// What came on another read.
    pub(crate) fn append(&mut self, later: Self) {
        if let Some(later) = later.0 {
            self.add(later.fds, later.spoiled, later.most);
        }
    }

    /// Closes all of them.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    /// Those of the frame that stands at the start of `bytes`, which is all that has come; `cut` is what was found there.
    ///
    /// # Errors
    /// When the frame claims others than have come, or some have come for no frame.
    pub(crate) fn of(&mut self, cut: &Cut<'_>, bytes: &[u8]) -> Result<Fds, FrameError> {
        match cut {
            Cut::Frame { head, .. } | Cut::Oversized { head, .. } => self.take(head.fds),
            Cut::Partial { .. } => self.check_rest(bytes).map(|()| Fds::default()),
            Cut::Skipped { .. } => Ok(Fds::default()),
        }
    }

    fn take(&mut self, claimed: u8) -> Result<Fds, FrameError> {
        if claimed == 0 {
            return Ok(Fds::default());
        }
        let missing = FrameError::MissingDescriptors(claimed);
        let (count, arrived) = (usize::from(claimed), self.0.as_mut().ok_or(missing)?);
        let have = arrived.fds.len();
        if u32::from(claimed) > arrived.most || have < count && arrived.spoiled {
            return Err(FrameError::SpoiledDescriptors);
        }
        if have < count {
            return Err(missing);
        }
        let fds = arrived.fds.drain(..count).collect();
        if arrived.fds.is_empty() && !arrived.spoiled {
            self.0 = None;
        }
        Ok(fds)
    }

    /// Everything that has come is dealt with, but for `rest`, which is less than a frame. What is left can only be its own.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn check_rest(&self, rest: &[u8]) -> Result<(), FrameError> {
        let Some(arrived) = &self.0 else { return Ok(()) };
        let count = arrived.fds.len();
        let fits = match (rest.get(FDS_AT), rest.len()) {
            (_, 0) => false,
            (Some(claimed), HEAD_BYTES..) => usize::from(*claimed) == count,
            // Its count is not to be trusted before its head is whole; but a frame cannot have more than this.
            _ => count <= arrived.most as usize,
        };
        match (arrived.spoiled, fits) {
            (true, _) => Err(FrameError::SpoiledDescriptors),
            (false, false) => Err(FrameError::StrayDescriptors(count)),
            (false, true) => Ok(()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::wire::{CallId, Cutter, Kind, Message, put_message};
    use std::fs::File;

    fn fd() -> Descriptor {
        Descriptor::new(File::open("/dev/null").unwrap().into())
    }

    /// A call with so many descriptors.
    fn call(count: usize) -> Message {
        let mut message = Message::default();
        let body = |message: &mut Message| {
            message.bytes.extend_from_slice(b"arguments");
            (0..count).for_each(|_| message.fds.push(fd()));
            Ok::<_, ()>(())
        };
        put_message(&mut message, Kind::Call, CallId(1), body).unwrap();
        message
    }

    fn of(arrivals: &mut Arrivals, bytes: &[u8]) -> Result<usize, FrameError> {
        let cut = Cutter::default().cut(bytes, 100).unwrap();
        arrivals.of(&cut, bytes).map(|fds| fds.len())
    }

    #[test]
    fn each_frame_takes_its_own_in_their_order() {
        let (first, second) = (call(2), call(1));
        let mut arrivals = Arrivals::default();
        arrivals.add(first.fds.as_slice().iter().chain(second.fds.as_slice()).cloned(), false, 2);
        for sent in [first, second] {
            let cut = Cutter::default().cut(&sent.bytes, 100).unwrap();
            assert_eq!(arrivals.of(&cut, &sent.bytes), Ok(sent.fds));
        }
        assert!(arrivals.is_empty());
    }

    /// F9: byte by byte, a frame's descriptors wait for the rest of it.
    #[test]
    fn they_wait_for_their_frame() {
        let (sent, mut arrivals) = (call(2), Arrivals::default());
        arrivals.add(sent.fds, false, 2);
        for here in 1..sent.bytes.len() {
            assert_eq!(of(&mut arrivals, &sent.bytes[..here]), Ok(0), "{here} bytes");
        }
        assert_eq!(of(&mut arrivals, &sent.bytes), Ok(2));
    }

    /// F9: more, fewer, or others than claimed.
    #[test]
    fn what_does_not_fit_is_an_error() {
        let arrived = |count: usize, spoiled| {
            let mut arrivals = Arrivals::default();
            arrivals.add((0..count).map(|_| fd()), spoiled, 3);
            arrivals
        };
        assert_eq!(of(&mut Arrivals::default(), &call(1).bytes), Err(FrameError::MissingDescriptors(1)));
        assert_eq!(of(&mut arrived(1, false), &call(2).bytes), Err(FrameError::MissingDescriptors(2)));
        assert_eq!(
            of(&mut arrived(3, false), &call(2).bytes[..15]),
            Err(FrameError::StrayDescriptors(3)),
            "its head says 2"
        );
        assert_eq!(arrived(1, false).check_rest(b""), Err(FrameError::StrayDescriptors(1)));
        assert_eq!(arrived(4, false).check_rest(b"x"), Err(FrameError::StrayDescriptors(4)));
        assert_eq!(
            of(&mut arrived(4, false), &call(4).bytes),
            Err(FrameError::SpoiledDescriptors),
            "in whatever pieces"
        );
        assert_eq!(
            of(&mut arrived(1, true), &call(2).bytes),
            Err(FrameError::SpoiledDescriptors),
            "this side lost one"
        );
        assert_eq!(arrived(1, true).check_rest(b"x"), Err(FrameError::SpoiledDescriptors));
        let (mut behind, sent) = (arrived(3, true), call(3));
        assert_eq!(of(&mut behind, &sent.bytes), Ok(3));
        assert_eq!(behind.check_rest(b""), Err(FrameError::SpoiledDescriptors), "it is not forgotten");
    }
}
