//! `ping`.
use crate::fake;
use crate::run::{Place, Served};
use serde_json::Value;
use std::os::unix::net::UnixListener;

/// The same text with every number as `N`.
fn shape(text: &str) -> String {
    let is_number = |sign: char| sign.is_ascii_digit() || sign == '.';
    let shown = text.chars().map(|sign| if is_number(sign) { 'N' } else { sign });
    shown.fold(String::new(), |mut shape, sign| {
        if sign != 'N' || !shape.ends_with('N') {
            shape.push(sign);
        }
        shape
    })
}

#[test]
fn figures_for_a_person() {
    let served = Served::new();
    let seen = served.place.run(&["ping", "./s", "-c", "7"]);
    assert_eq!((seen.code, &*seen.err), (0, ""));
    let figures = "N round trips: min N us, pN N us, pN N us, max N us\n";
    assert_eq!(shape(&seen.out), format!("connect N ms, handshake N ms\n{figures}"));
    assert!(seen.out.contains("\n7 round trips: min "), "{}", seen.out);
    let seen = served.place.run(&["ping", "./s"]);
    assert!(seen.out.contains("\n100 round trips: min "), "{}", seen.out);
}

#[test]
fn figures_for_a_program() {
    let served = Served::new();
    let seen = served.place.run(&["ping", "./s", "--count", "9", "-o", "json"]);
    let figures: Value = serde_json::from_str(&seen.out).unwrap();
    assert_eq!(figures["count"], 9);
    let number = |key: &str| figures[key].as_u64().unwrap();
    assert!(number("connect_ns") > 0 && number("handshake_ns") > 0, "{figures}");
    let sorted = ["min_ns", "p50_ns", "p99_ns", "max_ns"].map(number);
    assert!(sorted.is_sorted() && sorted[0] > 0, "{figures}");
    assert_eq!(figures.as_object().unwrap().len(), 7);
}

#[test]
fn counts_that_are_none() {
    let place = Place::new();
    for count in ["0", "10000001", "-1", "many"] {
        let seen = place.run(&["ping", "./s", "-c", count]);
        assert_eq!((seen.code, &*seen.out), (2, ""), "{count}: {}", seen.err);
    }
}

/// It greets, and closes at the first round trip.
#[test]
fn a_server_that_dies_midway() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let server = std::thread::spawn(move || fake::greet(&mut listener.accept().unwrap().0));
    let seen = place.run(&["ping", "./s"]);
    server.join().unwrap();
    assert_eq!((seen.code, &*seen.out), (5, ""), "{}", seen.err);
    assert!(seen.err.starts_with("error: ping: the connection ended: ") && !seen.err.contains("call"), "{}", seen.err);
}

/// What was measured until then is told.
#[test]
fn a_server_that_dies_after_some_round_trips() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let server = std::thread::spawn(move || fake::pong(listener.accept().unwrap().0, 3));
    let seen = place.run(&["ping", "./s"]);
    server.join().unwrap();
    assert_eq!(seen.code, 5, "{}", seen.err);
    assert!(seen.out.contains("\n3 round trips: min "), "{}", seen.out);
    assert!(seen.err.starts_with("error: ping: the connection ended: "), "{}", seen.err);
}

/// It greets, and answers no ping.
#[test]
fn a_server_that_freezes_midway() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        fake::greet(&mut stream);
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    });
    let seen = place.run(&["ping", "./s", "--timeout", "200ms"]);
    server.join().unwrap();
    seen.fails(4, "error: ping: no answer within 200ms\n");
}
