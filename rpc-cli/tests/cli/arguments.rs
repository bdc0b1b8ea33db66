//! Arguments: what words and JSON become, and what does not fit, which is told with its place and never sent.
use crate::run::Served;
use std::fs;

const ADD: &str = "  add(a: i64, b: i64) -> Result<i64, MathError>\n";
const PUT: &str = "  put(entry: Entry, owner: Option<String>) -> Entry\n";
const BYTES: &str = "  bytes(bytes: Vec<u8>) -> Vec<u8>\n";

/// `problem` is the error, then the lines that show its place, without what all errors have around that.
#[track_caller]
fn refused(method: &str, words: &[&str], problem: &str, signature: &str) {
    let seen = Served::new().call(&[&[method], words].concat());
    let problem = problem.replace('\n', "\n  ");
    seen.fails(2, &format!("error: Zoo.{method}: {problem}\n{signature}"));
}

#[track_caller]
fn add(words: &[&str], problem: &str) {
    let seen = Served::new().call(&[&["Zoo.add"], words].concat());
    let problem = problem.replace('\n', "\n  ");
    seen.fails(2, &format!("error: Zoo.add: {problem}\n{ADD}"));
}

#[test]
fn words_are_typed_by_the_schema() {
    let served = Served::new();
    served.call(&["Zoo.add", "a=-2", "b=5"]).answers("3\n");
    served.call(&["echo", "text=-2"]).answers("\"-2\"\n");
    served.call(&["echo", "text="]).answers("\"\"\n");
    served.call(&["echo", "text=a=b:=c"]).answers("\"a=b:=c\"\n");
    served.call(&["echo", "text=null"]).answers("\"null\"\n");
    served.call(&["owner", "of=null"]).answers("\"null\"\n");
    served.call(&["owner", "of:=null"]).answers("null\n");
    served.call(&["bytes", "bytes=hex:ff00"]).answers("\"/wA=\"\n");
    served.call(&["bytes", "bytes=text:A b"]).answers("\"QSBi\"\n");
    served.call(&["divide", "by=7"]).answers("14\n");
    let big = "340282366920938463463374607431768211455";
    let seen = served.call(&["widths", "a=1", "b=-1", &format!("c={big}"), "d=-3", "e=NaN"]);
    seen.answers(&format!("[1,-1,\"{big}\",\"-3\",\"NaN\"]\n"));
}

#[test]
fn words_for_what_has_parts() {
    let served = Served::new();
    let entry = r#"{"key":"k","tags":["x","y z"],"size":[3,4],"note":"n"}"#;
    let words = ["entry.key=k", "entry.tags[]=x", "entry.tags[]=y z", "entry.size:=[3,4]", "entry.note=n"];
    served.call(&[&["put"], &words[..]].concat()).answers(&format!("{entry}\n"));
    // In any order, and a part as JSON.
    let words = ["entry.size:=[3,4]", "owner=me", "entry.note=n", "entry.tags:=[\"x\",\"y z\"]", "entry.key=k"];
    served.call(&[&["put"], &words[..]].concat()).answers(&format!("{entry}\n"));
    let words = ["kinds[]=Plain", "kinds[]:={\"Number\":5}", "kinds[]:={\"Named\":{\"x\":1}}"];
    served.call(&[&["kinds"], &words[..]].concat()).answers("[\"Plain\",{\"Number\":5},{\"Named\":{\"x\":1.0}}]\n");
    let words = ["kinds[].Number=5", "kinds[].Named.x=1", "kinds[].Pair:=[1,true]"];
    let kinds = "[{\"Number\":5},{\"Named\":{\"x\":1.0}},{\"Pair\":[1,true]}]\n";
    served.call(&[&["kinds"], &words[..]].concat()).answers(kinds);
    let words = ["entry.key=k", "entry.tags:=[]", "entry.size[]=3", "entry.size[]=4"];
    let entry = "{\"key\":\"k\",\"tags\":[],\"size\":[3,4],\"note\":null}\n";
    served.call(&[&["put"], &words[..]].concat()).answers(entry);
    let words = ["names.a=1", "names.b c=2", "pairs:=[[[1,2],true]]"];
    served.call(&[&["maps"], &words[..]].concat()).answers("[{\"a\":1,\"b c\":2},[[[1,2],true]]]\n");
}

#[test]
fn files() {
    let served = Served::new();
    fs::write(served.place.path("text"), "1\n2\n").unwrap();
    fs::write(served.place.path("number"), "40\n").unwrap();
    fs::write(served.place.path("bytes"), b"\xff\x00").unwrap();
    fs::write(served.place.path("json"), "{\"key\": \"k\",\n \"tags\": [],\n \"size\": [1, 2]}\n").unwrap();
    served.call(&["echo", "text=@text"]).answers("\"1\\n2\\n\"\n");
    served.call(&["Zoo.add", "a=@number", "b=2"]).answers("42\n");
    served.call(&["bytes", "bytes=@bytes"]).answers("\"/wA=\"\n");
    served.call(&["put", "entry:=@json"]).answers("{\"key\":\"k\",\"tags\":[],\"size\":[1,2],\"note\":null}\n");
    served.call(&["echo", r#"text:="@text""#]).answers("\"@text\"\n");

    served.call_reading(&["bytes", "bytes=@-"], b"\xff\x00").answers("\"/wA=\"\n");
    add(&["a=@-", "b=@-"], "stdin can be read once\na=@- b=@-\n     ^^^^");

    let missing = "cannot read the file `nope`: No such file or directory (os error 2) \
                   (a text that begins with @ is :='\"@..\"')\nbytes=@nope\n      ^^^^^";
    refused("bytes", &["bytes=@nope"], missing, BYTES);
    let seen = served.call(&["echo", "text=@bytes"]);
    let told = "cannot read the file `bytes`: it is not valid UTF-8: byte 1 is wrong";
    seen.fails(2, &format!("error: Zoo.echo: {told}\n  text=@bytes\n       ^^^^^^\n  echo(text: String) -> String\n"));
    fs::write(served.place.path("json"), "{\"key\": \"k\",\n \"tags\": [7]}").unwrap();
    let seen = served.call(&["put", "entry:=@json"]);
    let told = "line 2 of json: entry.tags[0]: invalid value: 7, expected a string\n   \"tags\": [7]}\n            ^";
    seen.fails(2, &format!("error: Zoo.put: {told}\n{PUT}"));
    let seen = served.call(&["Zoo.add", "a=@text", "b=2"]);
    let told = "line 1 of text: a: invalid value: \"1\\n2\", expected i64\n  1\n  ^";
    seen.fails(2, &format!("error: Zoo.add: {told}\n{ADD}"));
}

#[test]
fn words_that_are_no_arguments() {
    let written = "an argument is written name=value";
    add(&["a=1", "c"], &format!("{written}; or all of them as one JSON object, or - for stdin\na=1 c\n    ^"));
    add(&["[1,2]"], &format!("{written}; or all of them as one JSON object, or - for stdin\n[1,2]\n^^^^^"));
    refused("bytes", &["AQI"], &format!("{written}: did you mean `bytes=AQI`?\nAQI\n^^^"), BYTES);
    let alone = "`-` or a JSON object has all arguments, so it stands alone";
    add(&["a=1", "-"], &format!("{alone}\na=1 -\n    ^"));
    add(&["{}", "a=1"], &format!("{alone}\n'{{}}' a=1\n ^^"));
    add(&["=1"], "a name is missing before the `=`\n=1\n^");
    add(&["a..b=1"], "a name is missing before the `=`\na..b=1\n^^^^^");
    let item = "an item of a list is added by `[]` behind its name; all else is written as name:=JSON";
    add(&["a[0]=1"], &format!("{item}\na[0]=1\n ^^^"));
}

#[test]
fn names() {
    add(&["a=1", "bb=2"], "unknown argument `bb` (did you mean `b`?)\na=1 bb=2\n    ^^");
    add(&["colour=1"], "unknown argument `colour`, expected `a`, `b`\ncolour=1\n^^^^^^");
    add(&["a=1", "b=2", "a=3"], "`a` is given twice\na=1 b=2 a=3\n        ^");
    add(&["aa=@nowhere"], "unknown argument `aa` (did you mean `a`?)\naa=@nowhere\n^^");
    add(&["a=1"], "missing argument `b`");
    add(&[], "missing arguments `a`, `b`");
    refused("put", &["entry.kye=k"], "entry: unknown field `kye` (did you mean `key`?)\nentry.kye=k\n      ^^^", PUT);
    refused(
        "put",
        &["entry.key=k", "entry:={}"],
        "`entry` is given twice\nentry.key=k 'entry:={}'\n             ^^^^^",
        PUT,
    );
    let given = "this was given another value already";
    refused(
        "put",
        &["entry:={}", "entry.key=k"],
        &format!("{given}\n'entry:={{}}' entry.key=k\n                  ^^^"),
        PUT,
    );
    refused(
        "put",
        &["entry.tags:=[]", "entry.tags[]=a"],
        &format!("{given}\nentry.tags:=[] entry.tags[]=a\n                         ^^"),
        PUT,
    );
    refused(
        "put",
        &["entry.key=k", "entry.size:=[1,2]"],
        "entry: missing field `tags`\nentry.key=k entry.size:=[1,2]\n^^^^^",
        PUT,
    );
    let seen = Served::new().call(&["paint", "x=1"]);
    seen.fails(2, "error: Desk.paint: unknown argument `x`: there are none\n  x=1\n  ^\n  paint()\n");
}

#[test]
fn names_in_json() {
    add(&[r#"{"a":1,"bb":2}"#], "unknown argument `bb` (did you mean `b`?)\n'{\"a\":1,\"bb\":2}'\n        ^^^^");
    add(&[r#"{"a":1,"a":2}"#], "argument `a` is given twice\n'{\"a\":1,\"a\":2}'\n        ^^^");
    add(&[r#"{"a":1}"#], "missing argument `b`");
    let place = "'{\"entry\":{\"kye\":\"k\"}}'\n           ^^^^^";
    refused(
        "put",
        &[r#"{"entry":{"kye":"k"}}"#],
        &format!("entry: unknown field `kye` (did you mean `key`?)\n{place}"),
        PUT,
    );
    add(
        &["{\"a\u{9b}31m\":1}"],
        "unknown argument `a\\u{9b}31m`, expected `a`, `b`\n'{\"a\\u{9b}31m\":1}'\n  ^^^^^^^^^^^^",
    );
}

#[test]
fn types() {
    add(&["a=1.5", "b=2"], "a: invalid value: \"1.5\", expected i64\na=1.5 b=2\n  ^^^");
    add(&["a=", "b=2"], "a: invalid value: \"\", expected i64\na= b=2\n  ^");
    add(
        &["a=9223372036854775808", "b=2"],
        "a: invalid value: 9223372036854775808, expected i64 (-9223372036854775808 to 9223372036854775807)\na=9223372036854775808 b=2\n  ^^^^^^^^^^^^^^^^^^^",
    );
    add(&["a:=[1]", "b=2"], "a: invalid type: sequence, expected i64\na:=[1] b=2\n   ^");
    add(&[r#"{"a":null,"b":2}"#], "a: invalid type: null, expected i64\n'{\"a\":null,\"b\":2}'\n      ^^^^");
    let bytes = "bytes: invalid value: \"?\", expected bytes as base64, \"hex:…\", \"text:…\" or numbers";
    refused("bytes", &["bytes=?"], &format!("{bytes}\n'bytes=?'\n       ^"), BYTES);
    refused(
        "kinds",
        &["kinds[]=Plain", "kinds[]=Plane"],
        "kinds[1]: Kind has no variant `Plane` (did you mean `Plain`?)\nkinds[]=Plain kinds[]=Plane\n                      ^^^^^",
        "  kinds(kinds: Vec<Kind>) -> Vec<Kind>\n",
    );
    refused(
        "kinds",
        &["kinds[]=Number"],
        "`Number` holds something: write kinds[].Number=.., or kinds[]:=JSON\nkinds[]=Number\n        ^^^^^^",
        "  kinds(kinds: Vec<Kind>) -> Vec<Kind>\n",
    );
}

#[test]
fn one_word_for_many_values() {
    let fields = "`entry` has fields: write entry.key=.. for each, or entry:=JSON";
    refused("put", &["entry=x"], &format!("{fields}\nentry=x\n      ^"), PUT);
    let items = "`entry.tags` has items: write entry.tags[]=.. for each, or entry.tags:=JSON";
    refused("put", &["entry.tags=x"], &format!("{items}\nentry.tags=x\n           ^"), PUT);
    let several = "`entry.size` has items: write entry.size[]=.. for each, or entry.size:=JSON";
    refused("put", &["entry.size=x"], &format!("{several}\nentry.size=x\n           ^"), PUT);
    let map = "`names` has entries: write names.key=.. for each, or names:=JSON";
    refused(
        "maps",
        &["names=x"],
        &format!("{map}\nnames=x\n      ^"),
        "  maps(names: Map<String, u32>, pairs: Map<(u8, u8), bool>) -> (Map<String, u32>, Map<(u8, u8), bool>)\n",
    );
}

#[test]
fn what_is_no_json() {
    add(&[r#"{"a":1,"b":2"#], "EOF while parsing an object\n'{\"a\":1,\"b\":2'\n            ^");
    add(
        &[r#"{"a":1,"b":x}"#],
        "b: expected value (a text has quotes in JSON; '..' around it keeps them from the shell)\n'{\"a\":1,\"b\":x}'\n            ^",
    );
    add(
        &["{\"a\":1,\n \"b\":x}"],
        "line 2: b: expected value (a text has quotes in JSON; '..' around it keeps them from the shell)\n \"b\":x}\n     ^",
    );
    add(&[r#"{"a":1,"b":2} {}"#], "trailing characters\n'{\"a\":1,\"b\":2} {}'\n               ^");
    add(&["a:=", "b=2"], "a: JSON is missing here\na:= b=2\n   ^");
    add(&["a:=x", "b=2"], "`x` is no JSON: write a=x, or a:='\"x\"'\na:=x b=2\n   ^");
}

#[test]
fn what_only_the_server_knows_to_be_wrong() {
    let seen = Served::new().call(&["divide", "by=0"]);
    seen.fails(
        2,
        "error: Zoo.divide: the server could not decode the arguments: it holds a value that its type does not have\n",
    );
}

#[test]
fn a_request_over_the_limit() {
    let served = Served::new();
    fs::write(served.place.path("large"), vec![7; 5 << 20]).unwrap();
    let seen = served.call(&["bytes", "bytes=@large"]);
    seen.fails(
        2,
        "error: Zoo.bytes: a request of 5242890 bytes, but the server takes 4194304 (its `Limits::frame_bytes_max`)\n",
    );
}
