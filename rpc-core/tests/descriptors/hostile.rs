//! Peers whose descriptors do not fit what they say.
use crate::closed::{call_beside, wanted};
use crate::common::fake::{Fake, greet, welcome};
use crate::common::raw::*;
use crate::drawer::*;
use rpc_core::Error;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

/// Sends bytes with a descriptor for each of these. A peer that has closed already is no failure: what it said shows.
pub(crate) fn send_beside(raw: &Raw, bytes: &[u8], files: &[&Marked]) {
    try_send_beside(raw, bytes, files);
}

/// The same; says whether it was sent.
pub(crate) fn try_send_beside(raw: &Raw, bytes: &[u8], files: &[&Marked]) -> bool {
    let Raw::Unix(stream) = raw else { panic!("a local socket") };
    let files: Vec<_> = files.iter().map(|file| file.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&files)));
    sendmsg(stream, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).is_ok()
}

/// A greeting that takes descriptors.
pub(crate) fn taking(welcome: &Welcome) -> Welcome {
    Welcome { fds_max: 16, ..welcome.clone() }
}

/// Sends something to an open service, and gives what the connection ends with.
fn ends(address: &str, send: impl FnOnce(&mut Raw)) -> String {
    let mut raw = Raw::to(address);
    raw.open(Some(wanted()));
    send(&mut raw);
    match raw.refusal() {
        Refusal::Malformed(why) => why,
        other => panic!("{other:?}"),
    }
}

/// F9: what cannot be told apart ends the connection, in words, and nothing is left open.
#[test]
fn violations() {
    on_sockets(|served, drawer| {
        let (file, address) = (Marked::new(), served.address());
        let one = || call_beside(1, &[0], 1);
        let more = ends(&address, |raw| send_beside(raw, &call_beside(1, &[0], 2), &[&file]));
        assert_eq!(more, "a frame that claims 2 descriptors, and fewer have come");
        let fewer = ends(&address, |raw| send_beside(raw, &one(), &[&file, &file]));
        assert_eq!(fewer, "1 descriptors that belong to no frame");
        let none = ends(&address, |raw| send_beside(raw, &call_beside(1, &[0], 0), &[&file]));
        assert_eq!(none, "1 descriptors that belong to no frame");
        let without = ends(&address, |raw| raw.send(&one()));
        assert_eq!(without, "a frame that claims 1 descriptors, and fewer have come");
        let early = ends(&address, |raw| send_beside(raw, &one()[..12], &[&file, &file, &file]));
        assert_eq!(early, "3 descriptors that belong to no frame", "its head says so already");
        let many = ends(&address, |raw| send_beside(raw, &call_beside(1, &[0], 17), &[&file; 17]));
        assert_eq!(many, "more descriptors in one message than this side takes, or has room for");
        let in_pieces = ends(&address, |raw| {
            let call = call_beside(1, &[0], 32);
            send_beside(raw, &call[..1], &[&file; 16]);
            send_beside(raw, &call[1..], &[&file; 16]);
        });
        assert_eq!(in_pieces, many, "they are counted by frames");
        for kind in [PING, CANCEL, OPEN, VOID, CREDIT] {
            let mut bytes = frame(kind, 1, b"");
            bytes[6] = 1;
            let why = ends(&address, |raw| send_beside(raw, &bytes, &[&file]));
            assert!(why.ends_with("with 1 descriptors, which only calls and replies carry"), "{why}");
        }
        file.is_closed("violations");
        assert_eq!(drawer.add(1).unwrap(), 2);
    });
}

/// Before a service with descriptors is open nobody asks for any: the system closes them.
#[test]
fn descriptors_that_nobody_expects() {
    on_sockets(|served, _| {
        let file = Marked::new();
        let mut raw = Raw::to(&served.address());
        raw.open(None);
        send_beside(&raw, &frame(PING, 1, b""), &[&file]);
        assert_eq!(raw.frame().kind, PONG);
        send_beside(&raw, &call_beside(2, &[0], 1), &[&file]);
        assert!(matches!(raw.refusal(), Refusal::Malformed(why) if why.contains("claims 1 descriptors")));
        file.is_closed("unexpected");
    });
}

/// A mistake inside of the message fails its call alone.
#[test]
fn places_that_do_not_fit() {
    on_sockets(|served, _| {
        let file = Marked::new();
        let mut raw = Raw::to(&served.address());
        raw.open(Some(wanted()));
        let cases: [(&[u8], &str); 3] = [
            (&[1], "it takes descriptor 1, and 1 came with it"),
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], "it takes descriptor 4294967295, and 1 came with it"),
            (&[], "it ends too early"),
        ];
        for (at, (args, why)) in cases.into_iter().enumerate() {
            send_beside(&raw, &call_beside(at as u32 + 1, args, 1), &[&file]);
            assert_eq!(raw.fault(), (at as u32 + 1, Fault::Malformed(why.to_owned())));
        }
        // `read_all`: a title, a list of two that are the same one, and none.
        let mut twice = call_bytes(9, 1, &[0, 2, 0, 0, 0]);
        twice[6] = 1;
        send_beside(&raw, &twice, &[&file]);
        assert_eq!(raw.fault(), (9, Fault::Malformed("it takes descriptor 0 twice".to_owned())));
        // Three, of which none is used: no mistake.
        let mut unused = call_bytes(10, 1, &[0, 0, 0]);
        unused[6] = 3;
        send_beside(&raw, &unused, &[&file; 3]);
        assert_eq!((raw.frame().kind, file.others()), (REPLY, 0));
        // A method that has nothing to do with them.
        let mut add = call_bytes(11, 5, &[1]);
        add[6] = 2;
        send_beside(&raw, &add, &[&file; 2]);
        assert_eq!(raw.frame().kind, REPLY);
        file.is_closed("places");
    });
}

/// Byte by byte, and many calls in one piece, with their descriptors in pieces of their own.
#[test]
fn any_pieces() {
    on_sockets(|served, _| {
        let file = Marked::new();
        let mut raw = Raw::to(&served.address());
        raw.open(Some(wanted()));
        let bytes = call_beside(1, &[0], 1);
        send_beside(&raw, &bytes[..1], &[&file]);
        bytes[1..].iter().for_each(|byte| raw.send(&[*byte]));
        assert_eq!(raw.frame().body[2..], *file.text().as_bytes());
        // Bytes without any before those with some: one read brings both.
        let others = [Marked::new(), Marked::new(), Marked::new()];
        for (at, other) in others.iter().enumerate() {
            raw.send(&frame(VOID, 0, &[0; 9]));
            send_beside(&raw, &call_beside(10 + at as u32, &[0], 1), &[other]);
            raw.send(&frame(VOID, 0, &[0; 5]));
        }
        for (at, other) in others.iter().enumerate() {
            let reply = raw.frame();
            assert_eq!((reply.call, &reply.body[2..]), (10 + at as u32, other.text().as_bytes()));
            other.is_closed("in pieces");
        }
        file.is_closed("byte by byte");
    });
}

/// As fast as it can, and reading nothing: the server keeps none that it has not a call for.
#[test]
fn floods() {
    on_sockets(|served, drawer| {
        let file = Marked::new();
        let flood = |bytes: &dyn Fn(u32) -> Vec<u8>, count: usize| {
            let mut raw = Raw::to(&served.address());
            raw.open(Some(wanted()));
            for id in 1..500 {
                send_beside(&raw, &bytes(id), &vec![&file; count]);
            }
            drop(raw);
            file.is_closed("flood");
        };
        flood(&|id| call_beside(id, &[7], 16), 16);
        flood(&|id| call_beside(id, &[0], 1), 1);
        flood(&|_| vec![0], 16);
        flood(&|id| frame(VOID, id, b""), 16);
        assert_eq!(drawer.add(1).unwrap(), 2);
    });
}

/// F9, the other way: servers that send what does not fit.
#[test]
fn servers() {
    let file = std::sync::Arc::new(Marked::new());
    let passed = file.clone();
    let server = Fake::new(move |mut raw, number| {
        greet(&mut raw, &taking(&welcome()));
        let id = raw.frame().call;
        let mut reply = frame(REPLY, id, &[2, 0]);
        reply[6] = 1;
        match number {
            0 => raw.send(&reply),
            1 => send_beside(&raw, &reply, &[&*passed; 2]),
            2 => {
                reply[6] = 17;
                send_beside(&raw, &reply, &[&*passed; 17]);
            }
            3 => {
                reply[5] = 1;
                send_beside(&raw, &reply, &[&passed]);
                send_beside(&raw, &reply, &[&passed]);
            }
            _ => {
                reply[13] = 1;
                send_beside(&raw, &reply, &[&passed]);
            }
        }
        raw.rest();
    });
    let cases = [
        "a frame that claims 1 descriptors, and fewer have come",
        "descriptors that belong to no frame",
        "more descriptors in one message than this side takes",
        "descriptors with a further part of the answer",
        "it takes descriptor 1, and 1 came with it",
    ];
    for why in cases {
        let drawer = Drawer::connect(&server.address).unwrap();
        let error = drawer.echo(memory("x").into()).and_then(|_| drawer.add(1).map(|_| ())).unwrap_err();
        assert!(matches!(error, Error::Protocol { .. } | Error::BadReply { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        file.is_closed(why);
    }
}
