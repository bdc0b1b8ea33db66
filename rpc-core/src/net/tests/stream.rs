//! Reading, writing, waiting, ending.

use super::super::{Readiness, Received, Stream, Wait};
use crate::wire::Arrivals;
use rustix::net::sockopt::{set_socket_send_buffer_size, socket_send_buffer_size};
use std::{
    io, thread,
    time::{Duration, Instant},
};

/// The next bytes, however long they take.
pub(super) fn read(stream: &Stream) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    while stream.recv(&mut bytes, Wait::Block).unwrap() == Received::Nothing {}
    bytes
}

#[test]
fn a_read_takes_what_is_there_and_no_more_than_there_is_room_for() {
    let (left, right) = Stream::pair().unwrap();
    let mut bytes = b"kept ".to_vec();
    bytes.reserve_exact(4);
    assert_eq!(left.recv(&mut bytes, Wait::No).unwrap(), Received::Nothing);
    right.send(&[b'x'; 100]).unwrap();
    let room = bytes.capacity() - bytes.len();
    assert_eq!(left.recv(&mut bytes, Wait::No).unwrap(), Received::Bytes(room));
    assert!(bytes.starts_with(b"kept xxxx"));
    // A buffer without room is given some: reading into nothing would look like the end.
    assert_eq!(left.recv(&mut bytes, Wait::No).unwrap(), Received::Bytes(100 - room));
}

#[test]
fn the_end_comes_after_the_last_bytes() {
    let (left, right) = Stream::pair().unwrap();
    left.send(b"last").unwrap();
    left.shutdown_write().unwrap();
    assert_eq!(read(&right), b"last");
    assert_eq!(right.recv(&mut Vec::new(), Wait::Block).unwrap(), Received::End);
    right.send(b"back").unwrap();
    assert_eq!(read(&left), b"back");
    drop(right);
    // A second end of what has ended already is none of the caller's business.
    left.shutdown_both().unwrap();
    left.shutdown_write().unwrap();
}

#[test]
fn a_full_buffer_says_so_and_a_gone_peer_is_an_error_without_a_signal() {
    let (left, right) = Stream::pair().unwrap();
    let chunk = vec![0; 64 * 1024];
    let full = loop {
        if let Err(error) = left.send(&chunk) {
            break error;
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(left.wait_ready(false, true, Some(Duration::ZERO)).unwrap(), Readiness { read: false, write: false });
    // Not a drop: a process that is just starting may hold a copy of the descriptor.
    right.shutdown_both().unwrap();
    assert_eq!(left.send(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(left.wait_ready(true, true, None).unwrap(), Readiness { read: true, write: true });
}

#[test]
fn a_receive_timeout_loses_nothing() {
    let (left, right) = Stream::pair().unwrap();
    let limit = Duration::from_millis(20);
    left.set_recv_timeout(Some(limit)).unwrap();
    let start = Instant::now();
    let mut bytes = Vec::with_capacity(16);
    assert_eq!(left.recv(&mut bytes, Wait::Block).unwrap(), Received::Nothing);
    assert!(start.elapsed() >= limit / 2);
    right.send(b"late").unwrap();
    assert_eq!(left.recv(&mut bytes, Wait::Block).unwrap(), Received::Bytes(4));
    // Zero would mean for ever.
    left.set_recv_timeout(Some(Duration::ZERO)).unwrap();
    assert_eq!(left.recv(&mut bytes, Wait::Block).unwrap(), Received::Nothing);
}

#[test]
fn a_read_within_a_time_waits_no_longer_and_not_less() {
    let (left, right) = Stream::pair().unwrap();
    let (mut bytes, mut none) = (Vec::new(), Arrivals::default());
    let (limit, start) = (Duration::from_millis(20), Instant::now());
    assert_eq!(left.recv_within(&mut bytes, &mut none, Some(limit)).unwrap(), Received::Nothing);
    assert!(start.elapsed() >= limit);
    thread::scope(|scope| {
        let reader = scope.spawn(|| left.recv_within(&mut bytes, &mut none, None).unwrap());
        right.send(b"late").unwrap();
        assert_eq!(reader.join().unwrap(), Received::Bytes(4));
    });
    right.shutdown_both().unwrap();
    assert_eq!(left.recv_within(&mut bytes, &mut none, None).unwrap(), Received::End);
}

#[test]
fn readiness_is_what_was_asked_for() {
    let (left, right) = Stream::pair().unwrap();
    let none = Readiness { read: false, write: false };
    assert_eq!(left.wait_ready(true, false, Some(Duration::from_millis(5))).unwrap(), none);
    assert_eq!(left.wait_ready(true, true, None).unwrap(), Readiness { read: false, write: true });
    right.send(b"x").unwrap();
    let forever = Some(Duration::MAX);
    assert_eq!(left.wait_ready(true, false, forever).unwrap(), Readiness { read: true, write: false });
}

/// By two roads: a blocked read, and a blocked poll. Whether the thread is blocked yet makes no difference.
#[test]
fn a_shutdown_wakes_whoever_waits() {
    let (left, _right) = Stream::pair().unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| left.recv(&mut Vec::new(), Wait::Block).unwrap());
        let poller = scope.spawn(|| left.wait_ready(true, false, None).unwrap());
        left.shutdown_both().unwrap();
        assert_eq!(reader.join().unwrap(), Received::End);
        assert!(poller.join().unwrap().read);
    });
}

/// Sends until the socket takes no more; how large its buffer is then.
fn fill(stream: &Stream) -> usize {
    while stream.send(&[0; 4096]).is_ok() {}
    socket_send_buffer_size(stream).unwrap()
}

/// The system may have a least or a most of its own, so the sizes themselves are its business.
#[test]
fn a_buffer_that_is_full_becomes_larger_unless_it_was_limited() {
    const SMALL: usize = 8 << 10;
    let (left, _right) = Stream::pair().unwrap();
    let default = socket_send_buffer_size(&left).unwrap();
    set_socket_send_buffer_size(&left, SMALL).unwrap();
    let small = socket_send_buffer_size(&left).unwrap();
    assert!(small < default, "{small} of {default}");
    let larger = fill(&left);
    assert!(larger > small, "{larger} from {small}");
    let (limited, _right) = Stream::pair().unwrap();
    limited.limit_buffers(SMALL);
    assert_eq!(fill(&limited), small);
}
