//! Clients that do not keep to the protocol, at a live server: each is told why, ends alone, and runs nothing.
#![cfg(unix)]
mod common;
use common::bait::*;
use common::raw::*;
use rpc_core::Limits;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

fn malformed(raw: &mut Raw) -> String {
    match raw.refusal() {
        Refusal::Malformed(why) => why,
        other => panic!("{other:?}"),
    }
}

/// What somebody else's protocol begins with is answered by one line that a person can read.
#[test]
fn other_protocols() {
    on_targets(|target| {
        let valid = hello(Some(wanted()));
        let posted = [
            format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", valid.len()).into_bytes(),
            valid,
            call(1, method::ADD, &(1u64,)),
        ]
        .concat();
        let tls = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[0x5a; 500]].concat();
        for bytes in [posted, tls, vec![0], b"\n".to_vec(), vec![0xff; 100_000], b"SSH-2.0-x\r\n".to_vec()] {
            let mut raw = target.raw();
            raw.send(&bytes);
            let answer = String::from_utf8(raw.rest()).unwrap();
            assert!(answer.starts_with("rpc: this is an rpc server") && answer.ends_with("\r\n"), "{answer:?}");
        }
        assert_eq!(target.ran(), 0);
    });
}

#[test]
fn another_version_is_told_both() {
    on_targets(|target| {
        let mut bytes = hello(Some(wanted()));
        bytes[4] = 7;
        let mut raw = target.raw();
        raw.send(&bytes);
        assert_eq!(raw.refusal(), Refusal::Version { ours: 1, theirs: 7 });
    });
}

/// Every byte of a greeting may be the last one: by a close, a half-close, a reset, or silence.
#[test]
fn a_greeting_cut_anywhere() {
    on_targets(|target| {
        let bytes = hello(Some(wanted()));
        let mut silent = Vec::new();
        for cut in 0..bytes.len() {
            for how in 0..3 {
                let mut raw = target.raw();
                raw.send(&bytes[..cut]);
                match how {
                    0 => drop(raw),
                    1 => {
                        raw.half_close();
                        assert_eq!(raw.rest(), [], "nothing is said to half a greeting");
                    }
                    _ => raw.reset(),
                }
            }
            let mut raw = target.raw();
            raw.send(&bytes[..cut]);
            silent.push((raw, cut));
            if cut % 16 == 0 {
                target.serves_others();
            }
        }
        target.serves_others();
        // Those that were only slow can go on.
        for (mut raw, cut) in silent {
            raw.send(&bytes[cut..]);
            assert_eq!(raw.exact(8), PREFACE);
            assert_eq!(raw.frame().kind, WELCOME);
        }
    });
}

/// A peer that never finishes its greeting is closed in time, be it silent or slow.
#[test]
fn greetings_that_never_end() {
    for way in common::SOCKETS {
        let mut limits = Limits::default();
        limits.handshake_time_max = Duration::from_millis(300);
        let target = Target::with(way, limits);
        let start = Instant::now();
        let mut silent: Vec<_> = (0..30).map(|_| target.raw()).collect();
        let mut slow = target.raw();
        slow.limit(Duration::from_millis(50));
        // A byte whenever the last one has not been enough: only the deadline of the whole greeting ends it.
        let greeting = hello(Some(wanted()));
        let mut closed = false;
        for byte in &greeting {
            closed = !slow.try_send(&[*byte]) || matches!(slow.read(&mut [0]), Ok(0));
            if closed {
                break;
            }
        }
        assert!(closed, "{way:?}: a slow greeting went on for {:?}", start.elapsed());
        silent.iter_mut().for_each(|raw| assert_eq!(raw.rest(), []));
        assert!(start.elapsed() < Duration::from_secs(2), "{way:?}: {:?}", start.elapsed());
        target.serves_others();
    }
}

/// Frames that are right, at the wrong time.
#[test]
fn every_kind_in_the_wrong_phase() {
    on_targets(|target| {
        for kind in (VOID..=PONG).filter(|kind| *kind != HELLO) {
            let mut raw = target.raw();
            raw.send(&[&PREFACE[..], &frame(kind, 1, &[])].concat());
            assert!(malformed(&mut raw).contains("begins with a frame of kind"), "kind {kind} first");
        }
        for kind in [HELLO, WELCOME, REFUSE, OPENED, REPLY, FAULT, GOODBYE] {
            let mut raw = target.opened();
            raw.send(&frame(kind, 1, &[]));
            assert!(malformed(&mut raw).contains("a client sends no frame of kind"), "kind {kind} later");
        }
        // What belongs to nothing, and hurts nobody.
        let mut raw = target.opened();
        for kind in [VOID, CANCEL, PONG] {
            raw.send(&frame(kind, 99, &[]));
        }
        raw.send(&frame(PING, 5, &[]));
        assert_eq!(raw.frame(), Frame { kind: PONG, call: 5, body: Vec::new() });
        assert_eq!(target.ran(), 0);
    });
}

#[test]
fn heads_that_are_none() {
    on_targets(|target| {
        let limit = Limits::default().frame_bytes_max;
        let with = |at: usize, value: u8| {
            let mut bytes = call(1, method::ADD, &(1u64,));
            bytes[at] = value;
            bytes
        };
        for (bytes, why) in [
            (with(4, 22), "unknown kind 22"),
            (with(4, 0xff), "unknown kind 255"),
            (with(5, 0x80), "unknown flags 0x80"),
            (with(6, 1), "1 descriptors"),
            (head(u32::MAX, PING, 1), "over the limit of 4194304"),
            (head(limit + 1, OPEN, 1), "over the limit of 4194304"),
        ] {
            let mut raw = target.opened();
            raw.send(&bytes);
            let told = malformed(&mut raw);
            assert!(told.contains(why), "{told:?} does not say {why:?}");
        }
        for length in [1025, u32::MAX] {
            let mut raw = target.raw();
            raw.send(&[&PREFACE[..], &head(length, HELLO, 0)].concat());
            assert!(malformed(&mut raw).contains("over the limit of 1024"));
        }
        assert_eq!(target.ran(), 0);
    });
}

/// A call that is too large is skipped and answered; the connection goes on behind it.
#[test]
fn a_call_over_the_limit() {
    for way in common::SOCKETS {
        let mut limits = Limits::default();
        limits.frame_bytes_max = 1000;
        let target = Target::with(way, limits);
        let mut raw = target.opened();
        raw.send(&[frame(CALL, 1, &[0; 1001]), frame(CALL, 2, &[]), call(3, method::ADD, &(1u64,))].concat());
        assert_eq!(raw.fault(), (1, Fault::RequestTooLarge { size: 1001, limit: 1000 }));
        assert_eq!(raw.fault(), (2, Fault::Malformed("the call's head is cut short".to_owned())));
        assert_eq!(raw.frame(), Frame { kind: REPLY, call: 3, body: vec![0, 2] });
        // One that claims 4 GiB and sends nothing costs nothing.
        raw.send(&head(u32::MAX, CALL, 4));
        assert_eq!(raw.fault(), (4, Fault::RequestTooLarge { size: u32::MAX.into(), limit: 1000 }));
        target.serves_others();
        assert_eq!(target.ran(), 1);
    }
}

#[test]
fn calls_of_nothing() {
    on_targets(|target| {
        let mut raw = target.opened();
        let calls: [(&[u8], Fault); 5] = [
            (&bytes_of(&(7u32, 0u64, 0u32, 1u64)), Fault::UnknownService),
            (&bytes_of(&(u32::MAX, 0u64, 0u32, 1u64)), Fault::UnknownService),
            (&bytes_of(&(0u32, 0u64, 99u32, 1u64)), Fault::UnknownMethod),
            (&bytes_of(&(0u32, 0u64, u32::MAX, 1u64)), Fault::UnknownMethod),
            (&[0xff; 30], Fault::Malformed("the call's head is cut short".to_owned())),
        ];
        for (id, (body, fault)) in (1..).zip(calls) {
            raw.send(&frame(CALL, id, body));
            assert_eq!(raw.fault(), (id, fault));
        }
        // Three years, and 2^64 microseconds, are deadlines that no clock overflows at.
        for (id, micros) in [(10, 94_608_000_000_000u64), (11, u64::MAX)] {
            raw.send(&frame(CALL, id, &bytes_of(&(0u32, micros, method::ADD, 1u64))));
            assert_eq!(raw.frame(), Frame { kind: REPLY, call: id, body: vec![0, 2] });
        }
        assert_eq!(target.ran(), 2);
    });
}

/// Every bomb of the decoder's own tests, as arguments of a real method, and what is said about it.
fn all_bombs() -> Vec<(u32, Vec<u8>, &'static str)> {
    let long = |claimed: u64, rest: &[u8]| [bytes_of(&claimed), rest.to_vec()].concat();
    vec![
        (method::TREE, [1, 1].repeat(20_000), "nests deeper"),
        (method::TREE, [2].repeat(100_000), "nests deeper"),
        (method::UNITS, long(u64::MAX, &[]), "take no bytes"),
        (method::UNITS, long(10_000_000, &[]), "take no bytes"),
        (method::TEXTS, long(4_000_000, &vec![0; 4_000_000]), "bytes of memory"),
        (method::TEXTS, long(u64::MAX, &[]), "ends too early"),
        (method::MAP, long(u64::MAX, &[]), "ends too early"),
        (method::MAP, long(500_000, &(0..500_000).flat_map(|_| [9, 1, 0, 0]).collect::<Vec<_>>()), "memory"),
        (method::TEXT, long(u64::MAX, &[]), "ends too early"),
        (method::TEXT, vec![1, 0xff, 0], "UTF-8"),
        (method::TEXT, vec![1, b'a', 7], "value that its type does not have"),
        (method::TEXT, vec![1, b'a', 1, 1, 1], "2 bytes follow"),
        (method::ADD, vec![], "ends too early"),
        (method::ADD, vec![0xff; 11], "out of range"),
    ]
}

/// Refused before the handler, at once.
#[test]
fn bombs() {
    on_targets(|target| {
        let mut raw = target.opened();
        for (id, (method, args, why)) in (1..).zip(all_bombs()) {
            let start = Instant::now();
            raw.send(&call_bytes(id, method, &args));
            match raw.fault() {
                (of, Fault::Malformed(told)) => assert!(of == id && told.contains(why), "{told:?} is not {why:?}"),
                other => panic!("{other:?}"),
            }
            assert!(start.elapsed() < Duration::from_secs(3), "{why}: {:?}", start.elapsed());
        }
        assert_eq!(target.ran(), 0);
    });
}

#[test]
fn ids_used_again() {
    on_targets(|target| {
        for (ids, bad) in [([5u32, 5], 5u32), ([5, 4], 4), ([1, 0], 0), ([9, 0x9000_0000], 0x9000_0000)] {
            let mut raw = target.opened();
            raw.send(&ids.map(|id| call(id, method::ADD, &(1u64,))).concat());
            let frames = frames(&raw.rest());
            assert_eq!((frames[0].kind, frames.len()), (REPLY, 2), "{frames:?}");
            let why: Refusal = postcard::from_bytes(&frames[1].body).unwrap();
            assert_eq!(why, Refusal::Malformed(format!("call {bad} comes after call {}", ids[0])));
        }
        // Around the end of the numbers they go on with 1.
        let mut raw = target.opened();
        for id in [0x7000_0000, 0xe000_0000, u32::MAX, 1, 2] {
            raw.send(&call(id, method::ADD, &(1u64,)));
            assert_eq!(raw.frame(), Frame { kind: REPLY, call: id, body: vec![0, 2] });
        }
    });
}

#[test]
fn one_byte_at_a_time() {
    on_targets(|target| {
        let mut raw = target.raw();
        for byte in hello(Some(wanted())) {
            raw.send(&[byte]);
        }
        assert_eq!((raw.exact(8), raw.frame().kind), (PREFACE.to_vec(), WELCOME));
        for id in 1..20 {
            for byte in call(id, method::ADD, &(1u64,)) {
                raw.send(&[byte]);
            }
            assert_eq!(raw.frame(), Frame { kind: REPLY, call: id, body: vec![0, 2] });
        }
    });
}

/// The same for a process that may have 512 MiB in all, many times, from several connections. Another client is timed meanwhile.
#[test]
#[cfg(target_os = "linux")]
fn bombs_in_512_mib() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    if common::again::role().is_none() {
        // Each of glibc's arenas reserves 128 MiB, which count here; a thread without one has each small piece mapped for it.
        let mut child = common::again::again("bombs_in_512_mib", "target", |command| {
            command.stdout(Stdio::inherit()).env("MALLOC_ARENA_MAX", "1")
        });
        return assert!(child.wait().unwrap().success());
    }
    let target = Target::new(common::Way::Set);
    setrlimit(Resource::As, Rlimit { current: Some(512 << 20), maximum: Some(512 << 20) }).unwrap();
    let (bombs, over) = (all_bombs(), AtomicBool::new(false));
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let throw = || {
            let mut raw = target.opened();
            for id in 1..=5 * bombs.len() as u32 {
                let (method, args, _) = &bombs[id as usize % bombs.len()];
                raw.send(&call_bytes(id, *method, args));
                assert!(matches!(raw.fault(), (_, Fault::Malformed(_))));
            }
        };
        let all: Vec<_> = (0..2).map(|_| scope.spawn(throw)).collect();
        let pings = scope.spawn(|| {
            let mut times = Vec::new();
            while !over.load(SeqCst) {
                let start = Instant::now();
                target.witness.ping(Duration::from_secs(5)).expect("the server lives");
                times.push(start.elapsed());
            }
            times
        });
        let thrown: Vec<_> = all.into_iter().map(|thrower| thrower.join()).collect();
        over.store(true, SeqCst);
        times = pings.join().unwrap();
        thrown.into_iter().for_each(|thrown| thrown.unwrap());
    });
    times.sort();
    eprintln!(
        "{} pings beside bombs: p99 {:?}, {:?} at most",
        times.len(),
        times[times.len() * 99 / 100],
        times.last()
    );
    assert_eq!(target.ran(), 0);
}
