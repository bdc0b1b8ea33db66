//! None is left open, however a call ends.
use crate::common::fake::{Fake, greet, welcome};
use crate::common::raw::*;
use crate::common::{Gates, Way, listen};
use crate::drawer::*;
use crate::hostile::{send_beside, taking};
use rpc_core::{Client, Context, Error, Handler, Limits, MethodStats, Outcome, Server, Service};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn handlers_that_fail() {
    on_all(|_, drawer| {
        let file = Marked::new();
        assert!(matches!(drawer.panic(file.fd()), Err(Error::Panicked { .. })));
        // Larger than a reply may be.
        assert!(matches!(drawer.label(file.fd(), 5 << 20), Err(Error::TooLarge { outcome: Outcome::Executed, .. })));
        let title = "x".repeat(5 << 20);
        let large = drawer.read_all(&title, vec![file.fd()], None);
        assert!(matches!(large, Err(Error::TooLarge { outcome: Outcome::NotSent, .. })));
        file.is_closed("failed");
    });
}

#[test]
fn callers_that_give_up() {
    on_sockets(|served, drawer| {
        let file = Marked::new();
        let soon = drawer.timeout(Duration::from_millis(20));
        assert!(matches!(soon.hold(file.fd(), "late"), Err(Error::Deadline { .. })));
        served.cabinet.0.open("late");
        file.is_closed("the answer came late");
        let pipeline = Drawer::client(served.connection().unwrap().pipelined());
        // The first is written; the others wait behind it, and are taken back.
        let calls: Vec<_> = (0..10).map(|_| pipeline.hold(file.fd(), "dropped")).collect();
        drop(calls);
        served.cabinet.0.open("dropped");
        file.is_closed("taken back");
        assert_eq!(drawer.add(1).unwrap(), 2);
    });
}

#[test]
fn servers_that_refuse() {
    for way in [Way::Set, Way::Threads] {
        let mut limits = Limits::default();
        (limits.calls_max, limits.jobs_max) = (100, 1);
        let served = Served::new(way, limits);
        let (pipeline, file) = (Drawer::client(served.connection().unwrap().pipelined()), Marked::new());
        let first = pipeline.hold(file.fd(), "busy");
        served.cabinet.0.wait_for("at busy");
        let refused: Vec<_> = (0..20).map(|_| pipeline.hold(file.fd(), "busy")).collect();
        for call in refused {
            assert!(matches!(call.wait(), Err(Error::Overloaded { .. })));
        }
        served.cabinet.0.open("busy");
        first.wait().unwrap();
        file.is_closed("overloaded");
    }
}

/// Whatever the shape of the call, nothing that it brought is kept, or even looked at, and each is counted as refused.
#[test]
fn guards_that_refuse() {
    for way in [Way::Set, Way::Threads] {
        let directory = tempfile::tempdir().unwrap();
        let deny = |_: &Context| Err(Error::NotAllowed { method: String::new(), why: "not you".to_owned() });
        let guarded = Drawer::serve(Cabinet::default()).guard(deny);
        let server = listen(way, Server::new(guarded), &directory).unwrap();
        let drawer = Drawer::connect(&server.addresses()[0].to_string()).unwrap();
        let file = Marked::new();
        for refused in [drawer.echo(file.fd()), drawer.hold(file.fd(), "none"), drawer.count(9, file.fd()).finish()] {
            assert!(matches!(refused, Err(Error::NotAllowed { .. })), "{way:?}: {refused:?}");
        }
        drawer.discard(file.fd()).unwrap();
        assert!(matches!(drawer.add(1), Err(Error::NotAllowed { .. })));
        file.is_closed("refused");
        let stats = server.stats();
        let methods = stats.methods.iter().filter(|method| method.service == "Drawer");
        let counted = |(calls, refused), method: &MethodStats| (calls + method.calls, refused + method.refused);
        assert_eq!(methods.fold((0, 0), counted), (0, 5), "{way:?}");
    }
}

#[test]
fn connections_that_end() {
    on_sockets(|served, drawer| {
        let file = Marked::new();
        let connection = served.connection().unwrap();
        let held = Drawer::client(connection.pipelined()).hold(file.fd(), "gone");
        served.cabinet.0.wait_for("at gone");
        drop((held, connection));
        served.cabinet.0.open("gone");
        file.is_closed("the client has gone");
        assert_eq!(drawer.add(1).unwrap(), 2);
    });
}

/// A server that reads nothing and then goes: what was queued is given back with its calls.
#[test]
fn servers_that_vanish() {
    let gates = Gates::default();
    let goes = gates.clone();
    let server = Fake::new(move |mut raw, _| {
        greet(&mut raw, &taking(&welcome()));
        goes.pass("go");
    });
    let (file, title) = (Marked::new(), "x".repeat(1 << 20));
    let drawer = Drawer::connect(&server.address).unwrap();
    let pipeline = Drawer::client(drawer.channel().pipelined());
    let mut calls: Vec<_> = (0..4).map(|_| pipeline.read_all(&title, vec![file.fd()], Some(file.fd()))).collect();
    assert!(file.others() > 0, "they wait to be sent");
    calls.pop();
    gates.open("go");
    for call in calls {
        let error = call.wait().unwrap_err();
        assert!(matches!(error, Error::Disconnected { .. }), "{error}");
    }
    file.is_closed("the server has gone, and the connection is still held");
}

/// A client in the midst of a frame whose descriptors have come: no handler has them, and nobody else may.
#[test]
fn frames_cut_anywhere() {
    on_sockets(|served, _| {
        let file = Marked::new();
        let bytes = call_beside(1, &[0u8], 1);
        for cut in 1..bytes.len() {
            let mut raw = Raw::to(&served.address());
            raw.open(Some(wanted()));
            send_beside(&raw, &bytes[..cut], &[&file]);
            drop(raw);
        }
        file.is_closed("cut");
    });
}

/// The same while a handler of that connection runs, which keeps what is left of it.
#[test]
fn a_frame_that_is_cut_while_a_handler_runs() {
    on_sockets(|served, _| {
        let (held, cut) = (Marked::new(), Marked::new());
        let mut raw = Raw::to(&served.address());
        raw.open(Some(wanted()));
        let mut hold = call_bytes(1, 8, &bytes_of(&(0u32, "cut")));
        hold[6] = 1;
        send_beside(&raw, &hold, &[&held]);
        served.cabinet.0.wait_for("at cut");
        send_beside(&raw, &call_beside(2, &[0], 1)[..7], &[&cut]);
        drop(raw);
        cut.is_closed("cut");
        assert_eq!(held.others(), 1, "the handler has it");
        served.cabinet.0.open("cut");
        held.is_closed("the handler has ended");
    });
}

/// Answers of a server that come when nobody waits, twice, or in an ended connection.
#[test]
fn answers_that_nobody_takes() {
    let file = std::sync::Arc::new(Marked::new());
    let passed = file.clone();
    let server = Fake::new(move |mut raw, number| {
        greet(&mut raw, &taking(&welcome()));
        let id = raw.frame().call;
        match number {
            // Late: the caller has cancelled it.
            0 => {
                assert_eq!(raw.frame().kind, CANCEL);
                send_beside(&raw, &reply_beside(id, 2, 1), &[&passed]);
                let add = raw.frame();
                raw.send(&frame(REPLY, add.call, &[5, 8]));
            }
            // An answer with one more than it names, and a method that has none.
            1 => {
                send_beside(&raw, &reply_beside(id, 2, 2), &[&passed, &passed]);
                let add = raw.frame();
                let mut with = frame(REPLY, add.call, &[5, 8]);
                with[6] = 1;
                send_beside(&raw, &with, &[&passed]);
            }
            // To nobody.
            _ => {
                send_beside(&raw, &reply_beside(id + 9, 2, 1), &[&passed]);
            }
        }
        raw.rest();
    });
    let drawer = || Drawer::connect(&server.address).unwrap();
    let impatient = drawer();
    let late = impatient.timeout(Duration::from_millis(20)).echo(memory("x").into());
    assert!(matches!(late, Err(Error::Deadline { .. })));
    assert_eq!(impatient.add(7).unwrap(), 8);
    file.is_closed("late");
    let second = drawer();
    assert_eq!(text_of(second.echo(memory("x").into()).unwrap()), file.text());
    assert_eq!(second.add(7).unwrap(), 8);
    file.is_closed("more than it names");
    let third = drawer();
    let error = third.echo(memory("x").into()).unwrap_err();
    assert!(matches!(&error, Error::Protocol { problem, .. } if problem.contains("nobody asked")), "{error}");
    file.is_closed("to nobody, while the connection is still held");
    drop((impatient, second, third));
}

pub(crate) fn wanted() -> (&'static str, u64) {
    ("Drawer", Drawer::INFO.fingerprint().0)
}

/// `read`, `args` as its bytes, whose head claims so many descriptors.
pub(crate) fn call_beside(id: u32, args: &[u8], claimed: u8) -> Vec<u8> {
    let mut bytes = call_bytes(id, 0, args);
    bytes[6] = claimed;
    bytes
}

/// A call of the method at that place, which takes one descriptor, whose head claims so many.
pub(crate) fn call_to(method: u32, id: u32, claimed: u8) -> Vec<u8> {
    let mut bytes = call_bytes(id, method, &[0]);
    bytes[6] = claimed;
    bytes
}

/// The answer of a method that gives one descriptor.
fn reply_beside(id: u32, method: u8, claimed: u8) -> Vec<u8> {
    let mut bytes = frame(REPLY, id, &[method, 0]);
    bytes[6] = claimed;
    bytes
}

/// The sockets and other things without a file that a program has open which this one starts now.
#[cfg(target_os = "linux")]
fn inherited() -> BTreeSet<PathBuf> {
    let mut command = Command::new("sleep");
    command.arg("1000").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = command.spawn().unwrap();
    let open = std::fs::read_dir(format!("/proc/{}/fd", program.id())).unwrap();
    // What it opens itself meanwhile are files.
    let open = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let open = open
        .filter(|name| name.is_relative() || name.to_str().is_some_and(|name| name.starts_with("/memfd:")))
        .collect();
    program.kill().unwrap();
    program.wait().unwrap();
    open
}

/// Else a connection would not end with the process that made it, and a file would stay open that nobody has any more.
#[cfg(target_os = "linux")]
#[test]
fn programs_that_are_started_meanwhile() {
    let before = inherited();
    for way in [Way::Set, Way::Threads] {
        let (served, file) = (Served::new(way, Limits::default()), Marked::new());
        let pipelined = served.connection().unwrap().pipelined();
        let (answer, held) =
            (served.connect().echo(file.fd()).unwrap(), Drawer::client(pipelined.clone()).hold(file.fd(), "held"));
        pipelined.flush();
        served.cabinet.0.wait_for("at held");
        assert_eq!(inherited(), before, "{way:?}");
        served.cabinet.0.open("held");
        drop((answer, held.wait().unwrap()));
    }
}
