//! Servers that do not keep to the protocol: every call of ours ends once, in time, with the right error, and no panic.
#![cfg(unix)]
mod common;
use common::bait::*;
use common::fake::*;
use common::raw::*;
use rpc_core::schema::ServiceSchema;
use rpc_core::{Client, Connect, Connection, Error, Outcome, Service};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

/// What takes longer than this hangs. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects with the service in the handshake.
fn connect(address: &str) -> Result<BaitClient<Connection>, Error> {
    connect_within(PATIENCE, address)
}

fn connect_within(timeout: Duration, address: &str) -> Result<BaitClient<Connection>, Error> {
    let connect = Connect::new(address).service(<Bait<'_> as Service>::INFO).timeout(timeout);
    connect.connect().map(Bait::client)
}

/// Where nothing will come.
fn connect_in_a_hurry(address: &str) -> Result<BaitClient<Connection>, Error> {
    connect_within(Duration::from_millis(400), address)
}

/// What the first call of a client gets from a server that greets well, and then answers by this script.
fn call_at(script: impl Fn(&mut Raw, u32) + Send + Sync + 'static) -> Result<u64, Error> {
    let fake = Fake::new(move |mut raw, _| {
        greet(&mut raw, &welcome());
        let call = raw.frame();
        assert_eq!(call.kind, CALL);
        script(&mut raw, call.call);
        // Until the client has gone: what it makes of this must not depend on who closes first.
        raw.rest();
    });
    let bait = connect(&fake.address).unwrap();
    in_time(PATIENCE, || bait.timeout(Duration::from_secs(1)).add(1))
}

fn in_time<T>(limit: Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < limit, "it took {:?}", start.elapsed());
    done
}

#[test]
fn greetings_of_other_protocols() {
    for (bytes, began) in [
        (&b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"[..], "HTTP/1.1 400 Bad Request"),
        (&[0; 100], "\\x00"),
        (b"x", "x"),
        (&[0x8f, b'R', b'P', b'X'], "\\x8fRPX"),
    ] {
        let fake = Fake::new(move |mut raw, _| raw.send(bytes));
        let error = in_time(PATIENCE, || connect(&fake.address)).unwrap_err();
        assert!(matches!(&error, Error::Foreign { began: told, .. } if told.starts_with(began)), "{error:?}");
        assert_eq!(error.outcome(), Outcome::NotSent);
    }
}

#[test]
fn a_slow_greeting_is_told() {
    let pause = Duration::from_millis(20);
    let fake = Fake::new(move |mut raw, _| {
        std::thread::sleep(pause);
        greet(&mut raw, &welcome());
    });
    let opening = Connection::connect(&fake.address).unwrap().opening().unwrap();
    assert!(opening.handshake >= pause && opening.connect < opening.handshake, "{opening:?}");
}

#[test]
fn refusals() {
    let refuse = |refusal: Refusal| [PREFACE.to_vec(), frame(REFUSE, 0, &bytes_of(&refusal))].concat();
    for (bytes, why) in [
        ([0x8f, b'R', b'P', b'C', 9, 0, 0, 0].to_vec(), "speaks protocol version 9, this program 1"),
        (refuse(Refusal::Overloaded), "as many connections"),
        (refuse(Refusal::ShuttingDown), "shutting down"),
        (refuse(Refusal::NotAllowed), "does not serve this user"),
        (refuse(Refusal::Malformed("what?".to_owned())), "what?"),
    ] {
        let fake = Fake::new(move |mut raw, _| raw.send(&bytes));
        let error = connect(&fake.address).unwrap_err();
        assert!(
            matches!(&error, Error::RefusedConnection { why: told, .. } if told.to_string().contains(why)),
            "{error:?}"
        );
        assert_eq!(error.outcome(), Outcome::NotSent);
    }
}

#[test]
fn welcomes_that_are_none() {
    let greeting = |kind, body: &[u8]| [PREFACE.to_vec(), frame(kind, 0, body)].concat();
    let schema = |schema: Vec<u8>| {
        let service = Some(Opened::Here { service: 0, schema: Some(schema) });
        greeting(WELCOME, &bytes_of(&Welcome { service, ..welcome() }))
    };
    let info = <Bait<'_> as Service>::INFO;
    let known = bytes_of(info.schema());
    let mut many: ServiceSchema = info.schema().clone();
    many.methods = vec![many.methods[0].clone(); 2000];
    let deep: Vec<u8> = [bytes_of(&("Bait", "")), vec![0], [18, 1].repeat(5000)].concat();
    let wrong_ids: Vec<u8> = {
        let mut schema = info.schema().clone();
        schema.methods[0].returns = rpc_core::schema::TypeId(u32::MAX);
        bytes_of(&schema)
    };
    let endless: Vec<u8> = [bytes_of(&("Bait", "")), vec![0], vec![1, 20, 1, 0]].concat();
    for (bytes, what) in [
        (greeting(REPLY, &[]), "a reply"),
        (greeting(GOODBYE, &[]), "a goodbye"),
        (greeting(WELCOME, &[]), "nothing"),
        (greeting(WELCOME, &[0xff; 100]), "garbage"),
        (greeting(REFUSE, &[0xff; 100]), "a refusal of garbage"),
        ([PREFACE.to_vec(), head(u32::MAX, WELCOME, 0)].concat(), "4 GiB"),
        ([PREFACE.to_vec(), vec![0xff; 12]].concat(), "no head"),
        (greeting(WELCOME, &[bytes_of(&welcome()), vec![0]].concat()), "trailing bytes"),
        (schema(vec![]), "an empty schema"),
        (schema(vec![0xff; 1000]), "a garbage schema"),
        (schema(deep), "a schema of types that are cut"),
        (schema(wrong_ids), "ids of types that are not there"),
        (schema(endless), "a type that is itself"),
        (schema(bytes_of(&many)), "too many methods"),
        (schema([known.clone(), vec![0]].concat()), "a schema with trailing bytes"),
        (schema(known[..known.len() - 1].to_vec()), "a schema cut short"),
    ] {
        let fake = Fake::new(move |mut raw, _| raw.send(&bytes));
        let error = in_time(PATIENCE, || connect(&fake.address)).expect_err(what);
        assert!(matches!(error, Error::Protocol { outcome: Outcome::NotSent, .. }), "{what}: {error:?}");
    }
}

/// A server that is slow, silent, or not there: connecting ends at its own timeout.
#[test]
fn servers_that_never_greet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full");
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let waiting: Vec<_> = (0..3)
        .map_while(|_| {
            let start = Instant::now();
            let error = connect_in_a_hurry(path.to_str().unwrap()).unwrap_err();
            assert_eq!(error.outcome(), Outcome::NotSent);
            assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
            match error {
                // In the backlog, and never accepted.
                Error::Deadline { .. } => Some(()),
                // It is full.
                Error::Connect(_) => None,
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert!(waiting.len() < 3, "a backlog of none holds one or two");
    let silent = Fake::new(|mut raw, _| drop(raw.rest()));
    let error = in_time(PATIENCE, || connect_in_a_hurry(&silent.address)).unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::NotSent, .. }), "{error:?}");
    // Part of a welcome, and no more; byte by byte, and never enough.
    let drips = Fake::new(|mut raw, _| {
        hear(&mut raw);
        let greeting = [PREFACE.to_vec(), head(60_000, WELCOME, 0)].concat();
        raw.send(&greeting);
        raw.limit(Duration::from_millis(20));
        while raw.try_send(&[1]) && !matches!(raw.read(&mut [0]), Ok(0)) {}
    });
    let error = in_time(PATIENCE, || connect_in_a_hurry(&drips.address)).unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::NotSent, .. }), "{error:?}");
    let dies = Fake::new(|_, _| ());
    let error = in_time(PATIENCE, || connect(&dies.address)).unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::NotSent, .. }), "{error:?}");
}

/// A service that is asked for by its first call: where that asking fails, the call itself was never sent.
#[test]
fn servers_that_do_not_open_a_service() {
    let welcome = || Welcome { service: None, ..welcome() };
    let unasked =
        |address: &str| Bait::client(Connection::connect(address).unwrap()).timeout(Duration::from_millis(300));
    let silent = Fake::new(move |mut raw, _| {
        greet(&mut raw, &welcome());
        raw.rest();
    });
    let error = in_time(PATIENCE, || unasked(&silent.address).add(1)).unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::NotSent, .. }), "{error:?}");
    let dies = Fake::new(move |mut raw, _| {
        greet(&mut raw, &welcome());
        assert_eq!(raw.frame().kind, OPEN);
    });
    let error = in_time(PATIENCE, || unasked(&dies.address).add(1)).unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::NotSent, .. }), "{error:?}");
}

/// What a server says that it takes may be nonsense.
#[test]
fn absurd_limits() {
    for (frame_bytes_max, calls_max) in [(0, 0), (u32::MAX, u32::MAX), (10, 1)] {
        let fake = Fake::new(move |mut raw, _| {
            greet(&mut raw, &Welcome { frame_bytes_max, calls_max, ..welcome() });
            if frame_bytes_max > 0 {
                let call = raw.frame();
                raw.send(&frame(REPLY, call.call, &[0, 2]));
            }
            raw.rest();
        });
        let bait = connect(&fake.address).unwrap();
        match in_time(PATIENCE, || bait.add(1)) {
            Ok(answer) => assert_eq!((answer, frame_bytes_max), (2, frame_bytes_max.max(1))),
            Err(error) => {
                assert!(matches!(error, Error::TooLarge { limit: 0, outcome: Outcome::NotSent, .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn replies_that_are_none() {
    let reply = |body: Vec<u8>| call_at(move |raw, id| raw.send(&frame(REPLY, id, &body)));
    for (body, why) in [
        (vec![], "empty"),
        (vec![5, 2], "answers method 5 instead of 0"),
        (vec![0], "ends too early"),
        (vec![0, 2, 9], "1 bytes follow"),
        ([vec![0], vec![0xff; 20]].concat(), "out of range"),
    ] {
        let error = reply(body).unwrap_err();
        assert!(matches!(&error, Error::BadReply { problem, .. } if problem.contains(why)), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Executed);
    }
    let error = call_at(|raw, id| raw.send(&frame(PONG, id, &[]))).unwrap_err();
    assert!(matches!(error, Error::BadReply { .. }), "{error:?}");
    let error = call_at(|raw, id| raw.send(&head(u32::MAX, REPLY, id))).unwrap_err();
    assert!(matches!(error, Error::TooLarge { size: 0xffff_ffff, outcome: Outcome::Executed, .. }), "{error:?}");
}

/// What ends the connection: the server broke the protocol, and whether the call ran is not known.
#[test]
fn violations() {
    for (what, bytes) in [
        ("garbage", vec![0xff; 200]),
        ("an unknown id", frame(REPLY, 77, &[0, 2])),
        ("a reply of no call", frame(REPLY, 0, &[0, 2])),
        ("a fault of a call to come", frame(FAULT, 77, &bytes_of(&Fault::Overloaded))),
        ("a fault of garbage", frame(FAULT, 1, &[0xff; 20])),
        ("a fault of nothing", frame(FAULT, 1, &[])),
        ("a fault of 4 GiB", head(u32::MAX, FAULT, 1)),
        ("a goodbye of 4 GiB", head(u32::MAX, GOODBYE, 1)),
        ("a call", frame(CALL, 1, &[])),
        ("a hello", frame(HELLO, 1, &[])),
        ("a second welcome", frame(WELCOME, 0, &bytes_of(&welcome()))),
        ("a cancel", frame(CANCEL, 1, &[])),
    ] {
        let error = call_at(move |raw, _| raw.send(&bytes)).expect_err(what);
        assert!(matches!(error, Error::Protocol { outcome: Outcome::Unknown, .. }), "{what}: {error:?}");
    }
    let error = call_at(|raw, _| raw.send(&frame(REFUSE, 0, &bytes_of(&Refusal::Overloaded)))).unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error:?}");
}

/// After a violation nothing is sent any more, and the server learns at once that nobody listens.
#[test]
fn a_violation_ends_the_connection_for_good() {
    let fake = Fake::new(|mut raw, number| {
        greet(&mut raw, &welcome());
        let call = raw.frame();
        if number == 0 {
            raw.send(&[frame(REPLY, 99, &[]), frame(REPLY, call.call, &[0, 2])].concat());
        } else {
            raw.send(&frame(REPLY, call.call, &[0, 2]));
        }
        assert_eq!(raw.rest(), [], "something came behind the violation");
    });
    let bait = connect(&fake.address).unwrap();
    let error = bait.add(1).unwrap_err();
    assert!(matches!(error, Error::Protocol { outcome: Outcome::Unknown, .. }), "{error:?}");
    let error = bait.add(1).unwrap_err();
    assert!(matches!(error, Error::Protocol { outcome: Outcome::NotSent, .. }), "{error:?}");
    // With the client still there: the script of this connection has ended, or dropping the server would wait for it.
    assert_eq!(connect(&fake.address).unwrap().add(1).unwrap(), 2, "the next connection works");
    drop(fake);
    drop(bait);
}

#[test]
fn answers_that_come_twice_or_late() {
    // A second reply is nobody's.
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &welcome());
        let first = raw.frame();
        raw.send(&frame(REPLY, first.call, &[0, 2]));
        let second = raw.frame();
        raw.send(&[frame(REPLY, first.call, &[0, 2]), frame(REPLY, second.call, &[0, 2])].concat());
        raw.rest();
    });
    let bait = connect(&fake.address).unwrap();
    assert_eq!(bait.add(1).unwrap(), 2);
    let error = bait.add(1).unwrap_err();
    assert!(matches!(error, Error::Protocol { outcome: Outcome::Unknown, .. }), "{error:?}");
    // One that comes after its deadline is thrown away; a fault may even come twice.
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &welcome());
        let first = raw.frame();
        let cancel = raw.frame();
        assert_eq!((cancel.kind, cancel.call), (CANCEL, first.call));
        let second = raw.frame();
        let fault = frame(FAULT, first.call, &bytes_of(&Fault::Panicked));
        raw.send(&[frame(REPLY, first.call, &[0, 7]), fault, frame(REPLY, second.call, &[0, 2])].concat());
        raw.rest();
    });
    let bait = connect(&fake.address).unwrap();
    let error = bait.timeout(Duration::from_millis(20)).add(1).unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");
    assert_eq!(bait.add(1).unwrap(), 2);
}

#[test]
fn bombs_as_replies() {
    let info = rpc_core::Introspection::INFO;
    for (bomb, why) in [
        ([bytes_of(&(0u32, 1u32)), bytes_of(&1_000_000u64), vec![0; 1_000_000]].concat(), ""),
        ([bytes_of(&(0u32, 1u32)), bytes_of(&u64::MAX)].concat(), "ends too early"),
        ([vec![0], vec![0xff; 100_000]].concat(), "out of range"),
    ] {
        let fake = Fake::new(move |mut raw, _| {
            greet(&mut raw, &welcome());
            let call = raw.frame();
            raw.send(&frame(REPLY, call.call, &bomb));
            raw.rest();
        });
        let connection = Connect::new(&fake.address).service(info).connect().unwrap();
        let client = rpc_core::Introspection::client(connection);
        let error = in_time(PATIENCE, || client.describe()).unwrap_err();
        assert!(matches!(&error, Error::BadReply { problem, .. } if problem.contains(why)), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Executed);
    }
}

/// The server's own word that a call did not run, wherever it stands.
#[test]
fn goodbyes() {
    let error = call_at(|raw, id| raw.send(&frame(GOODBYE, id - 1, &[]))).unwrap_err();
    assert!(matches!(error, Error::ShuttingDown { .. }), "{error:?}");
    // It names the call as the last one that runs, and then nothing comes.
    let error = call_at(|raw, id| raw.send(&frame(GOODBYE, id, &[]))).unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");
    // Together with the welcome, in one write.
    let fake = Fake::new(|mut raw, _| {
        hear(&mut raw);
        let welcome = frame(WELCOME, 0, &bytes_of(&welcome()));
        raw.send(&[PREFACE.to_vec(), welcome, frame(GOODBYE, 0, &[])].concat());
        assert_eq!(raw.rest(), [], "no call is sent after a goodbye");
    });
    let bait = connect(&fake.address).unwrap();
    let error = bait.add(1).unwrap_err();
    assert!(matches!(error, Error::ShuttingDown { .. }), "{error:?}");
}

/// D1: whoever waits for room is told at once, and not when a call that the server still runs has ended.
#[test]
fn a_goodbye_to_who_waits_for_room() {
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &Welcome { calls_max: 1, ..welcome() });
        let call = raw.frame();
        std::thread::sleep(Duration::from_millis(50));
        raw.send(&frame(GOODBYE, call.call, &[]));
        raw.rest();
    });
    let bait = connect(&fake.address).unwrap().timeout(Duration::from_secs(2));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| bait.add(1));
        std::thread::sleep(Duration::from_millis(10));
        for waits in [0; 3].map(|_| scope.spawn(|| (bait.add(2), start.elapsed()))) {
            let (answer, took) = waits.join().unwrap();
            assert!(matches!(answer, Err(Error::ShuttingDown { .. })), "{answer:?}");
            assert!(took < Duration::from_millis(1500), "after {took:?}");
        }
        assert!(matches!(first.join().unwrap(), Err(Error::Deadline { outcome: Outcome::Unknown, .. })));
    });
}

/// Silence, and half a reply: a call ends at its deadline, and not at that plus what others waited for.
#[test]
fn stalls() {
    for half in [vec![], head(100, REPLY, 1), [head(100, REPLY, 1), vec![0; 50]].concat(), vec![7]] {
        let error = call_at(move |raw, _| raw.send(&half)).unwrap_err();
        assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");
    }
}

/// A service is opened at its first call, in that call's time: what opening took is not left for the answer.
#[test]
fn a_slow_opening_is_part_of_the_calls_time() {
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &Welcome { service: None, ..welcome() });
        let open = raw.frame();
        std::thread::sleep(Duration::from_millis(1200));
        raw.send(&frame(OPENED, open.call, &bytes_of(&Opened::Here { service: 0, schema: None })));
        let call = raw.frame();
        let ((_, micros), _) = postcard::take_from_bytes::<(u32, u64)>(&call.body).unwrap();
        assert!(micros < 800_000, "{micros} us are left of two seconds");
        raw.rest();
    });
    let connection = Connection::connect(&fake.address).unwrap();
    let bait = Bait::client(connection);
    let error = in_time(Duration::from_millis(3100), || bait.timeout(Duration::from_secs(2)).add(1)).unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");
}

/// A pending call's time counts from the call, not from the moment that somebody waits for it.
#[test]
fn a_pending_call_ends_at_its_deadline() {
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &welcome());
        raw.rest();
    });
    let connection = Connect::new(&fake.address).service(<Bait<'_> as Service>::INFO).connect().unwrap();
    let bait = Bait::client(connection.pipelined());
    let allowed = Duration::from_secs(2);
    let start = Instant::now();
    let pending = bait.timeout(allowed).add(1);
    while start.elapsed() < allowed * 3 / 4 {
        std::thread::yield_now();
    }
    let error = pending.wait().unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::Unknown, .. }), "{error:?}");
    assert!(start.elapsed() >= allowed && start.elapsed() < allowed * 3 / 2, "{:?}", start.elapsed());
}

/// Any byte of the server's side may be the last one: by its end, or by silence.
#[test]
fn a_server_cut_anywhere() {
    let answers = [PREFACE.to_vec(), frame(WELCOME, 0, &bytes_of(&welcome())), frame(REPLY, 1, &[0, 2])].concat();
    let whole = answers.len();
    let greeting = whole - 14;
    let fake = Fake::new(move |mut raw, cut| {
        hear(&mut raw);
        raw.send(&answers[..cut.min(greeting)]);
        if cut >= greeting {
            raw.frame();
            raw.send(&answers[greeting..cut.min(whole)]);
        }
    });
    for cut in 0..=whole {
        let called = in_time(PATIENCE, || connect(&fake.address).and_then(|bait| bait.add(1)));
        match called {
            Ok(answer) => assert_eq!((answer, cut), (2, whole)),
            Err(error) => {
                let outcome = if cut < greeting { Outcome::NotSent } else { Outcome::Unknown };
                assert!(matches!(error, Error::Disconnected { .. }), "cut at {cut}: {error:?}");
                assert_eq!(error.outcome(), outcome, "cut at {cut}");
            }
        }
    }
}

/// The server answers one thread and closes, while another sends. Whoever finds that the socket takes no more may not be
/// the one that reads, and the reader has what it wanted: somebody must still find the end.
#[test]
fn a_close_between_a_writer_and_a_reader() {
    let fake = Fake::new(|mut raw, _| {
        greet(&mut raw, &welcome());
        loop {
            let frame = raw.frame();
            if frame.body.ends_with(&bytes_of(&(method::ADD, 1u64))) {
                return raw.send(&common::raw::frame(REPLY, frame.call, &bytes_of(&(method::ADD, 2u64))));
            }
        }
    });
    for round in 0..300 {
        let bait = connect(&fake.address).unwrap().timeout(PATIENCE);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let error = (0..).find_map(|number| bait.hint(number).err()).unwrap();
                assert!(matches!(error, Error::Disconnected { .. }), "round {round}: {error:?}");
            });
            // Answered, or cut off by the other thread's end.
            let _ = bait.add(1);
        });
    }
}
