//! How answers are written: in each format, to a program and to a person.
use crate::run::{Seen, Served};
use serde_json::Value;

const PUT: [&str; 4] = ["put", "entry.key=k \"q\"", "entry.tags[]=a", "entry.size:=[3,4]"];

#[test]
fn to_a_pipe() {
    let served = Served::new();
    let put = |format: &str| served.call(&[&PUT[..], &["-o", format]].concat());
    let line = r#"{"key":"k \"q\"","tags":["a"],"size":[3,4],"note":null}"#;
    put("json").answers(&format!("{line}\n"));
    put("raw").answers(&format!("{line}\n"));
    let value: Value = serde_json::from_str(line).unwrap();
    let pretty = put("pretty");
    assert_eq!(pretty.out.lines().count(), 11);
    assert_eq!(serde_json::from_str::<Value>(&pretty.out).unwrap(), value);
    put("table").answers("NAME  VALUE\nkey   k \"q\"\ntags  [\"a\"]\nsize  [3,4]\nnote  -\n");
    put("hex").answers("056b20227122010161030400\n");
    put("none").answers("");
}

#[test]
fn raw_is_what_it_says() {
    let served = Served::new();
    let raw = |args: &[&str]| served.call(&[args, &["-o", "raw"]].concat());
    raw(&["echo", "text=a \"b\"\n\u{1b}[31m"]).answers("a \"b\"\n\u{1b}[31m\n");
    raw(&["owner", "of=me"]).answers("me\n");
    raw(&["owner"]).answers("");
    raw(&["check", "complaint="]).answers("null\n");
    raw(&["Zoo.add", "a=1", "b=2"]).answers("3\n");
    let output = served.place.command(&["call", "./s", "bytes", "bytes=hex:ff0a00", "-oraw"]).output().unwrap();
    assert_eq!(output.stdout, [0xff, 0x0a, 0x00]);
}

#[test]
fn tables() {
    let served = Served::new();
    let table = |args: &[&str]| served.call(&[args, &["--output", "table"]].concat());
    table(&["kinds", r#"kinds:=["Plain",{"Number":5}]"#]).answers("VALUE\nPlain\n{\"Number\":5}\n");
    table(&["kinds", r#"kinds:=[{"Number":5},{"Pair":[1,true]}]"#])
        .answers("VALUE\n{\"Number\":5}\n{\"Pair\":[1,true]}\n");
    table(&["kinds", "kinds:=[]"]).answers("");
    table(&["echo", "text=a\tb\n"]).answers("a\\tb\\n\n");
    table(&["Zoo.add", "a=1", "b=2"]).answers("3\n");
}

/// Of a `Result` all formats show the inside, but for the bytes that travelled.
#[test]
fn the_ok_of_a_result() {
    let served = Served::new();
    served.call(&["Zoo.add", "a=1", "b=2", "-o", "hex"]).answers("0006\n");
    served.call(&["Zoo.add", "a=1", "b=2", "-o", "pretty"]).answers("3\n");
    let seen = served.call(&["check", "complaint=no", "-o", "raw"]);
    seen.fails(1, "error: Zoo.check answered an error, String: \"no\"\n");
}

/// Nothing is written of an answer that breaks off, or of a one-way call, in any format.
#[test]
fn what_has_no_answer() {
    let served = Served::new();
    for format in ["json", "pretty", "raw", "table", "hex", "none"] {
        let seen = served.call(&["garble", "-o", format]);
        assert_eq!((seen.code, &*seen.out), (5, ""), "{format}: {}", seen.err);
        served.call(&["touch", "gate=x", "-o", format]).answers("");
    }
}

#[test]
fn integers_that_many_readers_would_round() {
    let served = Served::new();
    let words = ["widths", "a=18446744073709551615", "b=-9007199254740993", "c=1", "d=1", "e=0.5"];
    let numbers = "[18446744073709551615,-9007199254740993,\"1\",\"1\",0.5]\n";
    served.call(&words).answers(numbers);
    served.call(&[&words[..], &["--big-ints", "number"]].concat()).answers(numbers);
    let strings = "[\"18446744073709551615\",\"-9007199254740993\",\"1\",\"1\",0.5]\n";
    served.call(&[&words[..], &["--big-ints=string"]].concat()).answers(strings);
}

#[test]
fn colours_in_a_pipe_only_if_asked_for() {
    let served = Served::new();
    let call = ["call", "./s", "Zoo.add", "a=1", "b=2"];
    served.place.run(&call).answers("3\n");
    served.place.run(&[&call[..], &["--color", "always"]].concat()).answers("\u{1b}[36m3\u{1b}[0m\n");
    served.place.run(&[&call[..], &["--color=never"]].concat()).answers("3\n");
    let mut forced = served.place.command(&call);
    Seen::of(forced.env("CLICOLOR_FORCE", "1").output().unwrap()).answers("\u{1b}[36m3\u{1b}[0m\n");
    // There is a terminal behind such a pipe; JSON can say the same in harmless characters.
    let seen = served.call(&["echo", "text=\u{9b}", "--color=always"]);
    seen.answers("\u{1b}[32m\"\\u009b\"\u{1b}[0m\n");
    // Whoever asks for it raw gets that, whatever the environment says about colours.
    let mut raw = served.place.command(&["call", "./s", "bytes", "bytes=hex:1b9b00ff", "-oraw"]);
    assert_eq!(raw.env("CLICOLOR_FORCE", "1").output().unwrap().stdout, [0x1b, 0x9b, 0, 0xff]);
}

#[test]
fn a_description_for_programs() {
    let served = Served::new();
    let describe = |items: &[&str]| -> Value {
        let seen = served.describe(&[items, &["--format", "json"]].concat());
        assert_eq!((seen.code, &*seen.err, seen.out.lines().count()), (0, "", 1));
        serde_json::from_str(&seen.out).unwrap()
    };
    let whole = describe(&[]);
    let services = whole["services"].as_array().unwrap();
    assert_eq!(services.iter().map(|service| &service["name"]).collect::<Vec<_>>(), ["Zoo", "Desk"]);
    let fingerprint = services[0]["fingerprint"].as_str().unwrap();
    assert!(fingerprint.len() == 16 && fingerprint.chars().all(|digit| digit.is_ascii_hexdigit()));

    let put = &describe(&["put"])["services"][0];
    assert_eq!(put["methods"].as_array().unwrap().len(), 1);
    let method = &put["methods"][0];
    assert_eq!(method["signature"], "put(entry: Entry, owner: Option<String>) -> Entry");
    assert_eq!(
        (&method["shape"], &method["idempotent"], &method["timeout_ms"]),
        (&"Unary".into(), &false.into(), &Value::Null)
    );
    assert_eq!(method["doc"], "The same entry.");
    let [entry, owner] = [0, 1].map(|index| &method["arguments"][index]);
    assert_eq!(
        (&entry["name"], &entry["type"], &owner["type"]),
        (&"entry".into(), &"Entry".into(), &"Option<String>".into())
    );
    // A type's id is its place among the types.
    let ty = |id: &Value| &put["types"][id.as_u64().unwrap() as usize];
    let fields = ty(&entry["id"])["Struct"]["body"]["Fields"].as_array().unwrap();
    assert_eq!(fields.iter().map(|field| &field["name"]).collect::<Vec<_>>(), ["key", "tags", "size", "note"]);
    assert_eq!(ty(&fields[0]["ty"]), "String");
    assert_eq!(ty(&ty(&owner["id"])["Option"]), "String");

    let waits = describe(&["wait_briefly"]);
    assert_eq!(waits["services"][0]["methods"][0]["timeout_ms"], 1000);
    let both = describe(&["add"]);
    assert_eq!(both["services"].as_array().unwrap().len(), 2);
    assert_eq!(describe(&["MathError"])["services"][0]["methods"], Value::Array(Vec::new()));
}

#[cfg(target_os = "linux")]
mod terminal {
    use crate::pty::on_a_terminal;
    use crate::run::Served;

    /// With nothing in the environment that speaks about colours but these.
    fn run(served: &Served, args: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = served.place.command(args);
        command.env("TERM", "xterm").envs(variables.iter().copied());
        on_a_terminal(command)
    }

    #[test]
    fn many_lines_in_colours_and_nothing_that_acts_on_it() {
        let served = Served::new();
        let entry = r#"{"entry":{"key":"\u001b]0;\u009b\u007f\u202e","tags":["a"],"size":[3,4]}}"#;
        let plain = "{\n  \"key\": \"\\u001b]0;\\u009b\\u007f\\u202e\",\n  \"tags\": [\n    \"a\"\n  ],\n  \
                     \"size\": [\n    3,\n    4\n  ],\n  \"note\": null\n}\n";
        let call = ["call", "./s", "put", entry];
        for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            assert_eq!(run(&served, &call, &[variable]), plain, "{variable:?}");
        }
        assert_eq!(run(&served, &[&call[..], &["--color=never"]].concat(), &[]), plain);
        let painted = run(&served, &call, &[]);
        assert!(painted.starts_with("{\n  \u{1b}[34m\"key\"\u{1b}[0m: \u{1b}[32m\"\\u001b]0;"), "{painted}");
        // Without the colours it is the same.
        let without: String = painted
            .split('\u{1b}')
            .enumerate()
            .map(|(index, part)| match index {
                0 => part,
                _ => part.split_once('m').unwrap().1,
            })
            .collect();
        assert_eq!(without, plain);
        let piped = served.call(&["put", entry]);
        piped.answers("{\"key\":\"\\u001b]0;\u{9b}\u{7f}\u{202e}\",\"tags\":[\"a\"],\"size\":[3,4],\"note\":null}\n");
    }

    #[test]
    fn formats_for_programs_are_harmless_on_a_terminal() {
        let served = Served::new();
        let no_color = [("NO_COLOR", "1")];
        let echo = |format: &str| {
            run(&served, &["call", "./s", "echo", "text=a\tb\n\u{1b}[31m\u{9b}", "-o", format], &no_color)
        };
        assert_eq!(echo("raw"), "a\tb\n\\u{1b}[31m\\u{9b}\n");
        assert_eq!(echo("json"), "\"a\\tb\\n\\u001b[31m\\u009b\"\n");
        assert_eq!(echo("table"), "a\\tb\\n\\u{1b}[31m\\u{9b}\n");
        let bytes = run(&served, &["call", "./s", "bytes", "bytes=hex:1b5b33316d0aff", "-o", "raw"], &no_color);
        assert_eq!(bytes, "\\u{1b}[31m\n\u{fffd}\n");
    }

    #[test]
    fn errors() {
        let served = Served::new();
        let no_color = [("NO_COLOR", "1")];
        let secret = ["call", "./s", "secret"];
        assert_eq!(run(&served, &secret, &no_color), "error: Zoo.secret: not allowed: it is \\u{1b}[31msecret\n");
        let painted = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m Zoo.secret: not allowed: it is \\u{1b}[31msecret\n";
        assert_eq!(run(&served, &secret, &[]), painted);
        let json = run(&served, &[&secret[..], &["--errors=json"]].concat(), &[]);
        assert!(json.contains(r"it is \u001b[31msecret"), "{json}");
        let caret = run(&served, &["call", "./s", "echo", "txt=1"], &[]);
        assert!(
            caret.ends_with("\n  txt=1\n  \u{1b}[1m\u{1b}[31m^^^\u{1b}[0m\n  echo(text: String) -> String\n"),
            "{caret}"
        );
    }

    #[test]
    fn descriptions_and_tables() {
        let served = Served::new();
        let paint = run(&served, &["describe", "./s", "paint"], &[]);
        assert_eq!(
            paint,
            "\u{1b}[90m/// A \\u{1b}[31mred\\u{202e} doc.\u{1b}[0m\n\u{1b}[1m\u{1b}[34mfn\u{1b}[0m paint()\n"
        );
        let table = run(&served, &["call", "./s", "kinds", "kinds[]=Plain", "-otable"], &[]);
        assert_eq!(table, "\u{1b}[1mVALUE\u{1b}[0m\nPlain\n");
    }
}
