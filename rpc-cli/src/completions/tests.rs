//! Whole lines, without a server and without a shell.
use super::*;
use rpc_core::Service;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Service)]
enum Kv<'a> {
    /// Looks up one key.
    #[rpc(returns = Option<String>)]
    Get { key: &'a str },
    /// Stores an entry.
    /// And more.
    #[rpc(returns = ())]
    Put { entry: Option<Entry>, kind: Kind, flag: bool },
    #[rpc(returns = ())]
    Clear { names: BTreeMap<String, u8>, data: Vec<u8>, keys: Vec<String>, entries: Vec<Entry>, many: Vec<Kind> },
}

/// A desk.
#[derive(Service)]
enum Desk {
    #[rpc(returns = ())]
    Get { entry: Entry },
}

/// A river.
#[derive(Service)]
enum River<'a> {
    #[rpc(accepts = Entry, stream = u8)]
    Flow { name: &'a str, kind: Kind },
    #[rpc(returns = ())]
    Dry { name: &'a str },
    #[rpc(returns = ())]
    Dam { twice: Option<Option<Kind>>, time: Duration },
}

/// One entry.
#[derive(Debug, Serialize, Deserialize, rpc_core::Schema)]
struct Entry {
    /// What it is found by.
    key: String,
    tags: Vec<String>,
    inner: Inner,
}

#[derive(Debug, Serialize, Deserialize, rpc_core::Schema)]
struct Inner {
    kind: Option<Kind>,
    size: (u8, u8),
}

#[derive(Debug, Serialize, Deserialize, rpc_core::Schema)]
enum Kind {
    /// Nothing special.
    Plain,
    Other,
    Number(u8),
}

/// What could stand at the end of a line, with two services at `kv`, and one alone at `one` and at `river`.
fn found(line: &str) -> Vec<Candidate> {
    let (words, word) = line.rsplit_once(' ').unwrap_or(("", line));
    let words = words.split_whitespace().map(str::to_owned).collect();
    let line = Line { words, word: word.to_owned(), cut: 0 };
    candidates(&line, |address| match address {
        "kv" => vec![Kv::INFO.schema().clone(), Desk::INFO.schema().clone()],
        "one" => vec![Kv::INFO.schema().clone()],
        "river" => vec![River::INFO.schema().clone()],
        _ => Vec::new(),
    })
}

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    let texts: Vec<String> = found(line).into_iter().map(|candidate| candidate.text).collect();
    assert_eq!(texts, expected, "{line}");
}

#[test]
fn subcommands_and_options() {
    check("", &["ls", "describe", "call", "each", "ping", "stats", "wait", "completions", "man", "help"]);
    check("c", &["call", "completions"]);
    check("_", &[]);
    check("--errors ", &["words", "json"]);
    check("--errors=j", &["--errors=json"]);
    check("call -o r", &["raw"]);
    check("call kv --ou", &["--output"]);
    check("call kv --output raw --ou", &[]);
    check("call --timeout ", &[]);
    let common =
        ["--big-ints", "--timeout", "--errors", "--color", "--verbose", "--allow-user", "--token-file", "--help"];
    check("call -", &[&["--output", "--take", "--collect", "--summary"], &common[..]].concat());
    check("each -", &[&["--jobs", "--keep-going", "--output"], &common[..]].concat());
    check("each -o ", &["json", "raw", "hex", "none"]);
    check("completions ", &["bash", "zsh", "fish"]);
    check("help ca", &["call"]);
    check("nonsense ", &[]);
}

#[test]
fn methods() {
    check("call one ", &["get", "put", "clear"]);
    check("call kv ", &["Kv.get", "put", "clear", "Desk.get"]);
    check("call kv p", &["put"]);
    check("call kv Kv", &["Kv.get", "Kv.put", "Kv.clear"]);
    check("call kv Kv.p", &["Kv.put"]);
    check("--errors json call --timeout 1s one g", &["get"]);
    check("call nobody ", &[]);
    check("call river ", &["flow", "dry", "dam"]);
    check("each river ", &["dry", "dam"]);
    check("each kv ", &["Kv.get", "put", "clear", "Desk.get"]);
    check("ping kv ", &[]);
    check("stats kv --w", &["--watch"]);
    check("stats kv -o ", &["table", "json"]);
}

#[test]
fn items() {
    check("describe one ", &["Kv", "get", "put", "clear", "Entry", "Inner", "Kind"]);
    check("describe kv ", &["Kv", "get", "put", "clear", "Entry", "Inner", "Kind", "Desk"]);
    check("describe kv Desk", &["Desk", "Desk.get", "Desk.Entry", "Desk.Inner", "Desk.Kind"]);
    check("describe one get ", &[]);
}

#[test]
fn names_of_arguments() {
    check("call one get ", &["key="]);
    check("call one get key=a ", &[]);
    check("call one put ", &["entry.", "kind=", "kind.", "flag="]);
    check("call one put kind:=1 f", &["flag="]);
    check("call one put -o raw kind=Plain ", &["entry.", "flag="]);
    check("call one put entry.", &["entry.key=", "entry.tags[]=", "entry.inner."]);
    check("call one put entry.key=a entry.tags[]=b entry.", &["entry.tags[]=", "entry.inner."]);
    check("call one put entry.inner.", &["entry.inner.kind=", "entry.inner.kind.", "entry.inner.size:="]);
    check("call one put entry:={} ", &["kind=", "kind.", "flag="]);
    check("call one put kind.", &["kind.Number="]);
    check("call one put kind.Number=1 ", &["entry.", "kind.", "flag="]);
    check("call one put kind.Plain.", &[]);
    check("call one put - ", &[]);
    check("call one put {} k", &[]);
    check("call one put entry.nothing.", &[]);
    check("call one clear ", &["names.", "data=", "keys[]=", "entries:=", "many[]="]);
    check("call one clear keys:=[] keys[]=a many[]=Plain ", &["names.", "data=", "entries:=", "many[]="]);
    // Items are no arguments.
    check("call river flow ", &["name=", "kind=", "kind."]);
    check("call river flow name=a k", &["kind=", "kind."]);
    check("each -j 4 one put kind=Plain ", &["entry.", "flag="]);
    check("call kv get ", &[]);
    check("call kv Desk.get ", &["entry."]);
}

#[test]
fn values_of_arguments() {
    check("call one put kind=", &["kind=Plain", "kind=Other"]);
    check("call one put kind=P", &["kind=Plain"]);
    check("call one put flag=", &["flag=true", "flag=false"]);
    check("call one put entry.inner.kind=O", &["entry.inner.kind=Other"]);
    check("call one clear many[]=", &["many[]=Plain", "many[]=Other"]);
    check("call one put kind[]=", &[]);
    check("call one put kind:=", &[]);
    check("call one get key=", &[]);
    check("call one get nothing=", &[]);
    // Tests run in the directory of the package.
    check("call one get key=@Car", &["key=@Cargo.toml"]);
    check("call one get key=@src/compl", &["key=@src/completions/"]);
    check("man sr", &["src/"]);
}

#[test]
fn descriptions() {
    let described = |line: &str| found(line).into_iter().map(|found| found.description).collect::<Vec<_>>();
    assert_eq!(described("call one g"), ["Looks up one key. get(key: String) -> Option<String>"]);
    assert_eq!(described("call one pu"), ["Stores an entry. put(entry: Option<Entry>, kind: Kind, flag: bool)"]);
    assert_eq!(described("describe one E"), ["One entry."]);
    assert_eq!(described("describe kv D")[0], "A desk.");
    assert_eq!(described("call one put entry.k"), ["String What it is found by."]);
    assert_eq!(described("call one put en"), ["Option<Entry>"]);
    assert_eq!(described("call one put kind=P"), ["Nothing special."]);
    assert_eq!(described("pi"), ["Connects, and measures round trips that ask nothing of any service"]);
    assert_eq!(described("--color n"), ["Nowhere"]);
}

/// Names that a shell would take for more than names. Its owner may well have chosen them for that.
#[test]
fn names_that_are_not_harmless() {
    let mut service = Kv::INFO.schema().clone();
    let names = ["$(id)", "-rf", "~root", "=ls", "a b", "\u{1b}[31m", "!!", "@a", "/bin/sh", "ok", "é1"];
    let (method, argument) = (service.methods[0].clone(), service.methods[0].arguments[0].clone());
    service.methods = Vec::new();
    for name in names {
        let mut method = method.clone();
        method.name = name.to_owned();
        method.doc = "\u{1b}]0;\u{7}\tred".to_owned();
        method.arguments =
            names.map(|name| rpc_core::schema::Field { name: name.to_owned(), ..argument.clone() }).to_vec();
        service.methods.push(method);
    }
    let at = |words: &[&str]| {
        let line = Line { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Line::default() };
        candidates(&line, |_| vec![service.clone()])
    };
    let texts = |list: &[Candidate]| list.iter().map(|candidate| candidate.text.clone()).collect::<Vec<_>>();
    let methods = at(&["call", "kv"]);
    assert_eq!(texts(&methods), ["ok", "é1"]);
    assert!(methods[0].description.starts_with("\\u{1b}]0;\\u{7}\\u{9}red"), "{:?}", methods[0]);
    assert_eq!(texts(&at(&["call", "kv", "ok"])), ["ok=", "é1="]);
}

/// Every name that `positional` tells arguments by is one of `args`.
#[test]
fn arguments_are_called_as_they_are_looked_for() {
    let mut root = Args::command();
    root.build();
    let has = |command: &str, name: &str| {
        let command = root.find_subcommand(command).unwrap();
        command.get_positionals().any(|argument| argument.get_id() == name)
    };
    for command in ["ls", "describe", "call", "each", "ping", "stats", "wait"] {
        assert!(has(command, "address"), "{command}");
    }
    assert!(["call", "each"].iter().all(|command| has(command, "method") && has(command, "arguments")));
    assert!(has("describe", "item") && has("man", "directory"));
}

/// A time is a word mostly, and what an option of an option holds has a name.
#[test]
fn times_and_options_of_options() {
    check("call river dam ", &["twice.", "time="]);
    check("call river dam twice.", &["twice.some=", "twice.some."]);
    check("call river dam twice.some=P", &["twice.some=Plain"]);
}
