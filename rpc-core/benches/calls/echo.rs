//! Calls that carry as many bytes there and back, one at a time: by a blocking `UnixStream`, and by this framework.
use super::case::WARM_CALLS;
use super::flows::Flows;
use super::framework::connect;
use super::measure::{Amount, Run, Tally};
use super::raw::threads;
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// What a tuned socket may hold of what was sent; Linux takes it twice.
const TUNED_BYTES: usize = 256 << 10;

/// Serves with a thread a connection.
pub(crate) fn listen(address: &Path, tuned: bool) {
    let listener = UnixListener::bind(address).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            std::thread::spawn(move || serve(stream, tuned));
        }
    });
}

/// Answers a message when all of it has come, as whoever decodes it would.
fn serve(mut stream: UnixStream, tuned: bool) {
    tune(&stream, tuned);
    let mut message = Vec::new();
    while recv(&mut stream, &mut message) && stream.write_all(&message).is_ok() {}
}

fn tune(stream: &UnixStream, tuned: bool) {
    if tuned {
        set_socket_send_buffer_size(stream, TUNED_BYTES).expect("a size that the system allows");
    }
}

/// A length of four bytes and as many more. False: the other side has closed.
fn recv(stream: &mut UnixStream, message: &mut Vec<u8>) -> bool {
    let mut length = [0; 4];
    if stream.read_exact(&mut length).is_err() {
        return false;
    }
    message.resize(4 + u32::from_le_bytes(length) as usize, 0);
    message[..4].copy_from_slice(&length);
    stream.read_exact(&mut message[4..]).is_ok()
}

/// The client of [`listen`].
pub(crate) fn raw(address: &str, tuned: bool, bytes: usize, amount: Amount) -> Run {
    echoes(bytes, amount, || {
        let mut stream = UnixStream::connect(address).expect("a connection");
        tune(&stream, tuned);
        let mut message = (bytes as u32).to_le_bytes().to_vec();
        message.resize(4 + bytes, 7);
        move |number| {
            stamp(&mut message[4..], number);
            stream.write_all(&message).expect("the server reads");
            assert!(recv(&mut stream, &mut message), "the server went away");
            check(&message[4..], bytes, number);
        }
    })
}

/// Sends what came back: a caller who owns what it sends copies nothing.
pub(crate) fn framework(address: &str, bytes: usize, amount: Amount) -> Run {
    echoes(bytes, amount, || {
        let (flows, mut payload) = (Flows::client(connect(address)), vec![7; bytes]);
        move |number| {
            stamp(&mut payload, number);
            payload = flows.echo(std::mem::take(&mut payload)).expect("an answer");
            check(&payload, bytes, number);
        }
    })
}

fn echoes<E: FnMut(u64)>(bytes: usize, amount: Amount, prepare: impl Fn() -> E + Sync) -> Run {
    // Large calls are fewer: each counts for one small one a KiB.
    let weight = bytes as u64 >> 10;
    let warm_calls = (WARM_CALLS / weight).max(2);
    threads(1, warm_calls, amount.of_weight(weight), || {
        let (mut echo, mut number) = (prepare(), 0);
        move |amount| {
            Tally::of(amount, || {
                number += 1;
                echo(number);
            })
        }
    })
}

/// Both ends are told apart from those of the call before; looking at every byte would be work of its own.
fn stamp(payload: &mut [u8], number: u64) {
    let number = number.to_le_bytes();
    *payload.first_chunk_mut().expect("it is larger") = number;
    *payload.last_chunk_mut().expect("it is larger") = number;
}

fn check(payload: &[u8], bytes: usize, number: u64) {
    let number = number.to_le_bytes();
    assert_eq!((payload.len(), payload.first_chunk(), payload.last_chunk()), (bytes, Some(&number), Some(&number)));
}
