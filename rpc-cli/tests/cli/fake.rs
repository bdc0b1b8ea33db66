//! Servers written byte by byte: of another version, or with a description that no honest server has.
use rpc_core::schema::Types;
use rpc_core::{Description, Schema};
use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
};

/// The kinds of frames: `PROTOCOL.md`, F3.
const WELCOME: u8 = 2;
const OPENED: u8 = 5;
const REPLY: u8 = 7;
const PONG: u8 = 12;

const PREFACE: [u8; 8] = [0x8f, b'R', b'P', b'C', 1, 0, 0, 0];

/// The preface of that version, and nothing else.
pub(crate) fn of_version(mut stream: UnixStream, version: u8) {
    read_greeting(&mut stream);
    let [magic @ .., _, _, _, _] = PREFACE;
    stream.write_all(&[&magic[..], &[version, 0, 0, 0]].concat()).unwrap();
}

/// Greets, and stops there.
pub(crate) fn greet(stream: &mut UnixStream) {
    stream.read_exact(&mut [0; 8]).unwrap();
    greet_on(stream);
}

/// Greets whoever has sent a preface.
pub(crate) fn greet_on(stream: &mut UnixStream) {
    read_frame(stream);
    // instance, frame_bytes_max (two bytes), calls_max, window_bytes, fds_max; Some(Here { service: 0, schema: None })
    let welcome = [1, 0x80, 0x80, 1, 9, 0, 0, 1, 0, 0, 0];
    stream.write_all(&[&PREFACE[..], &frame(WELCOME, 0, &welcome)].concat()).unwrap();
}

/// Answers so many pings, and hangs up.
pub(crate) fn pong(mut stream: UnixStream, count: usize) {
    greet(&mut stream);
    for _ in 0..count {
        let ping = read_frame(&mut stream);
        stream.write_all(&frame(PONG, ping, &[])).unwrap();
    }
}

/// Answers the question for its services with this.
pub(crate) fn describe(mut stream: UnixStream, description: &Description) {
    greet(&mut stream);
    let call = read_frame(&mut stream);
    reply(&mut stream, call, &description_bytes(description));
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Tells what it serves, opens the service, and answers the first call of it with these bytes.
pub(crate) fn answer(mut stream: UnixStream, description: &Description, answer: &[u8]) {
    greet(&mut stream);
    let call = read_frame(&mut stream);
    reply(&mut stream, call, &description_bytes(description));
    let open = read_frame(&mut stream);
    // Here { service: 1, schema: None }
    stream.write_all(&frame(OPENED, open, &[0, 1, 0])).unwrap();
    let call = read_frame(&mut stream);
    reply(&mut stream, call, answer);
    let _ = stream.read_to_end(&mut Vec::new());
}

/// The answer of the method that is the first of its service.
fn reply(stream: &mut UnixStream, call: u32, answer: &[u8]) {
    // The program may have had enough before all of it is written.
    let _ = stream.write_all(&frame(REPLY, call, &[&[0], answer].concat()));
}

fn description_bytes(description: &Description) -> Vec<u8> {
    let (mut types, mut bytes) = (Types::default(), Vec::new());
    let id = Description::describe(&mut types);
    types.from_serde(id, serde_json::to_value(description).unwrap(), &mut bytes).unwrap();
    bytes
}

fn read_greeting(stream: &mut UnixStream) {
    stream.read_exact(&mut [0; 8]).unwrap();
    read_frame(stream);
}

/// Gives the call's number.
fn read_frame(stream: &mut UnixStream) -> u32 {
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
    stream.read_exact(&mut vec![0; number(0) as usize]).unwrap();
    number(8)
}

fn frame(kind: u8, call: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&length.to_le_bytes()[..], &[kind, 0, 0, 255], &call.to_le_bytes(), body].concat()
}
