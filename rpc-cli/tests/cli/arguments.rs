//! Arguments that do not fit: told with the place and the signature, and never sent.
use crate::run::Served;

const ADD: &str = "  add(a: i64, b: i64) -> Result<i64, MathError>\n";
const PUT: &str = "  put(entry: Entry, owner: Option<String>) -> Entry\n";

#[track_caller]
fn refused(method: &str, json: &str, problem: &str, signature: &str) {
    let seen = Served::new().call(&[method, json]);
    seen.fails(2, &format!("error: Zoo.{method}: {problem}\n{signature}"));
}

#[track_caller]
fn add(json: &str, problem: &str) {
    let seen = Served::new().call(&["Zoo.add", json]);
    seen.fails(2, &format!("error: Zoo.add: {problem}\n{ADD}"));
}

#[test]
fn what_is_no_json() {
    add("", "EOF while parsing a value at line 1 column 0");
    add("a=1", "expected value at line 1 column 1");
    add(r#"{"a":1,"b":2"#, "EOF while parsing an object at line 1 column 12");
    add("{\"a\":1,\n \"b\":x}", "$.b: expected value at line 2 column 6");
    add(r#"{"a":1,"b":2} {}"#, "trailing characters at line 1 column 15");
}

#[test]
fn what_is_no_object() {
    let expected = "expected an object with the arguments `a`, `b`";
    add("[1,2]", &format!("invalid type: sequence, {expected} at line 1 column 1"));
    add("5", &format!("invalid type: integer `5`, {expected} at line 1 column 1"));
}

#[test]
fn names() {
    add(r#"{"a":1,"bb":2}"#, "unknown argument `bb` (did you mean `b`?) at line 1 column 11");
    add(r#"{"colour":1}"#, "unknown argument `colour`, expected `a`, `b` at line 1 column 9");
    add(r#"{"a":1,"a":2}"#, "argument `a` is given twice at line 1 column 10");
    add(r#"{"a":1}"#, "missing argument `b` at line 1 column 7");
    add("{}", "missing arguments `a`, `b` at line 1 column 2");
    let seen = Served::new().call(&["Zoo.add"]);
    seen.fails(2, &format!("error: Zoo.add: missing arguments `a`, `b`\n{ADD}"));
    let seen = Served::new().call(&["paint", r#"{"x":1}"#]);
    seen.fails(2, "error: Desk.paint: unknown argument `x`: there are none at line 1 column 4\n  paint()\n");
}

#[test]
fn places_inside_of_arguments() {
    refused(
        "put",
        r#"{"entry":{"kye":"k"}}"#,
        "$.entry: unknown field `kye` (did you mean `key`?) at line 1 column 15",
        PUT,
    );
    refused(
        "put",
        r#"{"entry":{"key":"k","tags":["a",2],"size":[1,2]}}"#,
        "$.entry.tags[1]: invalid value: 2, expected a string at line 1 column 33",
        PUT,
    );
    refused(
        "put",
        r#"{"entry":{"key":"k","tags":[],"size":[1]}}"#,
        "$.entry.size: invalid length 1, expected an array of 2 elements at line 1 column 40",
        PUT,
    );
}

#[test]
fn types() {
    add(r#"{"a":1.5,"b":2}"#, "$.a: invalid value: 1.5, expected i64 at line 1 column 8");
    add(r#"{"a":null,"b":2}"#, "$.a: invalid type: null, expected i64 at line 1 column 9");
    add(
        r#"{"a":9223372036854775808,"b":2}"#,
        "$.a: invalid value: 9223372036854775808, expected i64 at line 1 column 24",
    );
    refused(
        "bytes",
        r#"{"bytes":"?"}"#,
        "$.bytes: invalid value: string \"?\", expected bytes as base64, \"hex:…\" or numbers at line 1 column 12",
        "  bytes(bytes: Vec<u8>) -> Vec<u8>\n",
    );
    refused(
        "kinds",
        r#"{"kinds":["Plane"]}"#,
        "$.kinds[0]: Kind has no variant `Plane` (did you mean `Plain`?) at line 1 column 17",
        "  kinds(kinds: Vec<Kind>) -> Vec<Kind>\n",
    );
}

#[test]
fn control_characters_of_arguments_are_told_escaped() {
    add("{\"a\u{9b}31m\":1}", "unknown argument `a\\u{9b}31m`, expected `a`, `b` at line 1 column 9");
}

#[test]
fn what_only_the_server_knows_to_be_wrong() {
    let seen = Served::new().call(&["divide", r#"{"by":0}"#]);
    seen.fails(
        2,
        "error: Zoo.divide: the server could not decode the arguments: it holds a value that its type does not have\n",
    );
}

#[test]
fn a_request_over_the_limit() {
    let input = format!(r#"{{"bytes":"{}"}}"#, "A".repeat(8 << 20));
    let seen = Served::new().call_reading(&["bytes", "-"], input.as_bytes());
    seen.fails(2, "error: Zoo.bytes: a request of 6291466 bytes, but the limit is 4194304\n");
}
