//! Descriptors on a local socket: `SCM_RIGHTS` of unix(7).
//!
//! They go with the first byte of what is sent, and whoever reads must ask for them: a plain read throws them away.
use crate::wire::{Arrivals, Descriptor, FDS_MAX};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

/// The most that one read takes: safe code must clear what it reads into, which costs a tenth of a microsecond for this much.
const READ_BYTES_MAX: usize = 16 << 10;

/// Room for as many as the system passes at once.
const SPACE: usize = rustix::cmsg_space!(ScmRights(FDS_MAX as usize));

#[cfg(not(target_vendor = "apple"))]
const CLOSE_ON_EXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;
/// There is no such flag here: each descriptor is told.
#[cfg(target_vendor = "apple")]
const CLOSE_ON_EXEC: RecvFlags = RecvFlags::empty();

/// Sends bytes of two places, and these descriptors with the first of them. Says how many bytes were taken; if any, all descriptors were.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    bytes: [&[u8]; 2],
    fds: &[Descriptor],
    flags: SendFlags,
) -> Result<usize, Errno> {
    let slices = bytes.map(IoSlice::new);
    if fds.is_empty() {
        return sendmsg(socket, &slices, &mut SendAncillaryBuffer::default(), flags);
    }
    let borrowed: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        // More than the system passes. Limits are looked at before.
        return Err(Errno::INVAL);
    }
    sendmsg(socket, &slices, &mut control, flags)
}

/// Appends what is there, up to the spare capacity of `into`, and the descriptors that came with it, of which `fds_max` may
/// belong to one frame.
pub(super) fn recv(
    socket: BorrowedFd<'_>,
    into: &mut Vec<u8>,
    arrivals: &mut Arrivals,
    fds_max: u32,
    flags: RecvFlags,
) -> Result<usize, Errno> {
    let start = into.len();
    into.resize(start + (into.capacity() - start).min(READ_BYTES_MAX), 0);
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let room = into.get_mut(start..).unwrap_or_default();
    let received = recvmsg(socket, &mut [IoSliceMut::new(room)], &mut control, flags | CLOSE_ON_EXEC);
    let bytes = received.as_ref().map_or(0, |received| received.bytes);
    into.truncate(start + bytes);
    // Cut off: more than the system passes, or this process may have no more descriptors.
    let cut_off = received?.flags.contains(ReturnFlags::CTRUNC);
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            fds.extend(some.map(Descriptor::new));
        }
    }
    #[cfg(target_vendor = "apple")]
    for fd in &fds {
        rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?;
    }
    if cut_off || !fds.is_empty() {
        arrivals.add(fds, cut_off, fds_max);
    }
    Ok(bytes)
}
