//! Clients that break the rules of items at a live server: each is told why, and ends alone.
use crate::common::raw::*;
use crate::lure::*;
use rpc_core::{Client, Limits};

/// What the refusal says that ends it. What handlers had on its way may come behind it.
fn malformed(raw: &mut Raw) -> String {
    let told = frames(&raw.rest()).into_iter().rfind(|frame| frame.kind == REFUSE).expect("it is told why");
    match postcard::from_bytes(&told.body).unwrap() {
        Refusal::Malformed(why) => why,
        other => panic!("{other:?}"),
    }
}

/// What ends the connection, whose handlers are told.
#[test]
fn violations() {
    let input = |bytes: usize| frame(INPUT, 1, &vec![0; bytes]);
    let end = |body: &[u8]| frame(INPUT_END, 1, body);
    let credit_of = |body: &[u8]| frame(CREDIT, 2, body);
    let cases: [(&str, Vec<u8>, &str); 26] = [
        ("a byte beyond the window", input(1001), "more items than were granted"),
        ("the same in two frames", [input(1000), input(1)].concat(), "more items than were granted"),
        ("items behind the end", [end(&[0]), input(1)].concat(), "behind the last"),
        ("nothing, behind the end", [end(&[1]), input(0)].concat(), "behind the last"),
        ("two ends", [end(&[0]), end(&[0])].concat(), "a second, or malformed, end"),
        ("two ends that differ", [end(&[1]), end(&[0])].concat(), "a second, or malformed, end"),
        ("an end of nothing", end(&[]), "a second, or malformed, end"),
        ("an unknown end", end(&[2]), "a second, or malformed, end"),
        ("a long end", end(&[0, 0]), "a second, or malformed, end"),
        ("credit where nothing is sent", credit(1, 5), "in a direction in which there are none"),
        ("items where none are taken", frame(INPUT, 2, &[0]), "in a direction in which there are none"),
        ("an end where none are taken", frame(INPUT_END, 2, &[0]), "in a direction in which there are none"),
        ("credit of all numbers", credit(2, u64::MAX), "an absurd grant"),
        ("more credit than its window", credit(2, 1001), "an absurd grant"),
        ("credit of nothing", credit_of(&[]), "an absurd grant"),
        ("credit without an end", credit_of(&[0xff; 11]), "an absurd grant"),
        ("credit and more", credit_of(&[1, 1]), "an absurd grant"),
        ("items of a call to come", frame(INPUT, 77, &[0]), "a Input of call 77, which was never made"),
        ("an end of a call to come", frame(INPUT_END, 3, &[0]), "of call 3, which was never made"),
        ("credit of a call to come", credit(3, 1), "of call 3, which was never made"),
        ("a server's items", frame(ITEMS, 2, &[0]), "a client sends no frame of kind Items"),
        ("a server's credit", frame(INPUT_CREDIT, 1, &[1]), "a client sends no frame of kind InputCredit"),
        ("a server's stop", frame(INPUT_STOP, 1, &[]), "a client sends no frame of kind InputStop"),
        ("4 GiB of items", head(u32::MAX, INPUT, 1), "over the limit of 4194304"),
        ("4 GiB of credit", head(u32::MAX, CREDIT, 2), "over the limit of 4194304"),
        ("items in parts", [&[1, 0, 0, 0, INPUT, 1, 0, 0xff, 1, 0, 0, 0][..], &[0]].concat(), "unknown flags 0x01"),
    ];
    on_targets_with(&small_windows(), |target| {
        for (what, bytes, why) in &cases {
            let mut raw = target.opened(1 << 20);
            let (reads, sends) = (format!("reads: {what}"), format!("sends: {what}"));
            raw.send(&[call(1, method::READ_LATER, &(&reads,)), call(2, method::FOREVER, &(&sends,))].concat());
            target.gates().wait_for(&format!("at {sends}"));
            raw.send(bytes);
            let told = malformed(&mut raw);
            assert!(told.contains(why), "{what}: {told:?}");
            target.gates().wait_for(&format!("cancelled {sends}"));
            // Whoever ends well had a whole end before.
            target.gates().open(&reads);
            target.is_quiet();
        }
        // What had come of an input that was not ended is read, and then it stops.
        target.gates().wait_for("cancelled reads: a byte beyond the window");
    });
}

/// Frames of calls that are over, or have no items: they may have been on their way, and hurt nobody.
#[test]
fn frames_that_come_late() {
    on_targets_with(&small_windows(), |target| {
        let mut raw = target.opened(1000);
        let about = |id: u32| {
            let ends = [frame(INPUT_END, id, &[0]), frame(INPUT_END, id, &[7])].concat();
            [frame(INPUT, id, &[9; 3000]), ends, credit(id, u64::MAX), frame(CREDIT, id, &[])].concat()
        };
        // A call without items, one with items, and two that were refused.
        let refused = call(3, 99, &());
        raw.send(&[call(1, method::ADD, &(1u64,)), call(2, method::COUNT, &(1u64,)), refused].concat());
        let end = frame(REPLY, 2, &[method::COUNT as u8]);
        let mut seen = Vec::new();
        while seen.len() < 4 {
            seen.push(raw.frame());
        }
        assert!(seen.iter().any(|frame| frame.kind == FAULT && frame.call == 3), "{seen:?}");
        assert!(seen.iter().any(|frame| common_bytes(frame) == end), "{seen:?}");
        raw.send(&[about(1), about(2), about(3), frame(PING, 9, &[])].concat());
        assert_eq!(raw.frame(), Frame { kind: PONG, call: 9, body: Vec::new() });
        // Behind a cancel its credit and its end may still come, and its reply after that is nobody's.
        raw.send(&[call(10, method::HOLD, &("cancelled",)), frame(CANCEL, 10, &[])].concat());
        target.gates().wait_for("cancelled");
        target.is_quiet();
        raw.send(&[credit(10, 5), call(11, method::ADD, &(5u64,))].concat());
        while raw.frame() != (Frame { kind: REPLY, call: 11, body: vec![0, 6] }) {}
    });
}

fn common_bytes(of: &Frame) -> Vec<u8> {
    frame(of.kind, of.call, &of.body)
}

/// Items that are none fail their call alone; the streams beside it go on.
#[test]
fn items_that_are_none() {
    let limit = Limits::default().frame_bytes_max;
    let cases: [(&str, u32, Vec<u8>, &str); 9] = [
        ("a length of 4 GiB", method::WEIGH, u32::MAX.to_le_bytes().to_vec(), "an item of 4294967295 bytes"),
        ("one over the limit", method::WEIGH, (limit + 1).to_le_bytes().to_vec(), "an item of 4194305 bytes"),
        ("cut short", method::WEIGH, item(&vec![1u8; 9])[..8].to_vec(), "the last item is cut short"),
        ("half a head", method::WEIGH, vec![1, 0], "the last item is cut short"),
        ("more than its bytes", method::WEIGH, [&[1, 0, 0, 0][..], &[50]].concat(), "ends too early"),
        ("all numbers", method::WEIGH, [vec![10, 0, 0, 0], vec![0xff; 9], vec![1]].concat(), "ends too early"),
        ("no number", method::DOUBLE, [vec![11, 0, 0, 0], vec![0xff; 11]].concat(), "out of range"),
        ("an empty number", method::DOUBLE, vec![0; 4], "ends too early"),
        ("a number and more", method::DOUBLE, vec![2, 0, 0, 0, 1, 1], "1 bytes follow"),
    ];
    on_targets(|target| {
        let mut raw = target.opened(1 << 20);
        raw.send(&call(1, method::DOUBLE, &()));
        for (id, (what, method, bytes, why)) in (2u32..).zip(&cases) {
            let conversation = [
                call(id, *method, &()),
                frame(INPUT, id, bytes),
                // It may have been refused before this comes.
                frame(INPUT_END, id, &[0]),
                frame(INPUT, 1, &item(&u64::from(id))),
            ];
            raw.send(&conversation.concat());
            let (mut beside, mut fault) = (None, None);
            while beside.is_none() || fault.is_none() {
                let frame = raw.frame();
                match (frame.kind, frame.call) {
                    (ITEMS, 1) => beside = Some(frame.body),
                    (FAULT, of) if of == id => fault = Some(postcard::from_bytes(&frame.body).unwrap()),
                    (INPUT_STOP, of) => assert_eq!(of, id, "{what}"),
                    _ => panic!("{what}: {frame:?}"),
                }
            }
            assert_eq!(beside.unwrap(), item(&(2 * u64::from(id))), "{what}");
            match fault.unwrap() {
                Fault::NoReply(told) => assert!(told.contains(why), "{what}: {told:?}"),
                other => panic!("{what}: {other:?}"),
            }
        }
        raw.send(&frame(INPUT_END, 1, &[0]));
        let reply = Frame { kind: REPLY, call: 1, body: vec![method::DOUBLE as u8, cases.len() as u8] };
        while raw.frame() != reply {}
        target.is_quiet();
    });
}

/// A id that is given out again while its call runs would leave the first one to nobody.
#[test]
fn an_id_used_again_while_its_call_runs() {
    on_targets(|target| {
        let mut raw = target.opened(1000);
        raw.send(&call(1, method::HOLD, &("first",)));
        target.gates().wait_for("at first");
        let around = [0x7000_0000, 0xe000_0000].map(|id| call(id, method::ADD, &(1u64,))).concat();
        raw.send(&[around, call(1, method::HOLD, &("second",))].concat());
        assert_eq!(malformed(&mut raw), "call 1 is made again while it runs");
        target.gates().wait_for("first");
        target.is_quiet();
    });
}

/// A client that goes on with its calls while the server stops knows nothing of that yet.
#[test]
fn items_of_a_call_that_a_stopping_server_ignores() {
    for way in crate::common::SOCKETS {
        let mut target = Target::with(way, Limits::default());
        let mut raw = target.opened(1000);
        raw.send(&call(1, method::WAIT_APART, &("gate",)));
        target.gates().wait_for("at gate");
        let server = target.server.take().unwrap();
        std::thread::scope(|scope| {
            let stops = scope.spawn(move || server.stop());
            assert_eq!(raw.frame(), Frame { kind: GOODBYE, call: 1, body: Vec::new() });
            let items = [frame(INPUT, 2, &item(&1u64)), credit(2, 9), frame(INPUT_END, 2, &[0])].concat();
            raw.send(&[call(2, method::DOUBLE, &()), items, frame(PING, 3, &[])].concat());
            assert_eq!(raw.frame(), Frame { kind: PONG, call: 3, body: Vec::new() }, "{way:?}");
            target.handler.gates.open("gate");
            assert_eq!(raw.frame(), Frame { kind: REPLY, call: 1, body: vec![method::WAIT_APART as u8] }, "{way:?}");
            assert_eq!(stops.join().unwrap().cut, 0, "{way:?}");
        });
    }
}

/// Clients that never grant anything, or never read: as many streams as they may have, and then no more; nobody waits.
#[test]
fn clients_that_take_nothing() {
    on_targets(|target| {
        for window in [0, 1000, u32::MAX] {
            let mut raw = target.opened(window);
            let streams_max = Limits::default().streams_max;
            let gate = format!("window of {window}");
            let calls: Vec<_> = (1..=streams_max + 2).map(|id| call(id, method::FOREVER, &(&gate,))).collect();
            raw.send(&calls.concat());
            if window == 0 {
                for id in [streams_max + 1, streams_max + 2] {
                    assert_eq!(raw.fault(), (id, Fault::Overloaded));
                }
                raw.send(&call(200, method::ADD, &(1u64,)));
                assert_eq!(raw.frame(), Frame { kind: REPLY, call: 200, body: vec![0, 2] }, "beside streams that wait");
            }
            target.serves_others();
            drop(raw);
            target.gates().wait_for(&format!("cancelled {gate}"));
            target.is_quiet();
        }
    });
}

/// The deadline of a call holds for a handler that waits for what never comes.
#[test]
fn a_deadline_ends_who_waits_for_a_silent_client() {
    on_targets(|target| {
        let mut raw = target.opened(0);
        for (id, method) in [(1u32, method::FOREVER), (2, method::READ)] {
            let gate = format!("late {method}");
            raw.send(&frame(CALL, id, &bytes_of(&(0u32, 50_000u64, method, &gate))));
            target.gates().wait_for(&format!("cancelled {gate}"));
            let mut answer = raw.frame();
            if answer.kind == INPUT_STOP {
                answer = raw.frame();
            }
            assert_eq!((answer.kind, answer.call), (FAULT, id), "{answer:?}");
            assert_eq!(postcard::from_bytes::<Fault>(&answer.body).unwrap(), Fault::Late);
        }
        target.is_quiet();
        let lure = Lure::connect(&target.address()).unwrap();
        assert_eq!(lure.no_deadline().add(1).unwrap(), 2);
    });
}
