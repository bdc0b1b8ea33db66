//! Calls that end without a result: each kind with its code.
use crate::run::{Seen, Served};
use rpc_core::{Limits, Listening};
use std::{process::Stdio, time::Duration};

#[test]
fn the_methods_own_error() {
    let served = Served::new();
    let seen = served.call(&["Zoo.add", r#"{"a":9223372036854775807,"b":1}"#]);
    seen.fails(
        1,
        "error: Zoo.add answered an error, MathError: {\"Overflow\":{\"by\":1}}\n  The sum has more than 64 bits.\n",
    );
    let seen = served.call(&["check", r#"{"complaint":"too \u009b31m red\n"}"#]);
    seen.fails(1, "error: Zoo.check answered an error, String: \"too \\u{9b}31m red\\n\"\n");
}

#[test]
fn unknown_and_ambiguous_methods() {
    let served = Served::new();
    let known = "  there is Zoo.add, Zoo.put, Zoo.owner, Zoo.bytes, Zoo.widths, Zoo.maps, Zoo.echo, Zoo.kinds, Zoo.check, \
                 Zoo.divide, Zoo.make, Zoo.touch, Zoo.touch_apart, Zoo.wait, Zoo.wait_apart, Zoo.wait_briefly, … and 8 more\n";
    for (name, suggestion) in [
        ("ecoh", " (did you mean `echo`?)"),
        ("Zoo.ecoh", " (did you mean `Zoo.echo`?)"),
        ("Zo.echo", " (did you mean `Zoo.echo`?)"),
        ("Desk.echo", ""),
        ("colour", ""),
        ("", ""),
    ] {
        let known = if suggestion.is_empty() { known } else { "" };
        served.call(&[name]).fails(6, &format!("error: there is no method `{name}`{suggestion}\n{known}"));
    }
    let seen = served.call(&["Desk", "paint"]);
    seen.fails(
        6,
        "error: `Desk` is a service; METHOD is one word, such as Desk.add\n  there is Desk.add and Desk.paint\n",
    );
    served.call(&["add"]).fails(6, "error: `add` is ambiguous\n  write Zoo.add or Desk.add\n");
}

#[test]
fn no_answer_in_time() {
    let served = Served::new();
    let seen = served.call(&["wait", r#"{"gate":"never"}"#, "--timeout", "1000ms"]);
    seen.fails(4, "error: Zoo.wait: no answer within 1s (whether the call ran is unknown)\n");
    let seen = served.call(&["wait_briefly", r#"{"gate":"never"}"#]);
    seen.fails(4, "error: Zoo.wait_briefly: no answer within 1s (whether the call ran is unknown)\n");
    served.keeper.0.open("never");
}

#[test]
fn the_server_goes_away_during_the_call() {
    let mut limits = Limits::default();
    limits.drain_time_max = Duration::ZERO;
    let Served { place, keeper, server } = Served::with(limits);
    let mut command = place.command(&["call", "./s", "wait_apart", r#"{"gate":"end"}"#]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    keeper.0.pass("at end");
    let stopping = std::thread::spawn(|| Listening::stop(server));
    let seen = Seen::of(child.wait_with_output().unwrap());
    keeper.0.open("end");
    seen.fails(5, "error: Zoo.wait_apart: the connection ended: the server has stopped, and waited no longer for calls in flight (whether the call ran is unknown)\n");
    stopping.join().unwrap();
}

/// Nothing of the part that could be read is on stdout.
#[test]
fn answers_that_break_off() {
    let served = Served::new();
    let problem = "the server's answer could not be decoded";
    served.call(&["garble"]).fails(5, &format!("error: Zoo.garble: {problem}: $[1]: 1 bytes expected, 0 are left\n"));
    let seen = served.call(&["neither"]);
    seen.fails(5, &format!("error: Zoo.neither: {problem}: $: there is no variant 7, but 2 variants\n"));
}

#[test]
fn refusals() {
    let served = Served::new();
    served.call(&["secret"]).fails(7, "error: Zoo.secret: not allowed: it is \\u{1b}[31msecret\n");
    served.call(&["make", r#"{"size":5000000}"#]).fails(
        7,
        "error: Zoo.make: a reply of 5000005 bytes, but the caller takes 4194304 (its `Limits::frame_bytes_max`)\n",
    );
}

#[test]
fn too_much_at_a_time() {
    let mut limits = Limits::default();
    limits.jobs_max = 1;
    let served = Served::with(limits);
    let client = served.client();
    std::thread::scope(|scope| {
        scope.spawn(|| client.wait_apart("room").unwrap());
        served.keeper.0.pass("at room");
        let seen = served.call(&["wait_apart", r#"{"gate":"room"}"#]);
        served.keeper.0.open("room");
        seen.fails(7, "error: Zoo.wait_apart: the server is overloaded; try again later\n");
    });
}

#[test]
fn handlers_that_fail() {
    let served = Served::new();
    served
        .call(&["panic"])
        .fails(8, "error: Zoo.panic: the handler panicked\n  what it said is in the server's own output\n");
    served.call(&["stumble"]).fails(8, "error: Zoo.stumble: the handler gave no answer: the handler failed\n");
}

#[test]
fn wrong_usage() {
    let served = Served::new();
    for (args, line) in [
        (&["frobnicate"][..], "error: unrecognized subcommand 'frobnicate'"),
        (&["call", "./s"], "error: the following required arguments were not provided:"),
        (
            &["call", "owner", "a=1"],
            "error: invalid value 'a=1' for '<METHOD>': an argument stands here; METHOD, one word such as \
             Service.method, goes between ADDR and it",
        ),
        (
            &["call", "./s", "a\u{202e}b=1"],
            "error: invalid value 'a\\u{202e}b=1' for '<METHOD>': an argument \
             stands here; METHOD, one word such as Service.method, goes between ADDR and it",
        ),
        (&["describe", "./s", "owner", "{}"], "error: unexpected argument '{}' found"),
        (
            &["call", "./s", "owner", "--timeout", "30"],
            "error: invalid value '30' for '--timeout <TIME>': \
             expected a time above zero such as 500ms, 2s, 10m or 1h, or none",
        ),
    ] {
        let seen = served.place.run(args);
        assert_eq!((seen.code, &*seen.out, seen.err.lines().next()), (2, "", Some(line)));
    }
}

/// As other programs would have it.
#[test]
fn an_argument_with_dashes() {
    let tip = "tip: an argument of a method has no dashes: id=..";
    for args in [["call", "./s", "owner", "--id=1"], ["each", "./s", "owner", "--id=1"]] {
        let seen = Served::new().place.run(&args);
        assert!(seen.code == 2 && seen.err.contains(tip), "{}", seen.err);
    }
    assert!(!Served::new().place.run(&["ls", "./s", "--id=1"]).err.contains("dashes"));
}

#[test]
fn the_last_of_an_option_wins() {
    Served::new().call(&["echo", "text=a", "-o", "json", "-o", "raw", "--timeout=1s", "--timeout=2s"]).answers("a\n");
}

/// A script must not take half a page for a whole one.
#[test]
fn help_that_cannot_be_written() {
    for word in ["--help", "--version"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let seen = Seen::of(Served::new().place.command(&[word]).stdout(full).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(seen.code, 74);
        assert!(seen.err.starts_with("error: cannot write the output: "), "{}", seen.err);
    }
}

#[test]
fn help_lists_the_codes() {
    let served = Served::new();
    let codes = "\
Exit codes:
    0  done
    1  the method answered an error of its own
    2  wrong usage, or arguments that do not fit the method
    3  cannot connect: nobody is there, or this user may not
    4  no answer in time
    5  the server died, broke the protocol, or is no rpc server
    6  no such service, method or type, or the server's version differs
    7  refused: overloaded, not allowed, shutting down, or an answer that is too large
    8  the handler panicked, or gave no answer
   74  the output cannot be written
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)
";
    for args in [&["--help"][..], &["call", "--help"], &["describe", "--help"]] {
        let seen = served.place.run(args);
        assert_eq!((seen.code, &*seen.err), (0, ""));
        assert!(seen.out.ends_with(codes), "{}", seen.out);
    }
}
