//! Servers that break the rules when they call a client that offers services: they are told why, and the client's own calls end.
use crate::common::fake::*;
use crate::common::raw::*;
use crate::lure::*;
use rpc_core::{Client, Connect, Error, Limits, Service};
use std::time::Duration;

/// Greets, and reads the client's own call: gives its id.
fn greeted(raw: &mut Raw) -> u32 {
    let hello = greet(raw, &Welcome { window_bytes: 1 << 20, ..welcome() });
    assert!(hello.calls_max > 0, "a client that offers says how many calls it takes");
    let own = raw.frame();
    assert_eq!(own.kind, CALL);
    own.call
}

/// Opens the offered service: its number is then 0.
fn open(raw: &mut Raw) {
    raw.send(&frame(OPEN, 1, &bytes_of(&wanted())));
    let opened = raw.frame();
    let here = Opened::Here { service: 0, schema: None };
    assert_eq!((opened.kind, opened.call, opened.body), (OPENED, 1, bytes_of(&here)));
}

/// A client that offers the service, and calls it at a server with this script.
fn called(limits: Limits, script: impl Fn(&mut Raw, u32) + Send + Sync + 'static) -> (Bitten, Result<u64, Error>) {
    let fake = Fake::new(move |mut raw, _| {
        let own = greeted(&mut raw);
        script(&mut raw, own);
    });
    let handler = Bitten::default();
    let connect = Connect::new(&fake.address).limits(limits).offer(Lure::serve(handler.clone()));
    let lure = Lure::client(connect.service(<Lure<'_> as Service>::INFO).connect().unwrap());
    // Answered, or cut off with the connection.
    let answer = lure.timeout(PATIENCE).add(1);
    drop((lure, fake));
    (handler, answer)
}

fn is_quiet(handler: &Bitten) {
    let start = std::time::Instant::now();
    while handler.running() > 0 {
        assert!(start.elapsed() < PATIENCE, "{} handlers run on", handler.running());
        std::thread::yield_now();
    }
}

#[test]
fn violations() {
    let read = |gate: &str| call(2, method::READ, &(gate,));
    let forever = |gate: &str| call(2, method::FOREVER, &(gate,));
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("an id again", [read("a"), call(2, method::ADD, &(1u64,))].concat(), "call 2 comes after call 2"),
        ("an id from before", [read("b"), call(1, method::ADD, &(1u64,))].concat(), "call 1 comes after call 2"),
        ("a byte beyond the window", [read("c"), frame(INPUT, 2, &[0; 1001])].concat(), "more items than were granted"),
        ("two ends", [read("d"), frame(INPUT_END, 2, &[7])].concat(), "a second, or malformed, end"),
        ("items where none are taken", [forever("e"), frame(INPUT, 2, &[0])].concat(), "in a direction"),
        ("credit of all numbers", [forever("f"), credit(2, u64::MAX)].concat(), "an absurd grant"),
        ("items of a call to come", frame(INPUT, 77, &[0]), "call 77, which was never made"),
        ("an answer that nobody asked for", frame(REPLY, 77, &[0]), "which nobody asked for"),
        ("items that nobody asked for", frame(ITEMS, 77, &[0]), "call 77, which was never made"),
        ("a hello", frame(HELLO, 0, &[]), "sends no frame of kind Hello"),
        ("4 GiB of input", head(u32::MAX, INPUT, 2), "over the limit"),
    ];
    for (what, bytes, why) in cases {
        let (handler, answer) = called(small_windows(), move |raw, _| {
            open(raw);
            raw.send(&bytes);
            let told = frames(&raw.rest()).into_iter().rfind(|frame| frame.kind == REFUSE);
            let Some(told) = told else { panic!("{what}: it is not told why") };
            let Refusal::Malformed(told) = postcard::from_bytes(&told.body).unwrap() else { panic!("{what}") };
            assert!(told.contains(why), "{what}: {told:?}");
        });
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Disconnected { .. } | Error::Protocol { .. }), "{what}: {error:?}");
        is_quiet(&handler);
    }
}

/// Calls that cannot be run are refused one by one, and its own calls go on.
#[test]
fn calls_that_are_none() {
    let (handler, answer) = called(Limits::default(), |raw, own| {
        raw.send(&call(1, method::ADD, &(1u64,)));
        assert_eq!(raw.fault(), (1, Fault::UnknownService), "nothing is open yet");
        raw.send(&frame(OPEN, 2, &bytes_of(&("Nothing", 1u64))));
        let services = ["Lure", "Introspection"].map(str::to_owned).to_vec();
        assert_eq!(raw.frame().body, bytes_of(&Opened::Unknown { services }));
        raw.send(&frame(OPEN, 3, &bytes_of(&wanted())));
        assert_eq!(raw.frame().kind, OPENED);
        raw.send(&[call(4, 99, &()), frame(CALL, 5, &[]), call(6, method::ADD, &())].concat());
        assert_eq!(raw.fault(), (4, Fault::UnknownMethod));
        for id in [5, 6] {
            let fault = raw.fault();
            assert!(matches!(fault, (told, Fault::Malformed(_)) if told == id), "{fault:?}");
        }
        raw.send(&[call(7, method::ADD, &(7u64,)), frame(REPLY, own, &[0, 2])].concat());
        assert_eq!(raw.frame(), Frame { kind: REPLY, call: 7, body: vec![0, 8] });
        raw.rest();
    });
    assert_eq!(answer.unwrap(), 2);
    is_quiet(&handler);
}

/// A flood of calls: so many run as may, the others are refused, and what the client asked for is answered.
#[test]
fn floods() {
    let (handler, answer) = called(Limits::default(), |raw, own| {
        open(raw);
        let calls: Vec<_> = (2..=1000).map(|id| call(id, method::READ, &("flood",))).collect();
        raw.send(&[calls.concat(), frame(PING, 1001, &[])].concat());
        let mut refused = 0;
        loop {
            let frame = raw.frame();
            match frame.kind {
                FAULT if frame.body == bytes_of(&Fault::Overloaded) => refused += 1,
                PONG => break,
                _ => panic!("{frame:?}"),
            }
        }
        assert_eq!(refused, 999 - Limits::default().streams_max, "beyond the streams that there may be");
        raw.send(&frame(REPLY, own, &[0, 2]));
        raw.rest();
    });
    assert_eq!(answer.unwrap(), 2);
    is_quiet(&handler);
}

/// It dies, or says no more, wherever the client's handlers are: they are told.
#[test]
fn a_server_that_goes() {
    let (handler, answer) = called(Limits::default(), |raw, _| {
        open(raw);
        raw.send(&[call(2, method::READ, &("reads",)), frame(INPUT, 2, &item(&1u64))].concat());
        raw.send(&[call(3, method::FOREVER, &("sends",)), call(4, method::HOLD, &("waits",))].concat());
        raw.limit(Duration::from_secs(2));
        while raw.frame().call != 4 {}
    });
    assert!(matches!(answer, Err(Error::Disconnected { .. })), "{answer:?}");
    for gate in ["cancelled reads", "cancelled sends", "waits"] {
        handler.gates.wait_for(gate);
    }
    is_quiet(&handler);
}
