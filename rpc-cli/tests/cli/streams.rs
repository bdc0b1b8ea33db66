//! `call` for methods with items: those that come are printed, those of stdin are sent.
#[cfg(target_os = "linux")]
use crate::pty::{self, stderr_on_a_terminal};
use crate::run::{Place, Seen, Talk, reading};
use crate::zoo::Gates;
use rpc_core::{
    Context, Error, Handler, Incoming, Limits, Listening, Schema, Server, Service, ServiceInfo, Sink, Source, Stopped,
};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Every way to have items.
#[derive(Service)]
enum Flow<'a> {
    /// Counts.
    #[rpc(stream = u64)]
    Count { to: u64 },
    /// Counts for as long as anybody listens.
    #[rpc(stream = u64)]
    Endless,
    /// Sends an item for each gate that opens.
    #[rpc(stream = String)]
    Watch { gates: Vec<String> },
    /// Sends so many entries, and then tells how many, or why not.
    #[rpc(stream = Entry, returns = Result<u64, Shut>)]
    List { entries: u64, shut: bool },
    /// Panics behind so many items.
    #[rpc(stream = u64)]
    Stumble { behind: u64 },
    /// Sends nothing until its caller has given up.
    #[rpc(stream = u64, returns = String)]
    Silent,
    /// Sends texts of many kinds.
    #[rpc(stream = String)]
    Texts,
    /// So many texts of a megabyte.
    #[rpc(stream = String)]
    Large { count: u64 },
    /// Sends a text, and then something else.
    #[rpc(stream = String)]
    Garble,
    /// Takes entries.
    #[rpc(accepts = Entry, returns = Result<u64, Shut>)]
    Load { name: &'a str },
    /// Takes one item, and needs no more.
    #[rpc(accepts = i64, returns = i64)]
    First,
    /// Takes no notice of its items, and waits until its caller has given up.
    #[rpc(accepts = i64)]
    Ignore,
    /// Sends back the double of each item, and then their sum.
    #[rpc(accepts = i64, stream = i64, returns = i64)]
    Double,
    /// Has none.
    #[rpc(returns = u64)]
    Plain,
}

/// One entry.
#[derive(Debug, Serialize, Deserialize, Schema)]
struct Entry {
    /// What it is found by.
    key: String,
    size: u64,
}

/// Why there is no more.
#[derive(Debug, Serialize, Deserialize, Schema)]
enum Shut {
    /// It is Sunday.
    Sunday,
}

/// Tells what it saw of its callers.
#[derive(Clone, Default)]
struct Spring {
    gates: Gates,
    loaded: Arc<Mutex<Vec<String>>>,
}

impl Spring {
    /// Waits until its caller has given up, and tells.
    fn wait_for_cancel(&self, cx: &Context) {
        self.gates.open("waiting");
        while !cx.is_cancelled() {
            thread::yield_now();
        }
        self.gates.open("cancelled");
    }
}

impl FlowHandler for Spring {
    fn count(&self, _cx: &Context, to: u64, mut out: Sink<u64>) -> Result<(), Stopped> {
        (1..=to).try_for_each(|number| out.send(&number))
    }
    fn endless(&self, cx: &Context, mut out: Sink<u64>) -> Result<(), Stopped> {
        let sent = (0..).try_for_each(|number| out.send(&number));
        self.wait_for_cancel(cx);
        sent
    }
    fn watch(&self, _cx: &Context, gates: Vec<String>, mut out: Sink<String>) -> Result<(), Stopped> {
        gates.iter().try_for_each(|gate| {
            self.gates.pass(gate);
            out.send(gate)
        })
    }
    fn list(
        &self,
        _cx: &Context,
        entries: u64,
        shut: bool,
        mut out: Sink<Entry>,
    ) -> Result<Result<u64, Shut>, Stopped> {
        (0..entries).try_for_each(|size| out.send(&Entry { key: format!("k{size}"), size }))?;
        Ok(if shut { Err(Shut::Sunday) } else { Ok(entries) })
    }
    fn stumble(&self, _cx: &Context, behind: u64, mut out: Sink<u64>) -> Result<(), Stopped> {
        (0..behind).try_for_each(|number| out.send(&number))?;
        // Not through the panic hook: the tests' output stays readable.
        std::panic::resume_unwind(Box::new("a secret"));
    }
    fn silent(&self, cx: &Context, _out: Sink<u64>) -> Result<String, Stopped> {
        self.wait_for_cancel(cx);
        Err(Stopped)
    }
    fn texts(&self, _cx: &Context, mut out: Sink<String>) -> Result<(), Stopped> {
        out.send_all(&["a \"b\"".to_owned(), "\u{1b}[31mred".to_owned()])
    }
    fn large(&self, _cx: &Context, count: u64, mut out: Sink<String>) -> Result<(), Stopped> {
        (0..count).try_for_each(|_| out.send(&"x".repeat(1 << 20)))
    }
    fn garble(&self, _cx: &Context, _out: Sink<String>) -> Result<(), Stopped> {
        Ok(())
    }
    fn load(&self, _cx: &Context, name: &str, input: Source<Entry>) -> Result<Result<u64, Shut>, Stopped> {
        self.gates.open("loading");
        let mut count = 0;
        for entry in input {
            let Ok(entry) = entry else {
                self.gates.open("abandoned");
                return Err(Stopped);
            };
            self.gates.open(&entry.key);
            self.loaded.lock().unwrap().push(format!("{name}/{}", entry.key));
            count += entry.size;
        }
        Ok(if name == "sunday" { Err(Shut::Sunday) } else { Ok(count) })
    }
    fn first(&self, _cx: &Context, mut input: Source<i64>) -> Result<i64, Stopped> {
        input.next().unwrap_or(Ok(-1))
    }
    fn ignore(&self, cx: &Context, _input: Source<i64>) -> Result<(), Stopped> {
        self.wait_for_cancel(cx);
        Ok(())
    }
    fn double(&self, _cx: &Context, input: Source<i64>, mut out: Sink<i64>) -> Result<i64, Stopped> {
        let mut sum = 0;
        for number in input {
            let number = number?;
            out.send(&(number * 2))?;
            sum += number;
        }
        Ok(sum)
    }
    fn plain(&self, _cx: &Context) -> u64 {
        7
    }
}

/// Sends items that no handler would.
struct Dirty<H>(H);

impl<H: Handler> Handler for Dirty<H> {
    fn service(&self) -> &'static ServiceInfo {
        self.0.service()
    }
    fn handle(&self, cx: &Context, call: Incoming<'_>) -> Result<(), Error> {
        if cx.method().name != "garble" {
            return self.0.handle(cx, call);
        }
        call.sink().send(&"whole".to_owned()).unwrap();
        // The length of a text that does not follow.
        call.sink().send(&5u8).unwrap();
        call.end(Ok(()))
    }
}

/// A spring at `./f`.
struct Flowing {
    place: Place,
    spring: Spring,
    server: Listening,
}

impl Flowing {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let (place, spring) = (Place::new(), Spring::default());
        let server = Server::new(Dirty(Flow::serve(spring.clone()))).limits(limits);
        let server = server.listen(place.path("f").to_str().unwrap()).unwrap();
        Self { place, spring, server }
    }

    fn command(&self, args: &[&str]) -> Command {
        self.place.command(&[&["call", "./f"], args].concat())
    }

    fn call(&self, args: &[&str]) -> Seen {
        Seen::of(self.command(args).output().unwrap())
    }

    fn call_reading(&self, args: &[&str], input: &[u8]) -> Seen {
        reading(self.command(args), input)
    }

    fn loaded(&self) -> Vec<String> {
        std::mem::take(&mut self.spring.loaded.lock().unwrap())
    }
}

const ENTRIES: &str = "{\"key\":\"k0\",\"size\":0}\n{\"key\":\"k1\",\"size\":1}\n";

#[test]
fn items_are_lines() {
    let flowing = Flowing::new();
    flowing.call(&["count", "to=3"]).answers("1\n2\n3\n");
    flowing.call(&["count", "to=0"]).answers("");
    flowing.call(&["list", "entries=2", "shut=false"]).answers(ENTRIES);
    let many: String = (1..=20_000).map(|number| format!("{number}\n")).collect();
    flowing.call(&["count", "to=20000"]).answers(&many);
}

/// The second item is not sent before the first is on stdout.
#[test]
fn an_item_is_printed_as_it_comes() {
    let flowing = Flowing::new();
    let mut talk = Talk::with(flowing.command(&["watch", r#"gates:=["a","b"]"#]));
    for gate in ["a", "b"] {
        flowing.spring.gates.open(gate);
        assert_eq!(talk.hear(), format!("\"{gate}\""));
    }
    // Its stdin is still open: nobody reads it.
    talk.end().answers("");
}

#[test]
fn formats_of_items() {
    let flowing = Flowing::new();
    let list = |format: &str| flowing.call(&["list", "entries=2", "shut=false", "-o", format]);
    list("json").answers(ENTRIES);
    list("pretty").answers("{\n  \"key\": \"k0\",\n  \"size\": 0\n}\n{\n  \"key\": \"k1\",\n  \"size\": 1\n}\n");
    list("raw").answers(ENTRIES);
    list("table").answers("KEY  SIZE\nk0   0\nk1   1\n");
    list("hex").answers("026b3000\n026b3101\n");
    list("none").answers("");
    flowing.call(&["texts", "-o", "raw"]).answers("a \"b\"\n\u{1b}[31mred\n");
    flowing.call(&["texts"]).answers("\"a \\\"b\\\"\"\n\"\\u001b[31mred\"\n");
}

#[test]
fn items_as_one_list() {
    let flowing = Flowing::new();
    flowing.call(&["count", "to=3", "--collect"]).answers("[1,2,3]\n");
    flowing.call(&["count", "to=0", "--collect"]).answers("[]\n");
    flowing.call(&["count", "to=2", "--collect", "-o", "pretty"]).answers("[\n  1,\n  2\n]\n");
    flowing.call(&["count", "to=2", "--collect", "-o", "hex"]).answers("01\n02\n");
    flowing.call(&["endless", "--collect", "--take=3"]).answers("[0,1,2]\n");
    // Nothing of one that fails.
    for args in [&["stumble", "behind=2", "--collect"][..], &["stumble", "behind=2", "-otable"]] {
        flowing
            .call(args)
            .fails(8, "error: Flow.stumble: the handler panicked\n  what it said is in the server's own output\n");
    }
    let seen = flowing.call(&["list", "entries=2", "shut=true", "--collect"]);
    seen.fails(1, "error: Flow.list answered an error, Shut: \"Sunday\"\n  It is Sunday.\n");
    let most = "the items have more than 64 MiB (one by one, as JSON, they have no limit)";
    let seen = flowing.call(&["large", "count=65", "--collect"]);
    seen.fails(74, &format!("error: cannot write the output: {most}\n"));
}

#[test]
fn so_many_items_and_no_more() {
    let flowing = Flowing::new();
    flowing.call(&["endless", "--take", "2"]).answers("0\n1\n");
    flowing.spring.gates.pass("cancelled");
    flowing.call(&["count", "to=2", "--take=2"]).answers("1\n2\n");
    flowing.call(&["count", "to=2", "--take=3"]).answers("1\n2\n");
    // What its end would have been is not known, and not asked for.
    flowing.call(&["list", "entries=3", "shut=true", "--take=2"]).answers(ENTRIES);
    flowing.call(&["endless", "-otable", "--take=2"]).answers("VALUE\n0\n1\n");
    let seen = flowing.call(&["endless", "--take=0"]);
    assert_eq!((seen.code, &*seen.out), (2, ""));
}

#[test]
fn what_follows_the_items() {
    let flowing = Flowing::new();
    let list = |args: &[&str]| flowing.call(&[&["list", "entries=2", "shut=false"], args].concat());
    list(&["--summary"]).answers("2\n");
    flowing.call(&["count", "to=2", "--summary"]).answers("null\n");
    let seen = list(&["-v"]);
    assert_eq!((seen.code, &*seen.out), (0, ENTRIES));
    assert!(seen.err.starts_with("summary: 2\nconnect "), "{}", seen.err);
    let seen = flowing.call(&["count", "to=1", "-v"]);
    assert_eq!((seen.code, seen.err.lines().count()), (0, 1), "{}", seen.err);
    // The service's own error is none of the items, and no summary.
    for args in [&[][..], &["--summary"]] {
        let seen = flowing.call(&[&["list", "entries=2", "shut=true"], args].concat());
        let out = if args.is_empty() { ENTRIES } else { "" };
        let told = "error: Flow.list answered an error, Shut: \"Sunday\"\n  It is Sunday.\n";
        assert_eq!((seen.code, &*seen.out, &*seen.err), (1, out, told));
    }
    for args in [["--summary", "--take=1"], ["--summary", "--collect"]] {
        assert_eq!(list(&args).code, 2, "{args:?}");
    }
}

#[test]
fn a_stream_that_breaks_off_has_printed_what_came() {
    let flowing = Flowing::new();
    let seen = flowing.call(&["stumble", "behind=2"]);
    assert_eq!(
        (seen.code, &*seen.out, &*seen.err),
        (8, "0\n1\n", "error: Flow.stumble: the handler panicked\n  what it said is in the server's own output\n")
    );

    let problem = "the server's answer could not be decoded: $: 5 bytes expected, 0 are left";
    for (format, out) in [("json", "\"whole\"\n"), ("raw", "whole\n"), ("hex", "0577686f6c65\n"), ("table", "")] {
        let seen = flowing.call(&["garble", "-o", format]);
        assert_eq!((seen.code, &*seen.out, &*seen.err), (5, out, &*format!("error: Flow.garble: {problem}\n")));
    }

    let mut limits = Limits::default();
    limits.drain_time_max = Duration::ZERO;
    let Flowing { place, spring, server } = Flowing::with(limits);
    let mut talk = Talk::with(place.command(&["call", "./f", "watch", r#"gates:=["a","never"]"#]));
    spring.gates.open("a");
    assert_eq!(talk.hear(), "\"a\"");
    let stopping = thread::spawn(|| Listening::stop(server));
    let seen = talk.end();
    spring.gates.open("never");
    stopping.join().unwrap();
    assert_eq!((seen.code, &*seen.out), (5, ""));
    assert!(seen.err.starts_with("error: Flow.watch: the connection ended: the server has stopped"), "{}", seen.err);
}

#[test]
fn a_deadline_holds_if_it_is_asked_for() {
    let flowing = Flowing::new();
    let mut talk = Talk::with(flowing.command(&["watch", r#"gates:=["now","never"]"#, "--timeout", "300ms"]));
    flowing.spring.gates.open("now");
    assert_eq!(talk.hear(), "\"now\"");
    let seen = talk.end();
    flowing.spring.gates.open("never");
    assert_eq!((seen.code, &*seen.out), (4, ""));
    assert!(seen.err.starts_with("error: Flow.watch: no answer within 300ms"), "{}", seen.err);
    // A handler that ends then does not hide it.
    let seen = flowing.call(&["silent", "--timeout", "300ms"]);
    assert_eq!((seen.code, &*seen.out), (4, ""), "{}", seen.err);
}

#[test]
fn lines_of_stdin_are_items() {
    let flowing = Flowing::new();
    let load = |input: &str| flowing.call_reading(&["load", "name=n"], input.as_bytes());
    load("{\"key\":\"a\",\"size\":1}\n\n{\"size\":2,\"key\":\"b\"}").answers("3\n");
    assert_eq!(flowing.loaded(), ["n/a", "n/b"]);
    load("").answers("0\n");
    flowing.call_reading(&["load", r#"{"name":"n"}"#, "-o", "hex"], ENTRIES.as_bytes()).answers("0001\n");
    let seen = flowing.call_reading(&["load", "name=sunday"], b"");
    seen.fails(1, "error: Flow.load answered an error, Shut: \"Sunday\"\n  It is Sunday.\n");
    let many: String = (0..20_000).map(|size| format!("{{\"key\":\"k\",\"size\":{size}}}\n")).collect();
    load(&many).answers("199990000\n");
}

/// The second line is not written before the handler has the first.
#[test]
fn an_item_is_sent_as_it_comes() {
    let flowing = Flowing::new();
    let mut talk = Talk::with(flowing.command(&["load", "name=n"]));
    flowing.spring.gates.pass("loading");
    for key in ["one", "two"] {
        talk.say(&format!("{{\"key\":\"{key}\",\"size\":1}}"));
        flowing.spring.gates.pass(key);
    }
    talk.finish();
    assert_eq!(talk.hear(), "2");
    talk.end().answers("");
}

#[test]
fn a_wrong_item_cancels_the_call() {
    let flowing = Flowing::new();
    let signature = "  load(name: String, accepts Entry) -> Result<u64, Shut>\n";
    let mut talk = Talk::with(flowing.command(&["load", "name=n"]));
    talk.say("{\"key\":\"one\",\"size\":1}");
    talk.say("");
    flowing.spring.gates.pass("one");
    talk.say("{\"key\":\"two\",\"sise\":1}");
    let told = "error: line 3 of stdin: Flow.load: unknown field `sise` (did you mean `size`?)\n";
    let place = "  {\"key\":\"two\",\"sise\":1}\n               ^^^^^^\n";
    talk.end().fails(2, &format!("{told}{place}{signature}"));
    flowing.spring.gates.pass("abandoned");
    assert_eq!(flowing.loaded(), ["n/one"]);

    let seen = flowing.call_reading(&["load", "name=n", "--errors=json"], b"{\"key\":\"one\"}\n");
    let told: Value = serde_json::from_str(&seen.err).unwrap();
    let told = &told["error"];
    assert_eq!((seen.code, &told["kind"], &told["line"]), (2, &"arguments".into(), &1.into()));
    assert_eq!(told["message"], "Flow.load: missing field `size`");

    let seen = flowing.call_reading(&["double"], b"1\n2 3\n");
    assert_eq!(seen.code, 2);
    assert!(seen.err.starts_with("error: line 2 of stdin: Flow.double: trailing characters\n  2 3\n"), "{}", seen.err);

    // A handler that takes no notice of its input is told all the same.
    flowing.call_reading(&["ignore"], b"x\n");
    flowing.spring.gates.pass("cancelled");
}

#[test]
fn an_early_answer_is_the_answer() {
    let flowing = Flowing::new();
    let mut talk = Talk::with(flowing.command(&["first"]));
    talk.say("7");
    assert_eq!(talk.hear(), "7");
    // Its stdin is still open.
    talk.end().answers("");
}

#[test]
fn items_both_ways() {
    let flowing = Flowing::new();
    let mut talk = Talk::with(flowing.command(&["double", "-v"]));
    for number in 1..=3 {
        talk.say(&number.to_string());
        assert_eq!(talk.hear(), (2 * number).to_string());
    }
    talk.finish();
    let seen = talk.end();
    assert_eq!((seen.code, &*seen.out), (0, ""));
    assert!(seen.err.starts_with("summary: 6\n") && seen.err.ends_with(", 3 bytes out, 4 bytes in\n"), "{}", seen.err);
    flowing.call_reading(&["double", "--summary"], b"1\n2\n").answers("3\n");
    flowing.call_reading(&["double", "--collect"], b"1\n2\n").answers("[2,4]\n");
    let mut talk = Talk::with(flowing.command(&["double", "--take=1"]));
    talk.say("4");
    assert_eq!(talk.hear(), "8");
    talk.end().answers("");
    // More than both windows hold: each side waits for the other.
    let (lines, doubles) = ((0..200_000), (0..200_000));
    let lines: String = lines.map(|number| format!("{number}\n")).collect();
    let doubles: String = doubles.map(|number| format!("{}\n", 2 * number)).collect();
    let mut command = flowing.command(&["double"]);
    let (file, path) = (flowing.place.path("numbers"), flowing.place.path("numbers"));
    std::fs::write(file, lines).unwrap();
    let seen = Seen::of(command.stdin(File::open(path).unwrap()).output().unwrap());
    assert!((seen.code, &*seen.err) == (0, "") && seen.out == doubles, "{} {}", seen.code, seen.err);
}

#[test]
fn stdin_has_items_or_arguments() {
    let flowing = Flowing::new();
    let taken = "stdin has the items; the arguments are written name=value, or as one JSON object that stands alone";
    for args in [["load", "-"], ["load", "name=@-"]] {
        let seen = Talk::with(flowing.command(&args)).end();
        assert_eq!((seen.code, &*seen.out), (2, ""));
        assert!(seen.err.starts_with(&format!("error: Flow.load: {taken}\n")), "{}", seen.err);
    }
    flowing.call_reading(&["count", "-"], b"{\"to\":2}").answers("1\n2\n");
    let seen = Seen::of(flowing.command(&["first"]).stdin(File::open("/").unwrap()).output().unwrap());
    seen.fails(2, "error: cannot read line 1 of stdin: Is a directory (os error 21)\n");
}

#[test]
fn what_a_method_does_not_do_is_refused() {
    let flowing = Flowing::new();
    for (args, signature) in [
        (["plain", "--take=1"], "plain() -> u64"),
        (["plain", "--collect"], "plain() -> u64"),
        (["first", "--summary"], "first(accepts i64) -> i64"),
    ] {
        let told = "sends no items, which --take, --collect and --summary are about";
        flowing.call(&args).fails(2, &format!("error: Flow.{} {told}\n  {signature}\n", args[0]));
    }
    let told = "has items, and `each` calls methods without: `rpc-cli call` sends and prints them";
    for (method, signature) in [
        ("count", "count(to: u64) -> stream u64"),
        ("first", "first(accepts i64) -> i64"),
        ("double", "double(accepts i64) -> stream i64, then i64"),
    ] {
        let seen = Talk::with(flowing.place.command(&["each", "./f", method])).end();
        seen.fails(2, &format!("error: Flow.{method} {told}\n  {signature}\n"));
    }
    let seen = flowing.call(&["plain", "--take=1", "--errors=json"]);
    assert!(seen.err.starts_with("{\"error\":{\"kind\":\"usage\",\"message\":\"Flow.plain sends no"), "{}", seen.err);
}

/// To a reader that stops after the first line.
#[test]
fn a_closed_pipe_ends_quietly() {
    let flowing = Flowing::new();
    let mut child = flowing.command(&["endless"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "0\n");
    Seen::of(child.wait_with_output().unwrap()).answers("");
    flowing.spring.gates.pass("cancelled");
}

#[test]
fn a_signal_cancels_every_kind_of_call() {
    for method in ["silent", "ignore"] {
        for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
            let flowing = Flowing::new();
            let mut talk = Talk::with(flowing.command(&[method]));
            flowing.spring.gates.pass("waiting");
            kill_process(Pid::from_child(&talk.child), signal).unwrap();
            assert_eq!(talk.child.wait().unwrap().signal(), Some(number));
            flowing.spring.gates.pass("cancelled");
        }
    }
}

/// What is on stdout are whole lines, wherever it was interrupted.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_does_not_cut_a_line() {
    let flowing = Flowing::new();
    let mut child = flowing.command(&["large", "count=1000"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::with_capacity(1 << 10, child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line.len(), (1 << 20) + 3);
    // It is in the middle of the second line, and nobody takes the rest until the signal has been heard.
    stdout.read_exact(&mut [0]).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    while !has_thread(child.id(), "end") && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    assert_eq!((rest.len(), rest.last()), ((1 << 20) + 2, Some(&b'\n')));
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

/// It is in the middle of a line that nobody reads. The first signal waits a moment for that, and a second one does not.
#[cfg(target_os = "linux")]
#[test]
fn signals_end_it_though_nobody_reads() {
    let flowing = Flowing::new();
    let ended_by = |second: Option<Signal>| {
        let mut child = flowing.command(&["large", "count=2"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0]).unwrap();
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        if let Some(second) = second {
            // The thread that waits for the line shows that the first one was heard.
            while !has_thread(child.id(), "end") && child.try_wait().unwrap().is_none() {
                thread::yield_now();
            }
            let _ = kill_process(Pid::from_child(&child), second);
        }
        child.wait().unwrap().signal()
    };
    assert_eq!(ended_by(None), Some(2));
    // On a busy machine the moment may be over before the second one comes.
    assert!((0..20).any(|_| ended_by(Some(Signal::TERM)) == Some(15)));
}

#[cfg(target_os = "linux")]
fn has_thread(process: u32, name: &str) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return false };
    let names = threads.flatten().flat_map(|thread| std::fs::read_to_string(thread.path().join("comm")));
    names.into_iter().any(|found| found.trim_end() == name)
}

#[test]
fn what_is_told_of_items() {
    let flowing = Flowing::new();
    let seen = flowing.place.run(&["describe", "./f", "list"]);
    let signature = "list(entries: u64, shut: bool) -> stream Entry, then Result<u64, Shut>";
    let method = format!("/// Sends so many entries, and then tells how many, or why not.\nfn {signature}\n\n");
    assert!(seen.code == 0 && seen.out.starts_with(&method), "{}", seen.out);
    // The types of its items are below.
    assert!(seen.out.contains("\nstruct Entry {\n") && seen.out.contains("\nenum Shut {\n"), "{}", seen.out);
    let seen = flowing.place.run(&["ls", "./f"]);
    for line in [
        "list(entries: u64, shut: bool) -> stream Entry, then Result<u64, Shut>  Sends so many entries, and",
        "double(accepts i64) -> stream i64, then i64             Sends back the double of each item, and",
        "load(name: String, accepts Entry) -> Result<u64, Shut>  Takes entries.\n",
    ] {
        assert!(seen.out.contains(line), "{line}\n{}", seen.out);
    }
    let json = |args: &[&str]| serde_json::from_str::<Value>(&flowing.place.run(args).out).unwrap();
    let double = &json(&["describe", "./f", "double", "--format=json"])["services"][0]["methods"][0];
    assert_eq!([&double["accepts"]["type"], &double["stream"]["type"], &double["returns"]["type"]], ["i64"; 3]);
    assert_eq!(double["shape"], "Duplex");
    let plain = &json(&["describe", "./f", "plain", "--format=json"])["services"][0]["methods"][0];
    assert_eq!([&plain["accepts"], &plain["stream"]], [&Value::Null; 2]);
    let rows = json(&["ls", "./f", "-o", "json"]);
    let first = rows.as_array().unwrap().iter().find(|row| row["method"] == "first").unwrap();
    assert_eq!((&first["shape"], &first["signature"]), (&"Upload".into(), &"first(accepts i64) -> i64".into()));
    let help = flowing.place.run(&["call", "--help"]).out;
    assert!(
        ["--take", "--collect", "--summary", "Methods with items"].iter().all(|word| help.contains(word)),
        "{help}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal() {
    let flowing = Flowing::new();
    let mut command = flowing.command(&["list", "entries=1", "shut=false", "--color=never"]);
    command.stdin(Stdio::null());
    assert_eq!(pty::on_a_terminal(command), "{\n  \"key\": \"k0\",\n  \"size\": 0\n}\nsummary: 1\n");
    // A pipe gets the items alone, and the person sees what follows them.
    let command = flowing.command(&["list", "entries=1", "shut=false", "--color=never"]);
    assert_eq!(stderr_on_a_terminal(command), "summary: 1\n");
    // What a server sends does not act on it.
    let command = flowing.command(&["texts", "-oraw"]);
    assert_eq!(pty::on_a_terminal(command), "a \"b\"\n\\u{1b}[31mred\n");
}
