//! `--errors=json`: one object in one line on stderr, with the same exit codes.
use crate::run::{Place, Seen, Served};
use serde_json::{Value, json};

#[track_caller]
fn told(seen: &Seen, code: i32, error: Value) {
    assert_eq!((seen.code, &*seen.out), (code, ""));
    assert_eq!(seen.err.lines().count(), 1, "{}", seen.err);
    assert_eq!(serde_json::from_str::<Value>(&seen.err).unwrap(), json!({ "error": error }));
}

#[test]
fn the_services_own_error() {
    let served = Served::new();
    let seen = served.call(&["Zoo.add", "a=9223372036854775807", "b=1", "--errors=json"]);
    let value = r#"{"error":{"kind":"service","type":"MathError","value":{"Overflow":{"by":1}},"method":"Zoo.add"}}"#;
    assert_eq!((seen.code, &*seen.out, &*seen.err), (1, "", &*format!("{value}\n")));
}

#[test]
fn a_call_that_fails_says_what_became_of_it() {
    let served = Served::new();
    let seen = served.call(&["panic", "--errors", "json"]);
    let message = "Zoo.panic: the handler panicked";
    told(&seen, 8, json!({"kind": "panicked", "message": message, "method": "Zoo.panic", "outcome": "executed"}));
    let seen = served.call(&["wait", "gate=never", "--timeout=300ms", "--errors=json"]);
    let message = "Zoo.wait: no answer within 300ms (whether the call ran is unknown)";
    told(&seen, 4, json!({"kind": "deadline", "message": message, "method": "Zoo.wait", "outcome": "unknown"}));
    served.keeper.0.open("never");
}

#[test]
fn what_never_left_the_program() {
    let served = Served::new();
    let seen = served.call(&["ecoh", "--errors=json"]);
    assert_eq!(seen.code, 6);
    let report: Value = serde_json::from_str(&seen.err).unwrap();
    assert_eq!(report["error"]["kind"], "unknown");
    assert_eq!(report["error"]["message"], "there is no method `ecoh` (did you mean `echo`?)");
    let seen = served.call(&["Zoo.add", "a=1", "--errors=json"]);
    let signature = "add(a: i64, b: i64) -> Result<i64, MathError>";
    let message = "Zoo.add: missing argument `b`";
    told(&seen, 2, json!({"kind": "arguments", "message": message, "method": "Zoo.add", "signature": signature}));
}

#[test]
fn no_connection_says_why_in_a_word() {
    let place = Place::new();
    let seen = place.run(&["--errors=json", "call", "./s", "owner"]);
    assert_eq!(seen.code, 3);
    let report: Value = serde_json::from_str(&seen.err).unwrap();
    let told =
        |report: &Value| ["kind", "problem", "outcome"].map(|key| report["error"][key].as_str().unwrap().to_owned());
    assert_eq!(told(&report), ["connect", "missing", "not_sent"]);
    drop(std::os::unix::net::UnixListener::bind(place.path("s")).unwrap());
    let seen = place.run(&["--errors=json", "ls", "./s"]);
    assert_eq!(
        (seen.code, told(&serde_json::from_str(&seen.err).unwrap())),
        (3, ["connect", "stale", "not_sent"].map(str::to_owned))
    );
    let seen = place.run(&["--errors=json", "wait", "./s", "--timeout", "50ms"]);
    let report: Value = serde_json::from_str(&seen.err).unwrap();
    assert_eq!((seen.code, &report["error"]["kind"]), (4, &"deadline".into()));
}

#[test]
fn a_wrong_command_line() {
    let place = Place::new();
    let seen = place.run(&["call", "./s", "owner", "--timeout", "30", "--errors=json"]);
    let message = "invalid value '30' for '--timeout <TIME>': \
                   expected a time above zero such as 500ms, 2s, 10m or 1h, or none";
    told(&seen, 2, json!({"kind": "usage", "message": message}));
    let seen = place.run(&["--errors", "json", "call", "./s"]);
    told(&seen, 2, json!({"kind": "usage", "message": "the following required arguments were not provided: <METHOD>"}));
}
