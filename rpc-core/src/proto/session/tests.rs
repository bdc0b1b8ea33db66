//! A session fed with bytes: no socket, no clock.
use super::greeting::FOREIGN;
use super::*;
use crate::wire::{Hello, PREFACE_BYTES, Welcome, put_preface};

fn catalog() -> Catalog {
    let entry = |name: &str, shapes: &[Shape]| CatalogEntry {
        name: name.to_owned(),
        fingerprint: 7,
        schema: b"schema".to_vec(),
        shapes: shapes.to_vec(),
        has_fds: false,
    };
    let limits = Limits { frame_bytes_max: 100, calls_max: 2, ..Limits::default() };
    Catalog { entries: vec![entry("Other", &[]), entry("Kv", &[Shape::Unary, Shape::OneWay])], instance: 5, limits }
}

/// A session and the bytes that it has sent.
struct Peer {
    session: Session<&'static str>,
    catalog: Catalog,
    arrivals: Arrivals,
    out: Vec<u8>,
}

impl Peer {
    fn new() -> Self {
        Self { session: Session::new(true), catalog: catalog(), arrivals: Arrivals::default(), out: Vec::new() }
    }

    fn open() -> Self {
        let mut peer = Self::new();
        let wanted = Wanted { name: "Kv".to_owned(), fingerprint: 7 };
        assert_eq!(peer.feed(&hello(Some(wanted))).last().map(String::as_str), Some("Partial(12)"));
        peer.out.clear();
        peer
    }

    /// All steps that `bytes` lead to, printed.
    fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let (mut at, mut steps) = (0, Vec::new());
        loop {
            let step = self.session.step(&bytes[at..], &mut self.arrivals, &self.catalog, &mut self.out);
            let (used, end) = match &step {
                Step::Done(used)
                | Step::Call(_, used)
                | Step::Refused(_, used)
                | Step::Cancel(_, used)
                | Step::LargeAnswer(_, used) => (*used, false),
                Step::Items(_, _, used) | Step::Answer(_, _, _, used) => (*used, false),
                Step::Partial(_) | Step::Close => (0, true),
            };
            steps.push(match step {
                Step::Call(request, _) => format!("Call({}, {})", request.id.0, request.method),
                Step::Refused(called, _) => format!("Refused({:?})", called.map(|called| called.method)),
                step => format!("{step:?}"),
            });
            at += used;
            if end {
                return steps;
            }
        }
    }

    /// The frames that were sent since the last time.
    fn sent(&mut self) -> Vec<(Kind, u32, Vec<u8>)> {
        let (bytes, mut seen, mut at) = (std::mem::take(&mut self.out), Vec::new(), 0);
        if bytes.starts_with(&[0x8f]) {
            at = PREFACE_BYTES;
        }
        let mut cutter = Cutter::default();
        while let Ok(Cut::Frame { head, body, used }) = cutter.cut(&bytes[at..], u32::MAX) {
            seen.push((head.kind, head.call.0, body.to_vec()));
            at += used;
        }
        assert_eq!(at, bytes.len(), "whole frames only");
        seen
    }

    fn faults(&mut self) -> Vec<Fault> {
        let fault = |(kind, _, body): (Kind, u32, Vec<u8>)| {
            assert_eq!(kind, Kind::Fault);
            postcard::from_bytes(&body).unwrap()
        };
        self.sent().into_iter().map(fault).collect()
    }
}

fn frame<T: serde::Serialize>(kind: Kind, id: u32, body: &T) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, kind, CallId(id), body);
    out
}

fn hello(service: Option<Wanted>) -> Vec<u8> {
    let mut out = Vec::new();
    put_preface(&mut out);
    put(
        &mut out,
        Kind::Hello,
        CallId::NONE,
        &Hello { frame_bytes_max: 50, calls_max: 0, window_bytes: 0, fds_max: 300, service },
    );
    out
}

fn call(id: u32, service: u32, method: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_frame(&mut out, Kind::Call, CallId(id), |out| {
        RequestHead { service, time_left: None, method }.put(out);
        Ok::<_, ()>(())
    })
    .unwrap();
    out
}

fn refusal(peer: &mut Peer) -> Refusal {
    let sent = peer.sent();
    let Some((Kind::Refuse, 0, body)) = sent.last() else { panic!("{sent:?}") };
    postcard::from_bytes(body).unwrap()
}

/// H3: equal fingerprints open without a schema, others with it, unknown ones with the list of what there is.
#[test]
fn handshake() {
    let opened = |name: &str, fingerprint| {
        let mut peer = Peer::new();
        peer.feed(&hello(Some(Wanted { name: name.to_owned(), fingerprint })));
        let sent = peer.sent();
        let [(Kind::Welcome, 0, body)] = &sent[..] else { panic!("{sent:?}") };
        let welcome: Welcome = postcard::from_bytes(body).unwrap();
        assert_eq!((welcome.instance, welcome.frame_bytes_max, welcome.calls_max), (5, 100, 2));
        welcome.service.unwrap()
    };
    assert_eq!(opened("Kv", 7), Opened::Here(Offer { service: 0, schema: None }));
    assert_eq!(opened("Kv", 8), Opened::Here(Offer { service: 0, schema: Some(b"schema".to_vec()) }));
    assert_eq!(opened("Vk", 7), Opened::Unknown { services: vec!["Other".to_owned(), "Kv".to_owned()] });
}

/// H4: a peer that is not ours is told so in one line, and nothing else happens.
#[test]
fn foreign_peers_get_one_line() {
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0, 200], &[0xff; 64], b"\r\n"] {
        let mut peer = Peer::new();
        assert_eq!(peer.feed(bytes), ["Close"]);
        assert_eq!(peer.out, FOREIGN.as_bytes());
        assert_eq!(peer.feed(&hello(None)), ["Close"], "a valid hello behind it changes nothing");
    }
}

/// H5: another version is told both numbers.
#[test]
fn another_version_is_refused() {
    let mut peer = Peer::new();
    let mut bytes = hello(None);
    bytes[4] = 9;
    assert_eq!(peer.feed(&bytes), ["Close"]);
    assert_eq!(refusal(&mut peer), Refusal::Version { ours: 1, theirs: 9 });
}

#[test]
fn a_broken_hello_is_refused_with_the_reason() {
    let preface = &hello(None)[..PREFACE_BYTES];
    for frame in
        [frame(Kind::Hello, 0, &"nonsense"), frame(Kind::Call, 1, &()), frame(Kind::Hello, 0, &[0u8; 2000].as_slice())]
    {
        let mut peer = Peer::new();
        assert_eq!(peer.feed(&[preface, &frame].concat()), ["Done(8)", "Close"]);
        assert!(matches!(refusal(&mut peer), Refusal::Malformed(_)));
    }
}

#[test]
fn calls_are_found_in_order() {
    let mut peer = Peer::open();
    let steps = peer.feed(&[call(1, 0, 0), call(2, 0, 1), frame(Kind::Cancel, 1, &())].concat());
    assert_eq!(steps, ["Call(1, 0)", "Call(2, 1)", "Cancel(CallId(1), 12)", "Partial(12)"]);
    assert!(peer.out.is_empty());
}

/// C6: what cannot be run fails alone; the call behind it runs.
#[test]
fn one_bad_call_fails_alone() {
    let mut peer = Peer::open();
    let malformed = frame(Kind::Call, 3, &());
    let steps = peer.feed(&[call(1, 9, 0), call(2, 0, 2), malformed, call(4, 0, 0)].concat());
    assert_eq!(steps, ["Refused(None)", "Refused(None)", "Refused(None)", "Call(4, 0)", "Partial(12)"]);
    let faults = peer.faults();
    assert_eq!(faults[..2], [Fault::UnknownService, Fault::UnknownMethod]);
    assert!(matches!(faults[2], Fault::Malformed(_)));
}

/// F5: an oversized call is answered and skipped.
#[test]
fn an_oversized_call_fails_alone() {
    let mut peer = Peer::open();
    let large = frame(Kind::Call, 1, &[7u8; 101].as_slice());
    let steps = peer.feed(&[large, call(2, 0, 0)].concat());
    assert_eq!(steps, ["Refused(None)", "Done(102)", "Call(2, 0)", "Partial(12)"]);
    assert_eq!(peer.faults(), [Fault::RequestTooLarge { size: 102, limit: 100 }]);
}

#[test]
fn calls_past_the_limit_are_refused() {
    let mut peer = Peer::open();
    peer.session.detach(CallId(90), "a");
    peer.session.detach(CallId(91), "b");
    assert_eq!(peer.feed(&call(1, 0, 0)), ["Refused(Some(0))", "Partial(12)"]);
    assert_eq!(peer.faults(), [Fault::Overloaded]);
    assert_eq!(peer.feed(&call(2, 0, 1)), ["Call(2, 1)", "Partial(12)"], "C10: a one-way call does not count");
    peer.session.finish(CallId(90));
    assert_eq!(peer.feed(&call(3, 0, 0)), ["Call(3, 0)", "Partial(12)"]);
}

/// C3: ids count up, so a request id is never used twice.
#[test]
fn a_reused_id_ends_the_connection() {
    let mut peer = Peer::open();
    assert_eq!(peer.feed(&[call(5, 0, 0), call(5, 0, 0)].concat()), ["Call(5, 0)", "Close"]);
    assert!(matches!(refusal(&mut peer), Refusal::Malformed(_)));
}

/// F4: what a client may not send ends the connection, with the reason.
#[test]
fn frames_that_no_client_sends() {
    for kind in [Kind::Hello, Kind::Welcome] {
        let mut peer = Peer::open();
        assert_eq!(peer.feed(&frame(kind, 1, &())), ["Close"], "{kind:?}");
        assert!(matches!(refusal(&mut peer), Refusal::Malformed(_)));
    }
}

/// Whether the peer was called is not for the session to know.
#[test]
fn frames_for_a_caller() {
    let of_calls = [Kind::Reply, Kind::Fault, Kind::Opened, Kind::Pong, Kind::Goodbye, Kind::Refuse];
    for kind in of_calls.into_iter().chain([Kind::Items, Kind::InputCredit, Kind::InputStop]) {
        let steps = Peer::open().feed(&frame(kind, 1, &()));
        assert!(steps[0].starts_with("Answer"), "{kind:?}: {steps:?}");
    }
}

/// T6: items belong to a call; late ones are no mistake.
#[test]
fn frames_about_items() {
    for kind in [Kind::Input, Kind::InputEnd, Kind::Credit] {
        let mut peer = Peer::open();
        let steps = peer.feed(&[call(5, 0, 0), frame(kind, 5, &()), frame(kind, 4, &()), frame(kind, 6, &())].concat());
        assert!(steps[1].starts_with("Items") && steps[2].starts_with("Items"), "{kind:?}: {steps:?}");
        assert_eq!(steps[3], "Close", "{kind:?} of a call that was never made");
        assert!(matches!(refusal(&mut peer), Refusal::Malformed(_)));
    }
}

/// D1, D2: goodbye names the last call that was started, and later ones are not answered.
#[test]
fn drain() {
    let mut peer = Peer::open();
    peer.feed(&call(3, 0, 0));
    peer.session.drain(&mut peer.out);
    peer.session.drain(&mut peer.out);
    assert_eq!(peer.feed(&call(4, 0, 0)), ["Refused(Some(0))", "Partial(12)"]);
    assert_eq!(peer.sent(), [(Kind::Goodbye, 3, vec![])]);
}

/// D2, T6: the input of a call behind the goodbye does not end those in flight.
#[test]
fn input_of_a_call_behind_the_goodbye() {
    let mut peer = Peer::open();
    peer.feed(&call(3, 0, 0));
    peer.session.drain(&mut peer.out);
    let steps = peer.feed(&[call(4, 0, 0), frame(Kind::Input, 4, &()), frame(Kind::InputEnd, 4, &())].concat());
    assert!(!steps.contains(&"Close".to_owned()), "{steps:?}");
}

/// D2, F5: a call behind the goodbye that is too large as well does not end those in flight.
#[test]
fn an_oversized_call_behind_the_goodbye() {
    let mut peer = Peer::open();
    peer.session.drain(&mut peer.out);
    let large = frame(Kind::Call, 4, &vec![0u8; 200]);
    assert_eq!(peer.feed(&large).first().map(String::as_str), Some("Refused(None)"));
    assert_eq!(peer.feed(&frame(Kind::Ping, 5, &())), ["Done(12)", "Partial(12)"]);
}

#[test]
fn ping_and_more_services() {
    let mut peer = Peer::open();
    let wanted = |name: &str| Wanted { name: name.to_owned(), fingerprint: 7 };
    peer.feed(
        &[frame(Kind::Ping, 9, &()), frame(Kind::Open, 10, &wanted("Other")), frame(Kind::Open, 11, &wanted("Kv"))]
            .concat(),
    );
    let sent = peer.sent();
    assert_eq!(sent[0], (Kind::Pong, 9, vec![]));
    let opened = |at: usize| postcard::from_bytes::<Opened>(&sent[at].2).unwrap();
    assert_eq!(opened(1), Opened::Here(Offer { service: 1, schema: None }));
    assert_eq!(opened(2), Opened::Here(Offer { service: 0, schema: None }), "the number that it has already");
}

/// Every cut of a good conversation, and every flipped byte of it: no panic, and only steps that are allowed.
#[test]
fn every_cut_and_every_flip() {
    let good =
        [hello(Some(Wanted { name: "Kv".to_owned(), fingerprint: 8 })), call(1, 0, 0), frame(Kind::Ping, 2, &())]
            .concat();
    for cut in 0..good.len() {
        assert!(!Peer::new().feed(&good[..cut]).contains(&"Close".to_owned()), "{cut} bytes are a good beginning");
    }
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            Peer::new().feed(&bad);
        }
    }
}

/// H8 to H10: with a token, between hello and welcome.
#[cfg(feature = "token")]
mod trial {
    use super::*;
    use crate::Token;
    use crate::token::{Nonces, Role};
    use crate::wire::{Challenge, Nonce, Proof, Proven};

    const NONCES: Nonces = Nonces { server: [3; 32], client: [4; 32] };

    fn token() -> Token {
        Token::new("canary-canary-canary").unwrap()
    }

    /// A session that has said its challenge.
    fn challenged() -> Peer {
        let session = Session::on_trial(Trial::new(token(), NONCES.server));
        let mut peer = Peer { session, ..Peer::new() };
        peer.feed(&hello(Some(Wanted { name: "Kv".to_owned(), fingerprint: 7 })));
        let sent = peer.sent();
        let [(Kind::Challenge, 0, body)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(postcard::from_bytes::<Challenge>(body).unwrap(), Challenge { nonce: NONCES.server });
        assert!(!peer.session.is_open(), "so the handshake's time limit holds");
        peer
    }

    fn proof(proof: Nonce) -> Vec<u8> {
        frame(Kind::Proof, 0, &Proof { nonce: NONCES.client, proof })
    }

    fn right() -> Vec<u8> {
        proof(token().proof(Role::Client, &NONCES))
    }

    #[test]
    fn who_knows_the_token_is_welcome_and_gets_the_servers_proof() {
        let mut peer = challenged();
        let steps = peer.feed(&[right(), call(1, 0, 0)].concat());
        assert_eq!(steps, ["Done(76)", "Call(1, 0)", "Partial(12)"]);
        let sent = peer.sent();
        let [(Kind::Proven, 0, proven), (Kind::Welcome, 0, welcome)] = &sent[..] else { panic!("{sent:?}") };
        let proven: Proven = postcard::from_bytes(proven).unwrap();
        assert!(token().is_proof(Role::Server, &NONCES, &proven.proof));
        let welcome: Welcome = postcard::from_bytes(welcome).unwrap();
        assert_eq!(welcome.service, Some(Opened::Here(Offer { service: 0, schema: None })), "what the hello asked for");
    }

    #[test]
    fn who_does_not_is_refused_and_learns_nothing() {
        for wrong in [[0; 32], token().proof(Role::Server, &NONCES), NONCES.server] {
            let mut peer = challenged();
            assert_eq!(peer.feed(&[proof(wrong), right(), call(1, 0, 0)].concat()), ["Close"]);
            let sent = peer.sent();
            let [(Kind::Refuse, 0, body)] = &sent[..] else { panic!("{sent:?}") };
            assert_eq!(postcard::from_bytes::<Refusal>(body).unwrap(), Refusal::WrongToken);
            assert_eq!(peer.feed(&right()), ["Close"], "there is one try");
        }
    }

    #[test]
    fn nothing_runs_before_the_proof() {
        // Frames of another kind that hold a right proof, too.
        let of_kind = |kind: Kind| {
            let mut bytes = right();
            bytes[4] = kind as u8;
            bytes
        };
        let earlies = [
            call(1, 0, 0),
            frame(Kind::Ping, 1, &()),
            frame(Kind::Proof, 0, &()),
            hello(None)[PREFACE_BYTES..].to_vec(),
            of_kind(Kind::Call),
            of_kind(Kind::Open),
            of_kind(Kind::Proven),
        ];
        for early in earlies {
            let mut peer = challenged();
            assert_eq!(peer.feed(&[early, right()].concat()), ["Close"]);
            assert!(matches!(refusal(&mut peer), Refusal::Malformed(_)));
        }
        let large = frame(Kind::Proof, 0, &[0u8; 1100].as_slice());
        let mut peer = challenged();
        assert_eq!(peer.feed(&large), ["Close"], "the limit is still a hello's");
    }

    #[test]
    fn a_server_that_stops_meanwhile_says_so() {
        let mut peer = challenged();
        peer.session.drain(&mut Vec::new());
        assert_eq!(peer.feed(&right()), ["Close"]);
        assert_eq!(refusal(&mut peer), Refusal::ShuttingDown);
    }
}

/// F9: the descriptors of calls that are not run are closed, whatever the reason, and later ones keep theirs.
#[cfg(unix)]
#[test]
fn descriptors_go_with_their_calls() {
    let fd = || crate::wire::Descriptor::new(std::fs::File::open("/dev/null").unwrap().into());
    let with = |mut frame: Vec<u8>, count: usize| {
        crate::wire::set_fds(&mut frame, count);
        frame
    };
    let mut large = Vec::new();
    crate::wire::put_part(&mut large, Kind::Call, CallId(4), &[0; 101], false);
    let cases = [
        (with(call(1, 9, 0), 1), "UnknownService"),
        (with(call(2, 0, 9), 2), "UnknownMethod"),
        (with(frame(Kind::Call, 3, &()), 1), "Malformed"),
        (with(large, 2), "RequestTooLarge"),
    ];
    let mut peer = Peer::open();
    for (bytes, fault) in cases {
        let held: Vec<_> = (0..bytes[crate::wire::FDS_AT]).map(|_| fd()).collect();
        peer.arrivals.add(held.iter().cloned(), false, 16);
        peer.feed(&bytes);
        let faults = format!("{:?}", peer.faults());
        assert!(faults.contains(fault), "{faults}");
        assert!(held.iter().all(|fd| std::sync::Arc::strong_count(fd) == 1), "{fault}: closed");
        assert!(peer.arrivals.is_empty());
    }
    let held = fd();
    peer.arrivals.add([held.clone()], false, 16);
    let bytes = with(call(5, 0, 0), 1);
    let step = peer.session.step(&bytes, &mut peer.arrivals, &peer.catalog, &mut peer.out);
    let Step::Call(request, _) = step else { panic!("{step:?}") };
    assert!(std::sync::Arc::ptr_eq(&request.fds.as_slice()[0], &held));
}

/// F9: what cannot be told apart any more ends the connection, in words.
#[cfg(unix)]
#[test]
fn descriptors_that_do_not_fit() {
    let mut peer = Peer::open();
    let mut bytes = call(1, 0, 0);
    crate::wire::set_fds(&mut bytes, 1);
    assert_eq!(peer.feed(&bytes), ["Close"]);
    let refusal = peer.sent().pop().map(|(kind, _, body)| (kind, String::from_utf8_lossy(&body).into_owned()));
    assert!(matches!(&refusal, Some((Kind::Refuse, why)) if why.contains("claims 1 descriptors")), "{refusal:?}");
    let mut peer = Peer::open();
    peer.arrivals.add([crate::wire::Descriptor::new(std::fs::File::open("/dev/null").unwrap().into())], false, 16);
    assert_eq!(peer.feed(&call(1, 0, 0)), ["Call(1, 0)", "Close"], "nobody has claimed it");
}

/// H2, H3: over a socket that carries none, none are offered, and what the peer says does not count.
#[test]
fn who_takes_descriptors() {
    for (carries, ours, theirs) in [(true, 16, 253), (false, 0, 0)] {
        let mut peer = Peer { session: Session::new(carries), ..Peer::new() };
        peer.feed(&hello(None));
        let welcome =
            decode::<Welcome>(&peer.out[PREFACE_BYTES + crate::wire::HEAD_BYTES..], DecodeLimits::for_frames_of(100));
        assert_eq!((welcome.unwrap().fds_max, peer.session.peer().fds_max), (ours, theirs));
    }
}
