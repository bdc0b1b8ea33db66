//! Servers that break the rules of items at our client: a stream ends once, in time, with the right error, and never quietly.
use crate::common::fake::*;
use crate::common::raw::*;
use crate::lure::*;
use rpc_core::{Client, Connect, Error, Outcome, Service};
use std::time::{Duration, Instant};

const WINDOW: u32 = 1000;

fn offered() -> Welcome {
    Welcome { window_bytes: WINDOW, ..welcome() }
}

fn connect(address: &str) -> LureClient {
    let connect = Connect::new(address).service(<Lure<'_> as Service>::INFO);
    Lure::client(connect.connect().unwrap())
}

/// What comes of `conversation` with a server that greets well, and then does this with the first call, which is 1.
fn at<R>(script: impl Fn(&mut Raw) + Send + Sync + 'static, conversation: impl FnOnce(LureClient) -> R) -> R {
    let fake = Fake::new(move |mut raw, _| {
        greet(&mut raw, &offered());
        let call = raw.frame();
        assert_eq!((call.kind, call.call), (CALL, 1));
        script(&mut raw);
        raw.rest();
    });
    let start = Instant::now();
    let told = conversation(connect(&fake.address));
    assert!(start.elapsed() < PATIENCE, "it took {:?}", start.elapsed());
    told
}

fn says(bytes: Vec<u8>) -> impl Fn(&mut Raw) + Send + Sync + 'static {
    move |raw| raw.send(&bytes)
}

/// Every item that came, and the error that ended the stream.
fn counted(lure: LureClient) -> (Vec<u64>, Option<Error>) {
    let (mut items, mut ends) = (Vec::new(), Vec::new());
    for item in lure.count(9) {
        match item {
            Ok(item) => items.push(item),
            Err(error) => ends.push(error),
        }
    }
    assert!(ends.len() <= 1, "{ends:?}");
    (items, ends.pop())
}

fn end_of_count() -> Vec<u8> {
    frame(REPLY, 1, &[method::COUNT as u8])
}

/// What ends the connection, and gives every call of it the reason.
#[test]
fn violations() {
    let items = |bytes: usize| frame(ITEMS, 1, &vec![0; bytes]);
    let cases: [(&str, Vec<u8>, &str); 18] = [
        ("a byte beyond the window", items(1001), "more items than were granted"),
        ("the same in two frames", [items(1000), items(1)].concat(), "more items than were granted"),
        ("items behind the answer", [end_of_count(), items(1)].concat(), "behind the last"),
        ("nothing, behind the answer", [end_of_count(), items(0)].concat(), "behind the last"),
        ("two answers", [end_of_count(), end_of_count()].concat(), "which nobody asked for"),
        ("credit where nothing is sent", frame(INPUT_CREDIT, 1, &[1]), "in a direction in which there are none"),
        ("items of a call to come", frame(ITEMS, 77, &[0]), "a Items of call 77, which was never made"),
        ("credit of a call to come", frame(INPUT_CREDIT, 77, &[1]), "of call 77, which was never made"),
        ("a stop of a call to come", frame(INPUT_STOP, 77, &[]), "of call 77, which was never made"),
        ("items of no call", frame(ITEMS, 0, &[0]), "of call 0, which was never made"),
        ("a client's items", frame(INPUT, 1, &[0]), "a server sends no frame of kind Input"),
        ("a client's end", frame(INPUT_END, 1, &[0]), "a server sends no frame of kind InputEnd"),
        ("a client's credit", frame(CREDIT, 1, &[1]), "a server sends no frame of kind Credit"),
        ("4 GiB of items", head(u32::MAX, ITEMS, 1), "a Items of 4294967295 bytes"),
        ("4 GiB of credit", head(u32::MAX, INPUT_CREDIT, 1), "a InputCredit of 4294967295 bytes"),
        ("items in parts", [&[1, 0, 0, 0, ITEMS, 1, 0, 0xff, 1, 0, 0, 0][..], &[0]].concat(), "unknown flags 0x01"),
        ("a fault in parts", [&[1, 0, 0, 0, FAULT, 1, 0, 0xff, 1, 0, 0, 0][..], &[0]].concat(), "unknown flags 0x01"),
        ("an unknown flag", [&[1, 0, 0, 0, REPLY, 2, 0, 0xff, 1, 0, 0, 0][..], &[0]].concat(), "unknown flags 0x02"),
    ];
    for (what, bytes, why) in cases {
        let script = says([frame(ITEMS, 1, &item(&7u64)), bytes].concat());
        let told = at(script, |lure| {
            let mut stream = lure.count(9);
            assert_eq!(stream.recv().unwrap().unwrap(), 7, "{what}");
            eprintln!("{what}");
            let told = lure.add(1).unwrap_err();
            // Whose answer was right before that has it.
            assert_eq!(stream.finish().is_ok(), what.contains("answer"), "{what}");
            told
        });
        assert!(matches!(&told, Error::Protocol { problem, .. } if problem.contains(why)), "{what}: {told:?}");
    }
}

/// The same towards uploads, whose sender may be the one that finds out.
#[test]
fn violations_towards_uploads() {
    let credit = |body: &[u8]| frame(INPUT_CREDIT, 1, body);
    for (what, bytes, why) in [
        ("items where none are taken", frame(ITEMS, 1, &[0]), "in a direction in which there are none"),
        ("more credit than its window", credit(&bytes_of(&1001u64)), "an absurd grant"),
        ("credit of all numbers", credit(&bytes_of(&u64::MAX)), "an absurd grant"),
        ("credit of nothing", credit(&[]), "an absurd grant"),
        ("credit without an end", credit(&[0xff; 11]), "an absurd grant"),
    ] {
        let told = at(says(bytes), |lure| {
            let mut upload = lure.weigh();
            let big = vec![0u8; 300];
            // More than was ever granted: the sink stops, and the answer says why.
            while upload.send(&big).is_ok() {}
            upload.finish().unwrap_err()
        });
        assert!(matches!(&told, Error::Protocol { problem, .. } if problem.contains(why)), "{what}: {told:?}");
        assert_eq!(told.outcome(), Outcome::Unknown, "{what}");
    }
}

/// T6: a call without items is not hurt by any.
#[test]
fn items_of_a_unary_call() {
    let frames = [(ITEMS, vec![0; 5000]), (ITEMS, vec![]), (INPUT_CREDIT, vec![1]), (INPUT_STOP, vec![])];
    let items: Vec<u8> = frames.iter().flat_map(|(kind, body)| frame(*kind, 1, body)).collect();
    at(says([items.clone(), frame(REPLY, 1, &[0, 2]), items].concat()), |lure| assert_eq!(lure.add(1).unwrap(), 2));
}

/// Items that are none, and answers that are none: this call fails, behind what was right; those beside it go on.
#[test]
fn items_and_answers_that_are_none() {
    let seven = item(&7u64);
    let in_items = |bytes: &[u8]| [frame(ITEMS, 1, &[&seven, bytes].concat()), end_of_count()].concat();
    let answered = |body: &[u8]| [frame(ITEMS, 1, &seven), frame(REPLY, 1, body)].concat();
    for (what, bytes, why) in [
        ("a length of 4 GiB", in_items(&[0xff; 4]), "an item of 4294967295 bytes"),
        ("one over the limit", in_items(&((4u32 << 20) + 1).to_le_bytes()), "an item of 4194305 bytes"),
        ("cut short", in_items(&[5, 0, 0, 0, 1]), "the last item is cut short"),
        ("half a head", in_items(&[1, 0]), "the last item is cut short"),
        ("no number", in_items(&[[11, 0, 0, 0].to_vec(), vec![0xff; 11]].concat()), "out of range"),
        ("an empty number", in_items(&[0; 4]), "ends too early"),
        ("a number and more", in_items(&[2, 0, 0, 0, 1, 1]), "1 bytes follow"),
        ("an answer of nothing", answered(&[]), "it is empty"),
        ("another method's answer", answered(&[method::CHUNKS as u8]), "it answers method 2 instead of 1"),
        ("an answer and more", answered(&[method::COUNT as u8, 0]), "1 bytes follow"),
    ] {
        let script = move |raw: &mut Raw| {
            raw.send(&bytes);
            // The next call is whole: answered like any other.
            let mut next = raw.frame();
            while next.kind != CALL {
                next = raw.frame();
            }
            raw.send(&frame(REPLY, next.call, &[0, 2]));
        };
        let (items, error) = at(script, |lure| {
            let told = counted(lure.clone());
            assert_eq!(lure.add(1).unwrap(), 2, "{what}");
            told
        });
        assert_eq!(items, [7], "{what}");
        let error = error.unwrap_or_else(|| panic!("{what}: it ended quietly"));
        assert!(matches!(&error, Error::BadReply { problem, .. } if problem.contains(why)), "{what}: {error:?}");
        assert_eq!(error.outcome(), Outcome::Executed, "{what}");
    }
}

fn part(call: u32, body: &[u8]) -> Vec<u8> {
    let mut part = frame(REPLY, call, body);
    part[5] = 1;
    part
}

/// F8: parts of several answers may come in any order, and they are bounded like one.
#[test]
fn answers_in_parts() {
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &offered());
        let calls = [raw.frame(), raw.frame()].map(|call| call.call);
        // Each is the index, the length 300, and then so many bytes that tell the calls apart.
        let whole = |id: u32| bytes_of(&(method::MAKE, vec![id as u8; 300]));
        for at in 0..whole(0).len() - 1 {
            raw.send(&calls.map(|id| part(id, &whole(id)[at..=at])).concat());
        }
        raw.send(&calls.map(|id| [part(id, &[]), frame(REPLY, id, &whole(id)[302..])].concat()).concat());
        raw.rest();
    });
    let lure = connect(&fake.address);
    std::thread::scope(|scope| {
        let mut answers = [0; 2].map(|_| scope.spawn(|| lure.make(300).unwrap())).map(|call| call.join().unwrap());
        answers.sort();
        assert_eq!(answers, [vec![1; 300], vec![2; 300]]);
    });
    // Without an end, beyond the limit: this side takes 4 MiB.
    for bytes in [part(1, &vec![1; 1 << 20]).repeat(5), [part(1, &vec![1; 4 << 20]), frame(REPLY, 1, &[1])].concat()] {
        let error = at(says(bytes), |lure| lure.make(1).unwrap_err());
        assert!(matches!(&error, Error::Protocol { problem, .. } if problem.contains("over the limit")), "{error:?}");
    }
    // Parts behind the answer, or of nobody's call.
    let reply = frame(REPLY, 1, &[0, 2]);
    for bytes in [[reply, part(1, &[1])].concat(), part(9, &[1])] {
        at(says(bytes), |lure| {
            let _ = lure.add(1);
            let error = lure.timeout(Duration::from_secs(5)).add(1).unwrap_err();
            assert!(matches!(&error, Error::Protocol { problem, .. } if problem.contains("nobody asked")), "{error:?}");
        });
    }
}

/// It grants nothing, takes nothing, sends nothing: deadlines hold for every half, and dropping one does not wait.
#[test]
fn servers_that_do_nothing() {
    let silent = || |raw: &mut Raw| drop(raw.rest());
    let allowed = Duration::from_millis(200);
    let late = |error: Error| assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
    at(silent(), |lure| {
        let (items, error) = counted_within(&lure, allowed);
        assert_eq!(items, 0);
        late(error);
    });
    at(silent(), |lure| {
        let mut upload = lure.timeout(allowed).weigh();
        let start = Instant::now();
        while upload.send(&vec![0; 400]).is_ok() {}
        late(upload.finish().unwrap_err());
        assert!(start.elapsed() >= allowed, "it waits for credit as long as it may");
    });
    at(silent(), |lure| {
        let (mut numbers, doubles) = lure.timeout(allowed).double();
        while numbers.send(&1).is_ok() {}
        late(doubles.finish().unwrap_err());
    });
    // Without a deadline: whoever lets go need not wait.
    at(silent(), |lure| {
        let mut upload = lure.no_deadline().weigh();
        upload.send(&vec![0; 400]).unwrap();
        let start = Instant::now();
        drop((upload, lure.no_deadline().count(1), lure.no_deadline().double()));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    });
}

fn counted_within(lure: &LureClient, allowed: Duration) -> (u64, Error) {
    let mut stream = lure.timeout(allowed).count(1);
    let mut items = 0;
    loop {
        match stream.recv() {
            Some(Ok(_)) => items += 1,
            Some(Err(error)) => return (items, error),
            None => panic!("it ended quietly"),
        }
    }
}

/// A deadline is no longer than it is because items trickle in.
#[test]
fn a_server_that_drips() {
    let drips = |raw: &mut Raw| {
        raw.limit(Duration::from_millis(5));
        while raw.try_send(&frame(ITEMS, 1, &item(&1u64))) && !matches!(raw.read(&mut [0; 100]), Ok(0)) {}
    };
    at(drips, |lure| {
        let (allowed, start) = (Duration::from_millis(300), Instant::now());
        let (items, error) = counted_within(&lure, allowed);
        assert!(items > 0 && matches!(error, Error::Deadline { .. }), "{items} items, {error:?}");
        assert!(start.elapsed() < 3 * allowed, "{:?}", start.elapsed());
    });
}

/// T9, T10: a stop, a fault, and items behind a cancel are no violation wherever they stand.
#[test]
fn frames_that_come_late() {
    let script = |raw: &mut Raw| {
        // It wants no input, says so twice, and grants what it does not want.
        let stop = frame(INPUT_STOP, 1, &[]);
        raw.send(&[stop.clone(), stop].concat());
        let mut frames = vec![raw.frame()];
        while frames.last().unwrap().kind != CANCEL {
            frames.push(raw.frame());
        }
        let fault = frame(FAULT, 1, &bytes_of(&Fault::Panicked));
        let late = [frame(ITEMS, 1, &[0; 5000]), frame(INPUT_CREDIT, 1, &[1]), frame(INPUT_STOP, 1, &[]), fault];
        let next = raw.frame();
        raw.send(&[late.concat(), frame(REPLY, next.call, &[0, 2])].concat());
    };
    at(script, |lure| {
        let (mut numbers, doubles) = lure.double();
        while numbers.send(&1).is_ok() {}
        drop((numbers, doubles));
        assert_eq!(lure.add(1).unwrap(), 2);
    });
}

/// Any byte of its side may be the last: what came before it is delivered, and then there is an error.
#[test]
fn a_server_cut_anywhere() {
    let numbers: Vec<u64> = vec![1, 300, 70_000, u64::MAX];
    let items: Vec<u8> = numbers.iter().flat_map(item).collect();
    let (first, second) = items.split_at(9);
    let answers = [frame(ITEMS, 1, first), frame(ITEMS, 1, second), end_of_count()].concat();
    // How many items are whole once so many bytes have come: only whole frames count.
    let frame_ends = [12 + first.len(), 24 + items.len()];
    let whole_items = |cut: usize| match frame_ends {
        [end, _] if cut < end => 0,
        [_, end] if cut < end => items_of_cut(first),
        _ => numbers.len(),
    };
    let whole = answers.len();
    let fake = Fake::new(move |mut raw, cut| {
        greet(&mut raw, &offered());
        raw.frame();
        raw.send(&answers[..cut.min(whole)]);
    });
    for cut in 0..=whole {
        let (items, error) = counted(connect(&fake.address));
        match error {
            None => assert_eq!((items, cut), (numbers.clone(), whole)),
            Some(error) => {
                assert_eq!(items, numbers[..whole_items(cut)], "cut at {cut}");
                let known = if items.is_empty() { Outcome::Unknown } else { Outcome::Executed };
                assert!(
                    matches!(error, Error::Disconnected { outcome, .. } if outcome == known),
                    "at {cut}: {error:?}"
                );
            }
        }
    }
}

/// How many whole items there are at the start of bytes.
fn items_of_cut(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let Some(rest) = rest.get(u32::from_le_bytes(*length) as usize..) else { break };
        (bytes, count) = (rest, count + 1);
    }
    count
}

/// The same while we send: a sink stops, and never says that all is well.
#[test]
fn a_server_that_dies_under_an_upload() {
    let answer = [frame(INPUT_CREDIT, 1, &bytes_of(&500u64)), frame(REPLY, 1, &[method::WEIGH as u8, 3])].concat();
    let whole = answer.len();
    let fake = Fake::new(move |mut raw, cut| {
        greet(&mut raw, &offered());
        let mut come = 0;
        while come < WINDOW as usize {
            come += Some(raw.frame()).filter(|frame| frame.kind == INPUT).map_or(0, |frame| frame.body.len());
        }
        raw.send(&answer[..cut.min(whole)]);
    });
    for cut in 0..=whole {
        let lure = connect(&fake.address);
        let mut upload = lure.weigh();
        let sent = (0..100).take_while(|_| upload.send(&vec![0; 96]).is_ok()).count();
        let told = upload.finish();
        // Credit came for some more, if its frame was whole.
        assert!((9..100).contains(&sent), "cut at {cut}: {sent} items went out");
        match told {
            Ok(answer) => assert_eq!((answer, cut), (3, whole)),
            Err(error) => {
                assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "at {cut}: {error:?}");
            }
        }
    }
}
