//! `each`: a call for each line of stdin.
#[cfg(target_os = "linux")]
use crate::pty::stderr_on_a_terminal;
use crate::run::{Place, Seen, Served, Talk, reading};
use crate::zoo::Gates;
use rpc_core::{Context, Limits, Listening, Server, Service};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    sync::{Arc, Barrier, Mutex},
    thread,
    time::{Duration, Instant},
};

/// What is called for every line.
#[derive(Service)]
enum Counter<'a> {
    /// Counts, but not to 13.
    #[rpc(returns = Result<u32, Unlucky>)]
    Count { number: u32 },
    /// The same, once as many calls are here as the meeting has seats.
    #[rpc(returns = Result<u32, Unlucky>, blocking)]
    Meet { number: u32 },
    /// Joins the meeting; then fails if it is unlucky, and else answers when its caller has given up.
    #[rpc(returns = Result<u32, Unlucky>, blocking)]
    Linger { number: u32 },
    /// Waits for a gate.
    #[rpc(returns = String, blocking)]
    Pass { gate: &'a str, prefix: Option<&'a str> },
}

/// Not a number to count.
#[derive(Debug, serde::Serialize, serde::Deserialize, rpc_core::Schema)]
struct Unlucky(u32);

/// Remembers in which order it was called.
#[derive(Clone)]
struct Notes {
    counted: Arc<Mutex<Vec<u32>>>,
    seats: Arc<Barrier>,
    here: Arc<Mutex<(usize, usize)>>,
    gates: Gates,
}

impl CounterHandler for Notes {
    fn count(&self, _cx: &Context, number: u32) -> Result<u32, Unlucky> {
        self.counted.lock().unwrap().push(number);
        if number == 13 { Err(Unlucky(number)) } else { Ok(number) }
    }
    fn meet(&self, cx: &Context, number: u32) -> Result<u32, Unlucky> {
        {
            let mut here = self.here.lock().unwrap();
            here.0 += 1;
            here.1 = here.1.max(here.0);
        }
        self.seats.wait();
        self.here.lock().unwrap().0 -= 1;
        self.count(cx, number)
    }
    fn linger(&self, cx: &Context, number: u32) -> Result<u32, Unlucky> {
        self.seats.wait();
        self.gates.open("lingering");
        while number != 13 && !cx.is_cancelled() {
            thread::yield_now();
        }
        self.gates.open(&format!("cancelled {number}"));
        self.count(cx, number)
    }
    fn pass(&self, _cx: &Context, gate: &str, prefix: Option<&str>) -> String {
        self.gates.open(&format!("at {gate}"));
        self.gates.pass(gate);
        format!("{}{gate}", prefix.unwrap_or_default())
    }
}

/// A counter at `./c`.
struct Counting {
    place: Place,
    notes: Notes,
    server: Listening,
}

impl Counting {
    /// Meetings have so many seats.
    fn new(seats: usize) -> Self {
        Self::with(seats, Limits::default())
    }

    fn with(seats: usize, limits: Limits) -> Self {
        let place = Place::new();
        let notes = Notes {
            counted: Arc::default(),
            seats: Arc::new(Barrier::new(seats)),
            here: Arc::default(),
            gates: Gates::default(),
        };
        let server = Server::new(Counter::serve(notes.clone())).limits(limits);
        let server = server.listen(place.path("c").to_str().unwrap()).unwrap();
        Self { place, notes, server }
    }

    fn command(&self, args: &[&str]) -> Command {
        self.place.command(&[&["each", "./c"], args].concat())
    }

    fn each(&self, args: &[&str], input: &[u8]) -> Seen {
        reading(self.command(args), input)
    }

    fn counted(&self) -> Vec<u32> {
        std::mem::take(&mut self.notes.counted.lock().unwrap())
    }
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> (String, String) {
    let lines = |line: fn(u32) -> String| range.clone().map(line).collect();
    (lines(|number| format!("{{\"number\":{number}}}\n")), lines(|number| format!("{number}\n")))
}

#[test]
fn answers_are_lines_in_the_order_of_stdin() {
    let counting = Counting::new(1);
    let (lines, answers) = numbers(100..=1500);
    for jobs in [&[][..], &["-j", "1"], &["-j7"], &["--jobs=1000"]] {
        counting.each(&[&["count"], jobs].concat(), lines.as_bytes()).answers(&answers);
        let counted = counting.counted();
        assert!(counted.iter().copied().eq(100..=1500), "{jobs:?}: {counted:?}");
    }
    counting.each(&["count"], b"").answers("");
    // Of blank lines nothing comes, and the last line needs no end.
    counting.each(&["count"], b"\n \r\n{\"number\": 1}\r\n\n\t\n2").answers("1\n2\n");
}

/// The producer waits for each answer before it writes the next line.
#[test]
fn a_line_is_called_as_it_comes() {
    let counting = Counting::new(1);
    for jobs in ["-j1", "-j8"] {
        let mut talk = Talk::with(counting.command(&["count", jobs]));
        for number in ["1", "2", "3"] {
            talk.say(number);
            assert_eq!(talk.hear(), number);
        }
        talk.finish();
        talk.end().answers("");
    }
}

/// A meeting needs three calls, and so many of them show if there ever are more.
#[test]
fn so_many_calls_are_under_way() {
    let counting = Counting::new(3);
    let (lines, answers) = numbers(101..=700);
    counting.each(&["meet", "-j", "3"], lines.as_bytes()).answers(&answers);
    assert_eq!(counting.notes.here.lock().unwrap().1, 3);
    let alone = Counting::new(1);
    alone.each(&["meet"], lines.as_bytes()).answers(&answers);
    assert_eq!(alone.notes.here.lock().unwrap().1, 1);
    assert!(alone.counted().into_iter().eq(101..=700));
}

/// A call goes out while another one is waited for, and waits for it with its answer.
#[test]
fn an_answer_waits_for_those_before_it() {
    let counting = Counting::new(1);
    let mut talk = Talk::with(counting.command(&["pass", "-j3", "prefix=the "]));
    talk.say(r#""first""#);
    counting.notes.gates.pass("at first");
    let start = Instant::now();
    talk.say(r#""second""#);
    counting.notes.gates.pass("at second");
    // A thread that reads looks up after 5 s, and would find it then, too.
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    counting.notes.gates.open("second");
    counting.notes.gates.open("first");
    assert_eq!([talk.hear(), talk.hear()], [r#""the first""#, r#""the second""#]);
    talk.finish();
    talk.end().answers("");
}

#[test]
fn lines_and_words_together() {
    let served = Served::new();
    let each = |args: &[&str], input: &str| {
        reading(served.place.command(&[&["each", "./s"], args].concat()), input.as_bytes())
    };
    each(&["Zoo.add"], "{\"a\":1,\"b\":2}\n{\"b\":4,\"a\":3}\n").answers("3\n7\n");
    each(&["Zoo.add", "b=10"], "{\"a\":1}\n2\n\"3\"\n").answers("11\n12\n13\n");
    each(&["echo"], "\"war\"\n{\"text\":\"peace\"}\n").answers("\"war\"\n\"peace\"\n");
    each(&["echo", "text=same"], "{}\n{}\n").answers("\"same\"\n\"same\"\n");
    each(&["kinds"], "[\"Plain\",{\"Number\":5}]\n[]\n").answers("[\"Plain\",{\"Number\":5}]\n[]\n");
    each(&["put", "entry.key=k", "entry.tags[]=t", "entry.size:=[1,2]"], "{\"owner\":\"me\"}\n\"me\"\nnull\n")
        .answers(&"{\"key\":\"k\",\"tags\":[\"t\"],\"size\":[1,2],\"note\":null}\n".repeat(3));
    each(&["touch"], "\"gate 1\"\n\"gate 2\"\n").answers("");
    served.keeper.0.pass("gate 2");

    let add = "  add(a: i64, b: i64) -> Result<i64, MathError>\n";
    let told = "error: line 1 of stdin: Zoo.add: ";
    let seen = each(&["Zoo.add", "b=10"], "{\"a\":1, \"b\":2}\n");
    seen.fails(2, &format!("{told}argument `b` is given twice\n  {{\"a\":1, \"b\":2}}\n          ^^^\n{add}"));
    let seen = each(&["Zoo.add", "b=10"], "{\"c\":1}\n");
    seen.fails(2, &format!("{told}unknown argument `c`, expected `a`, `b`\n  {{\"c\":1}}\n   ^^^\n{add}"));
    each(&["Zoo.add"], "{\"a\":1}\n").fails(2, &format!("{told}missing argument `b`\n{add}"));
    let seen = each(&["Zoo.add"], "1\n");
    let expected = "invalid type: integer `1`, expected an object with the arguments `a`, `b`";
    seen.fails(2, &format!("{told}{expected}\n  1\n  ^\n{add}"));
    let seen = each(&["Zoo.add", "b=1"], "\"x\"\n");
    assert!(seen.err.starts_with(&format!("{told}a: ")) && seen.err.contains("\n  \"x\"\n  ^^^\n"), "{}", seen.err);
}

/// Nobody writes to stdin, and nobody closes it: what is wrong with the words is no line's fault.
#[test]
fn words_are_checked_before_lines() {
    let served = Served::new();
    let told = |args: &[&str]| Talk::with(served.place.command(&[&["each", "./s", "Zoo.add"], args].concat())).end();
    let add = "  add(a: i64, b: i64) -> Result<i64, MathError>\n";
    let seen = told(&["c=1"]);
    seen.fails(2, &format!("error: Zoo.add: unknown argument `c`, expected `a`, `b`\n  c=1\n  ^\n{add}"));
    let seen = told(&["b=x"]);
    assert_eq!((seen.code, &*seen.out), (2, ""));
    assert!(seen.err.starts_with("error: Zoo.add: b: ") && seen.err.contains("\n  b=x\n    ^\n"), "{}", seen.err);
    let lines = "stdin has a line for each call; an argument that is the same for all of them is written name=value";
    for word in ["-", "{}", "a=@-"] {
        let seen = told(&[word]);
        assert_eq!((seen.code, &*seen.out), (2, ""));
        assert!(seen.err.starts_with(&format!("error: Zoo.add: {lines}\n")), "{}", seen.err);
    }
}

#[test]
fn a_call_that_fails_is_the_last() {
    let counting = Counting::new(1);
    let failed = "error: line 3 of stdin: Counter.count answered an error, Unlucky: 13\n";
    for jobs in [&[][..], &["--timeout", "none"], &["-j1", "-o", "json"]] {
        let seen = counting.each(&[&["count"], jobs].concat(), b"1\n2\n13\n4\n");
        assert_eq!((seen.code, &*seen.out, &*seen.err), (1, "1\n2\n", failed));
        assert_eq!(counting.counted(), [1, 2, 13]);
    }
    // It need not wait for the end of stdin.
    let mut talk = Talk::with(counting.command(&["count"]));
    talk.say("13");
    talk.end().fails(1, "error: line 1 of stdin: Counter.count answered an error, Unlucky: 13\n");
}

#[test]
fn a_wrong_line_is_the_last() {
    let counting = Counting::new(1);
    let signature = "  count(number: u32) -> Result<u32, Unlucky>\n";
    for jobs in ["-j1", "-j4"] {
        let seen = counting.each(&["count", jobs], b"1\n\n{\"number\": true}\n4\n");
        let place = "  {\"number\": true}\n             ^^^^\n";
        assert_eq!((seen.code, &*seen.out), (2, "1\n"));
        assert!(seen.err.starts_with("error: line 3 of stdin: Counter.count: number: "), "{}", seen.err);
        assert!(seen.err.ends_with(&format!("\n{place}{signature}")), "{}", seen.err);
        assert_eq!(counting.counted(), [1]);
    }
    let seen = counting.each(&["count"], b"{\"number\":\n1}\n");
    let told = "EOF while parsing a value (a value is one line; `jq -c` makes it so)";
    let place = "  {\"number\":\n           ^\n";
    seen.fails(2, &format!("error: line 1 of stdin: Counter.count: number: {told}\n{place}{signature}"));
    let seen = counting.each(&["count"], b"1\n\xff\n");
    let told = "error: line 2 of stdin: Counter.count: it is not valid UTF-8: byte 1 is wrong\n";
    assert_eq!((seen.code, &*seen.out, &*seen.err), (2, "1\n", &*format!("{told}{signature}")));
    let seen = counting.each(&["count"], b"1 2\n");
    assert_eq!((seen.code, counting.counted()), (2, vec![1]), "{}", seen.err);
}

/// All of them are at the meeting when the first one fails.
#[test]
fn what_was_under_way_is_told_and_cancelled() {
    let failed = "error: line 1 of stdin: Counter.linger answered an error, Unlucky: 13\n";
    for (seats, told) in [(2, "the call of line 2 was"), (3, "the calls of lines 2 to 3 were")] {
        let counting = Counting::new(seats);
        let mut talk = Talk::with(counting.command(&["linger", &format!("-j{seats}")]));
        ["13", "2", "3"].into_iter().take(seats).for_each(|number| talk.say(number));
        talk.end().fails(1, &format!("{failed}  {told} under way: cancelled, and what became of it is unknown\n"));
        counting.notes.gates.pass(&format!("cancelled {seats}"));
    }
    let counting = Counting::new(2);
    let mut talk = Talk::with(counting.command(&["linger", "-j2", "--errors=json"]));
    ["13", "2"].into_iter().for_each(|number| talk.say(number));
    let seen = talk.end();
    assert!(seen.err.ends_with("\"line\":1,\"last_line_under_way\":2}}\n"), "{}", seen.err);
}

#[test]
fn after_a_failure_it_goes_on_if_told_so() {
    let counting = Counting::new(1);
    for (flag, jobs) in [("-k", "-j1"), ("--keep-going", "-j3")] {
        let seen = counting.each(&["count", flag, jobs, "--errors=json"], b"1\n13\n\"x\"\n4\n13\n\n7");
        assert_eq!((seen.code, &*seen.out), (1, "1\n4\n7\n"));
        let told: Vec<serde_json::Value> = seen.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told =
            told.iter().map(|told| (told["error"]["kind"].as_str().unwrap(), told["error"]["line"].as_u64().unwrap()));
        assert_eq!(told.collect::<Vec<_>>(), [("service", 2), ("arguments", 3), ("service", 5)]);
        assert_eq!(counting.counted(), [1, 13, 4, 13, 7]);
    }
    // The code of the first.
    let seen = counting.each(&["count", "-k"], b"x\n13\n");
    assert_eq!(
        (seen.code, &*seen.out, seen.err.lines().filter(|line| line.starts_with("error: ")).count()),
        (2, "", 2)
    );
}

/// stdin stays open, and still it ends.
#[test]
fn without_a_connection_it_does_not_go_on() {
    let mut limits = Limits::default();
    limits.drain_time_max = Duration::ZERO;
    let Counting { place, notes, server } = Counting::with(1, limits);
    let mut talk = Talk::with(place.command(&["each", "./c", "pass", "-k", "prefix=null"]));
    talk.say("\"a\"");
    notes.gates.pass("at a");
    let stopping = thread::spawn(|| Listening::stop(server));
    let seen = talk.end();
    notes.gates.open("a");
    stopping.join().unwrap();
    assert_eq!((seen.code, &*seen.out), (5, ""));
    assert!(
        seen.err.starts_with("error: line 1 of stdin: the connection ended: the server has stopped"),
        "{}",
        seen.err
    );
}

#[test]
fn errors_for_programs() {
    let counting = Counting::new(1);
    let seen = counting.each(&["count", "--errors=json"], b"1\n13\n");
    let told = r#"{"error":{"kind":"service","type":"Unlucky","value":13,"method":"Counter.count","line":2}}"#;
    assert_eq!((seen.code, &*seen.out, &*seen.err), (1, "1\n", &*format!("{told}\n")));
}

#[test]
fn formats_of_answers() {
    let served = Served::new();
    let each = |args: &[&str], input: &str| {
        reading(served.place.command(&[&["each", "./s"], args].concat()), input.as_bytes())
    };
    each(&["echo", "-o", "raw"], "\"a b\"\n\"c\"\n").answers("a b\nc\n");
    each(&["echo", "-ohex"], "\"a\"\n\"b\"\n").answers("0161\n0162\n");
    each(&["echo", "-o=none"], "\"a\"\n").answers("");
    let widths = r#"{"a":18446744073709551615,"b":1,"c":1,"d":1,"e":0.5}"#;
    each(&["widths", "--big-ints=string"], widths).answers("[\"18446744073709551615\",1,\"1\",\"1\",0.5]\n");
    let seen = served.place.run(&["each", "./s", "echo", "-o", "pretty"]);
    assert_eq!((seen.code, &*seen.out), (2, ""));
}

#[test]
fn it_tells_how_long_it_took() {
    let counting = Counting::new(1);
    let seen = counting.each(&["count", "-v"], b"1\n2\n3\n");
    assert_eq!((seen.code, &*seen.out, seen.err.lines().count()), (0, "1\n2\n3\n", 1));
    assert!(seen.err.contains(", 3 calls ") && seen.err.ends_with(", 3 bytes out, 6 bytes in\n"), "{}", seen.err);
}

/// To a reader that stops after the first line, from a producer that never does.
#[test]
fn a_closed_pipe_ends_quietly() {
    let counting = Counting::new(1);
    let mut command = counting.command(&["count", "-j4"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let producer = thread::spawn(move || while stdin.write_all(b"1\n").is_ok() {});
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    Seen::of(child.wait_with_output().unwrap()).answers("");
    producer.join().unwrap();
}

#[test]
fn stdin_that_cannot_be_read() {
    let counting = Counting::new(1);
    let seen = Seen::of(counting.command(&["count", "-k"]).stdin(File::open("/").unwrap()).output().unwrap());
    seen.fails(2, "error: cannot read line 1 of stdin: Is a directory (os error 21)\n");
}

#[test]
fn a_signal_ends_it_and_cancels_its_calls() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        let counting = Counting::new(2);
        let mut talk = Talk::with(counting.command(&["linger", "-j2"]));
        talk.say("1");
        talk.say("2");
        counting.notes.gates.pass("lingering");
        kill_process(Pid::from_child(&talk.child), signal).unwrap();
        assert_eq!(talk.child.wait().unwrap().signal(), Some(number));
        counting.notes.gates.pass("cancelled 1");
        counting.notes.gates.pass("cancelled 2");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_sees_how_far_it_is() {
    let counting = Counting::new(1);
    fs::write(counting.place.path("lines"), "1\n13\n3\n").unwrap();
    let lines = || File::open(counting.place.path("lines")).unwrap();
    let mut command = counting.command(&["count", "-k"]);
    command.stdin(lines());
    let seen = stderr_on_a_terminal(command);
    let first = "\r[######                  ]  28 %  1 call, ";
    assert!(seen.starts_with(first) && seen.contains("/s\u{1b}[K\r\u{1b}[K\u{1b}[1m\u{1b}[31merror:"), "{seen:?}");
    assert!(seen.contains(" line 2 of stdin: Counter.count answered"), "{seen:?}");
    // The last line is erased, or nothing was drawn since the error.
    assert!(seen.ends_with("\r\u{1b}[K\n") || seen.ends_with("13\n"), "{seen:?}");
    // Nothing of it where stderr is no terminal, or where a program reads it.
    let mut command = counting.command(&["count", "-k", "--errors=json"]);
    command.stdin(lines());
    assert_eq!(stderr_on_a_terminal(command).lines().count(), 1);
}
