//! Calls that work: every kind of argument, every kind of answer.
use crate::run::Served;

#[test]
fn every_kind_of_argument() {
    let served = Served::new();
    let entry = r#"{"key":"k","tags":["a","b"],"size":[3,4],"note":null}"#;
    served.call(&["put", &format!(r#"{{"entry":{entry},"owner":"me"}}"#)]).answers(&format!("{entry}\n"));
    // Options may be left out, and fields stand in any order; answers keep the order of the type.
    served.call(&["put", r#"{"entry":{"size":[3,4],"tags":["a","b"],"key":"k"}}"#]).answers(&format!("{entry}\n"));
    served.call(&["Zoo.bytes", r#"{"bytes":"AAH/"}"#]).answers("\"AAH/\"\n");
    served.call(&["bytes", r#"{"bytes":[0,1,255]}"#]).answers("\"AAH/\"\n");
    served.call(&["bytes", r#"{"bytes":"hex:0001ff"}"#]).answers("\"AAH/\"\n");
    let kinds = r#"["Plain",{"Number":7},{"Pair":[1,true]},{"Named":{"x":0.1}}]"#;
    served.call(&["kinds", &format!(r#"{{"kinds":{kinds}}}"#)]).answers(&format!("{kinds}\n"));
    let maps = r#"{"names":{"b":2,"a":1},"pairs":[[[1,2],true]]}"#;
    served.call(&["maps", maps]).answers("[{\"a\":1,\"b\":2},[[[1,2],true]]]\n");
}

#[test]
fn no_digit_is_lost() {
    let served = Served::new();
    let widths = r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":"340282366920938463463374607431768211455",
        "d":"-170141183460469231731687303715884105728","e":0.1}"#;
    served.call(&["widths", widths]).answers(
        "[18446744073709551615,-9223372036854775808,\"340282366920938463463374607431768211455\",\
         \"-170141183460469231731687303715884105728\",0.1]\n",
    );
    let widths = r#"{"a":"1","b":0,"c":1,"d":-1,"e":"-Infinity"}"#;
    served.call(&["widths", widths]).answers("[1,0,\"1\",\"-1\",\"-Infinity\"]\n");
}

#[test]
fn every_kind_of_answer() {
    let served = Served::new();
    served.keeper.0.open("open");
    served.call(&["wait", r#"{"gate":"open"}"#]).answers("null\n");
    served.call(&["Zoo.add", r#"{"a":1,"b":-2}"#]).answers("-1\n");
    served.call(&["check", r#"{"complaint":""}"#]).answers("null\n");
    served.call(&["owner", r#"{"of":"me"}"#]).answers("\"me\"\n");
    served.call(&["owner"]).answers("null\n");
    served.call(&["paint"]).answers("null\n");
    served.call(&["paint", "{}"]).answers("null\n");
    served.call(&["echo", r#"{"text":"a \"b\"\n\u00e9\u001b"}"#]).answers("\"a \\\"b\\\"\\né\\u001b\"\n");
}

#[test]
fn a_oneway_method_runs_and_prints_nothing() {
    let served = Served::new();
    for method in ["touch", "touch_apart"] {
        // The program has gone before the handler starts, or not: it runs either way.
        for round in 0..10 {
            let gate = format!("{method} {round}");
            served.call(&[method, &format!(r#"{{"gate":"{gate}"}}"#)]).answers("");
            served.keeper.0.pass(&gate);
        }
    }
}

#[test]
fn an_answer_in_time_is_an_answer() {
    let served = Served::new();
    for time in ["20s", "20000ms", "1m", "1h", "none"] {
        served.call(&["--timeout", time, "owner"]).answers("null\n");
    }
}

#[test]
fn a_colon_is_the_address_of_the_environment() {
    let served = Served::new();
    let run = |args: &[&str], address: &str| {
        crate::run::Seen::of(served.place.command(args).env("RPC_ADDR", address).output().unwrap())
    };
    run(&["call", ":", "owner"], "./s").answers("null\n");
    run(&["describe", ":", "paint"], "./s").answers("/// A \\u{1b}[31mred\\u{202e} doc.\nfn paint()\n");
    run(&["call", ":", "owner"], "").fails(2, "error: `:` means the address in $RPC_ADDR, which is empty\n");
    let unset = served.place.run(&["call", ":", "owner"]);
    unset.fails(2, "error: `:` means the address in $RPC_ADDR, which is not set\n");
}
