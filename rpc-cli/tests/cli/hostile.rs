//! Servers that mean harm: what they tell of themselves, and what they answer.
use crate::fake;
use crate::run::{Place, Seen};
use rpc_core::schema::{Body, Field, Type};
use rpc_core::{Description, Schema, Service};
use serde::{Deserialize, Serialize};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

/// Methods whose answers can be abused.
#[derive(Service)]
enum Trap {
    /// Items that take no bytes.
    #[rpc(returns = Vec<()>)]
    Nothings,
    /// A value in a value in a value.
    #[rpc(returns = Nest)]
    Nest,
    /// Text.
    #[rpc(returns = String)]
    Text,
    /// Small on the wire, large in JSON.
    #[rpc(returns = Vec<LongNames>)]
    Names,
    /// A key that is there twice.
    #[rpc(returns = std::collections::BTreeMap<String, u8>)]
    Map,
    /// One byte.
    #[rpc(returns = u8)]
    Byte,
    /// An error that is small on the wire.
    #[rpc(returns = Result<(), Vec<LongNames>>)]
    Fail,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
enum Nest {
    Leaf,
    Node(Box<Nest>),
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct LongNames {
    a_field_whose_name_is_so_long_that_a_byte_of_a_value_becomes_a_hundred: Option<u8>,
    another_field_whose_name_is_so_long_that_a_byte_of_a_value_becomes_a_hundred: Option<u8>,
}

/// A server of that method alone.
fn serving(method: &str) -> Description {
    let mut service = Trap::INFO.schema().clone();
    service.methods.retain(|known| known.name == method);
    Description { pid: 1, services: vec![service] }
}

/// Runs the program with a server that answers one connection so.
fn against(serve: impl FnOnce(std::os::unix::net::UnixStream) + Send + 'static, args: &[&str]) -> Seen {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("s")).unwrap();
    std::thread::spawn(move || serve(listener.accept().unwrap().0));
    place.run(args)
}

/// No answer of these is shown in any part or in any format, and none takes long to refuse.
#[test]
fn answers_that_are_bombs_end_the_call() {
    let cases: [(&str, Vec<u8>, &str); 6] = [
        // 2^63 items.
        ("nothings", [&[0x80; 9][..], &[1]].concat(), "Trap.nothings: the server's answer could not be decoded: "),
        ("nest", [1].repeat(1 << 20), "$.Node.Node.Node"),
        ("text", vec![2, 0xff, 0xff], "UTF-8"),
        ("text", vec![0xff, 0xff, 0xff, 0x7f, b'a'], "bytes expected, 1 are left"),
        (
            "names",
            [&[0x80, 0x80, 0x40][..], &[0; 1 << 20]].concat(),
            "Trap.names: the server's answer could not be decoded: ",
        ),
        ("byte", vec![1, 2], "1 byte"),
    ];
    for (method, answer, told) in cases {
        for format in ["json", "hex", "none"] {
            let (description, answer) = (serving(method), answer.clone());
            let start = Instant::now();
            let seen = against(
                move |stream| fake::answer(stream, &description, &answer),
                &["call", "./s", method, "-o", format],
            );
            assert_eq!((seen.code, &*seen.out), (5, ""), "{method}: {}", seen.err);
            assert!(seen.err.contains(told) && seen.err.len() < 2000, "{method}: {}", seen.err);
            // Generous: it is to end at all.
            assert!(start.elapsed() < Duration::from_secs(20), "{method}");
        }
    }
}

#[test]
fn answers_that_are_odd_are_shown_as_they_are() {
    let map = [2, 1, b'a', 1, 1, b'a', 2];
    let seen = against(move |stream| fake::answer(stream, &serving("map"), &map), &["call", "./s", "map"]);
    seen.answers("{\"a\":1,\"a\":2}\n");
    let red = b"\x0b\x1b[31m\xe2\x80\xaered";
    let seen = against(move |stream| fake::answer(stream, &serving("text"), red), &["call", "./s", "text"]);
    seen.answers("\"\\u001b[31m\u{202e}red\"\n");
}

/// It is an error of the method all the same.
#[test]
fn an_error_that_is_a_bomb_is_told_in_short() {
    // 65536 items of two bytes, and ten items.
    let (large, small) = ([&[1, 0x80, 0x80, 4][..], &[0; 1 << 17]].concat(), [&[1, 100][..], &[0; 200]].concat());
    let run = |answer: &[u8], args: &[&str]| {
        let answer = answer.to_vec();
        let call = [&["call", "./s", "fail"], args].concat();
        against(move |stream| fake::answer(stream, &serving("fail"), &answer), &call)
    };
    let told = "Trap.fail answered an error, Vec<LongNames>: a value of more than 4 MiB";
    run(&large, &[]).fails(1, &format!("error: {told}\n"));
    let report = serde_json::json!({"error": {
        "kind": "service", "message": told, "type": "Vec<LongNames>", "method": "Trap.fail",
    }});
    let seen = run(&large, &["--errors=json"]);
    assert_eq!((seen.code, serde_json::from_str(&seen.err).ok()), (1, Some(report)));
    // A page for a person, all of it for a program.
    let seen = run(&small, &[]);
    assert!(seen.err.contains("null,\"an") && seen.err.len() < 5000, "{}", seen.err.len());
    assert!(seen.err.ends_with("… (--errors=json tells all of it)\n"), "{}", seen.err);
    assert!(run(&small, &["--errors=json"]).err.len() > 10_000);
}

/// Its description is as long as it may be, and made once.
#[test]
fn a_name_that_all_types_have() {
    let mut description = serving("text");
    let service = &mut description.services[0];
    let same = |index: usize| Type::Struct { name: "Same".to_owned(), doc: index.to_string(), body: Body::Unit };
    for _ in 0..2 {
        let ids = (0..4000).map(|_| service.types.add(same(service.types.len()))).collect();
        let ty = service.types.add(Type::Tuple(ids));
        let name = format!("a{}", service.methods[0].arguments.len());
        service.methods[0].arguments.push(Field { name, doc: String::new(), ty });
    }
    let start = Instant::now();
    let seen = against(move |stream| fake::describe(stream, &description), &["describe", "./s", "Same"]);
    assert_eq!((seen.code, seen.out.matches("struct Same;").count()), (0, 8000), "{}", seen.err);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_name_that_too_much_has() {
    let mut description = serving("text");
    let service = &mut description.services[0];
    let tail = |index: usize| Type::Struct { name: format!("m{index}.Same"), doc: String::new(), body: Body::Unit };
    let ids = (0..4000).map(|index| service.types.add(tail(index))).collect();
    service.methods[0].returns = service.types.add(Type::Tuple(ids));
    let seen = against(move |stream| fake::describe(stream, &description), &["describe", "./s", "Same"]);
    assert_eq!((seen.code, seen.err.lines().next()), (6, Some("error: `Same` is ambiguous")));
    assert!(
        seen.err.contains("write Trap.m0.Same, Trap.m1.Same, ") && seen.err.ends_with("… or 3984 more\n"),
        "{}",
        seen.err
    );
}

#[track_caller]
fn refused(description: Description, told: &str) {
    for args in
        [&["call", "./s", "text"][..], &["describe", "./s"], &["describe", "./s", "--format=json"], &["ls", "./s"]]
    {
        let description = description.clone();
        let seen = against(move |stream| fake::describe(stream, &description), args);
        let error = "error: asking ./s what it serves: the other side broke the protocol: its schema of ";
        assert_eq!((seen.code, &*seen.out), (5, ""), "{args:?}: {}", seen.err);
        assert!(seen.err.starts_with(error) && seen.err.contains(told) && seen.err.len() < 1000, "{}", seen.err);
        assert!(!seen.err.trim_end().contains(char::is_control), "{:?}", seen.err);
    }
}

#[test]
fn schemas_that_are_none_are_refused() {
    let with = |change: fn(&mut rpc_core::schema::ServiceSchema)| {
        let mut description = serving("text");
        change(&mut description.services[0]);
        description
    };
    refused(with(|service| service.name = "\u{1b}[31m\n".repeat(500)), "\\u{1b}[31m");
    refused(with(|service| service.methods[0].name = "a\u{7}b".to_owned()), "a\\u{7}b");
    refused(with(|service| service.methods[0].returns = rpc_core::schema::TypeId(1 << 30)), "of which there is none");
    refused(with(|service| service.methods = vec![service.methods[0].clone(); 5000]), "more than");
    let endless = with(|service| {
        let id = service.types.add(Type::Tuple(vec![rpc_core::schema::TypeId(service.types.len() as u32)]));
        service.methods[0].returns = id;
    });
    refused(endless, "itself");
}
