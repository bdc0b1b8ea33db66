//! TCP with a token: both ends prove that they know it, and it never travels.
use crate::common::raw::{CHALLENGE, PREFACE, PROOF, PROVEN, Raw, Refusal, WELCOME, bytes_of, call, frame, hello};
use crate::nobody::{Told, Who};
use rpc_core::{Connect, ConnectProblem, Error, Limits, ListenProblem, Listening, Server, Token};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// It must not be seen anywhere.
const CANARY: &str = "canary-5f0c7d1f9a3b2c4e";

const LOOPBACK: &str = "tcp:127.0.0.1:0";

fn token() -> Token {
    Token::new(CANARY).unwrap()
}

fn server() -> Server {
    Server::new(Who::serve(Told)).token(token())
}

fn address(listening: &Listening) -> String {
    listening.addresses()[0].to_string()
}

fn on_drivers(scenario: impl Fn(&str)) {
    for server in [server(), server().thread_per_connection()] {
        let listening = server.listen(LOOPBACK).unwrap();
        scenario(&address(&listening));
    }
}

fn calls(connect: &Connect) -> Result<Option<u32>, Error> {
    connect.connect().and_then(|connection| Who::client(connection).calls())
}

fn problem(connect: &Connect) -> ConnectProblem {
    match connect.connect().unwrap_err() {
        Error::Connect(error) => error.problem,
        other => panic!("{other}"),
    }
}

#[test]
fn who_knows_the_token_is_served() {
    on_drivers(|address| assert_eq!(calls(&Connect::new(address).token(token())).unwrap(), None));
}

#[test]
fn who_does_not_is_told_why() {
    on_drivers(|address| {
        let wrong = Connect::new(address).token(Token::new("canary-but-another-one").unwrap());
        for (connect, why) in [(wrong, "its token is not this program's"), (Connect::new(address), "asks for a token")]
        {
            let refused = calls(&connect).unwrap_err();
            assert!(
                matches!(refused, Error::RefusedConnection { .. }) && refused.to_string().contains(why),
                "{refused}"
            );
        }
    });
}

/// On a local socket the kernel says who it is, so a token is neither asked for nor waited for.
#[test]
fn local_sockets_need_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let _listening = server().listen(path.to_str().unwrap()).unwrap();
    let address = path.to_str().unwrap();
    for connect in [Connect::new(address), Connect::new(address).token(token())] {
        assert!(calls(&connect).unwrap().is_some());
    }
}

#[test]
fn beyond_loopback_there_must_be_one() {
    for address in ["tcp:0.0.0.0:0", "tcp:[::]:0"] {
        let refused = Server::new(Who::serve(Told)).listen(address).unwrap_err();
        let Error::Listen(error) = &refused else { panic!("{refused}") };
        assert!(matches!(error.problem, ListenProblem::NotLoopback { .. }));
        assert!(refused.to_string().contains("set a token (`Server::token`, feature `token`)"), "{refused}");
    }
    let listening = server().listen("tcp:0.0.0.0:0").unwrap();
    let address = address(&listening).replace("0.0.0.0", "127.0.0.1");
    assert_eq!(calls(&Connect::new(address).token(token())).unwrap(), None);
}

/// What a server answers to a proof that it cannot check.
type Impostor = fn(&[u8]) -> Vec<u8>;

/// A server that asks for nothing, and one that knows nothing, are not what this client was told to find.
#[test]
fn a_server_must_prove_it_too() {
    let open = Server::new(Who::serve(Told)).listen(LOOPBACK).unwrap();
    assert_eq!(problem(&Connect::new(address(&open)).token(token())), ConnectProblem::Unproven);

    // It answers with the client's own proof, with zeros, and not at all.
    let proven = |proof: Vec<u8>| frame(PROVEN, 0, &proof);
    let impostors: [Impostor; 3] = [|proof| proof[32..].to_vec(), |_| vec![0; 32], |_| Vec::new()];
    for impostor in impostors {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp:{}", listener.local_addr().unwrap());
        let serves = thread::spawn(move || {
            let mut raw = Raw::Tcp(listener.accept().unwrap().0);
            raw.exact(8);
            raw.frame();
            raw.send(&[&PREFACE[..], &frame(CHALLENGE, 0, &[9; 32])].concat());
            let answer = raw.frame();
            assert_eq!((answer.kind, answer.body.len()), (PROOF, 64));
            raw.send(&[proven(impostor(&answer.body)), frame(WELCOME, 0, &[0; 8])].concat());
            raw.rest()
        });
        assert_eq!(problem(&Connect::new(address).token(token())), ConnectProblem::Unproven);
        assert_eq!(serves.join().unwrap(), [], "it is sent no call");
    }
}

#[test]
fn calls_before_the_proof_run_nothing() {
    on_drivers(|address| {
        let mut raw = Raw::to(address);
        raw.send(&[hello(None), call(1, 0, &())].concat());
        assert!(matches!(raw.refusal(), Refusal::Malformed(_)));
        let mut raw = Raw::to(address);
        raw.send(&[hello(None), frame(PROOF, 0, &[0; 64])].concat());
        assert_eq!(raw.refusal(), Refusal::WrongToken);
    });
}

/// A browser has no proof; nor does a valid hello in what it posts get it one.
#[test]
fn a_browser_gets_one_line() {
    on_drivers(|address| {
        let mut raw = Raw::to(address);
        raw.send(&[b"POST / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), hello(None), call(1, 0, &())].concat());
        assert!(raw.rest().starts_with(b"rpc: this is an rpc server"));
    });
}

/// The challenge is part of the handshake: who never answers it is closed in time.
#[test]
fn a_challenge_is_not_waited_for_for_ever() {
    let mut limits = Limits::default();
    limits.handshake_time_max = Duration::from_millis(300);
    for server in [server(), server().thread_per_connection()] {
        let listening = server.limits(limits.clone()).listen(LOOPBACK).unwrap();
        let start = Instant::now();
        let mut raw = Raw::to(&address(&listening));
        raw.send(&hello(None));
        raw.exact(8);
        assert_eq!(raw.frame().kind, CHALLENGE);
        assert_eq!(raw.rest(), []);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

/// Two connections have nothing in common that could be used again.
#[test]
fn every_challenge_is_another_one() {
    on_drivers(|address| {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..20 {
            let mut raw = Raw::to(address);
            raw.send(&hello(None));
            raw.exact(8);
            assert!(seen.insert(raw.frame().body));
        }
    });
}

/// What goes through is kept.
fn tap(to: String) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = seen.clone();
    thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        let server = TcpStream::connect(to.strip_prefix("tcp:").unwrap()).unwrap();
        let (client_too, server_too, keep_too) =
            (client.try_clone().unwrap(), server.try_clone().unwrap(), keep.clone());
        thread::spawn(move || pass(client_too, server_too, &keep_too));
        pass(server, client, &keep);
    });
    (address, seen)
}

fn pass(mut from: TcpStream, mut to: TcpStream, keep: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        keep.lock().unwrap().extend_from_slice(&bytes[..count]);
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn shows_canary(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|part| CANARY.as_bytes().windows(6).any(|secret| secret == part))
}

#[test]
fn the_secret_is_seen_nowhere() {
    let listening = server().listen(LOOPBACK).unwrap();
    let (tapped, seen) = tap(address(&listening));
    let connect = Connect::new(&tapped).token(token());
    assert_eq!(calls(&connect).unwrap(), None);
    let wire = seen.lock().unwrap().clone();
    assert!(wire.len() > 200, "the tap saw {} bytes", wire.len());
    assert!(!shows_canary(&wire));
    assert!(shows_canary(format!("x{CANARY}x").as_bytes()), "the check itself would find it");

    let wrong = Token::new(format!("{CANARY}!")).unwrap();
    let refused = calls(&Connect::new(address(&listening)).token(wrong.clone())).unwrap_err();
    let open = Server::new(Who::serve(Told)).listen(LOOPBACK).unwrap();
    let unproven = calls(&Connect::new(address(&open)).token(token())).unwrap_err();
    let said = format!("{refused} {unproven} {connect:?} {listening:?} {:?} {:?} {wrong:?}", server(), token());
    assert!(!shows_canary(said.as_bytes()), "{said}");
    assert_eq!(bytes_of(&Refusal::WrongToken), [6], "a refusal holds nothing else");
}
