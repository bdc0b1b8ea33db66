//! Terminals, pipes and stdin.
use crate::run::{Seen, Served};
use rustix::pty;
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

#[test]
fn arguments_from_stdin() {
    let served = Served::new();
    served.call_reading(&["Zoo.add", "-"], b"{\"a\": 1,\n \"b\": 2}\n").answers("3\n");
    let signature = "  add(a: i64, b: i64) -> Result<i64, MathError>\n";
    let seen = served.call_reading(&["Zoo.add", "-"], b"{\"a\": 1,\n \"b\": \xff}");
    seen.fails(2, &format!("error: Zoo.add: $.b: expected value at line 2 column 7\n{signature}"));
    let seen = served.call_reading(&["Zoo.add", "-"], b"");
    seen.fails(2, &format!("error: Zoo.add: EOF while parsing a value at line 1 column 0\n{signature}"));
}

#[test]
fn stdin_that_cannot_be_read() {
    let served = Served::new();
    let mut command = served.place.command(&["call", "./s", "Zoo.add", "-"]);
    let seen = Seen::of(command.stdin(File::open("/").unwrap()).output().unwrap());
    seen.fails(2, "error: cannot read the arguments from stdin: Is a directory (os error 21)\n");
}

/// The test would never end if stdin were read: nobody closes it.
#[test]
fn stdin_is_left_alone_unless_asked_for() {
    let served = Served::new();
    let mut command = served.place.command(&["call", "./s", "owner"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    Seen::of(child.wait_with_output().unwrap()).answers("null\n");
    drop(stdin);
}

/// More than a pipe holds, to a reader that stops after the first line.
#[test]
fn a_closed_pipe_ends_quietly() {
    let served = Served::new();
    for args in [&["call", "./s", "make", r#"{"size":1000000}"#][..], &["describe", "./s"], &["--help"]] {
        let mut command = served.place.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        Seen::of(child.wait_with_output().unwrap()).answers("");
    }
    let mut command = served.place.command(&["call", "./s", "make", r#"{"size":1000000}"#]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 8];
    BufReader::with_capacity(8, child.stdout.take().unwrap()).read_exact(&mut start).unwrap();
    assert_eq!(&start, b"\"BwcHBwc");
    Seen::of(child.wait_with_output().unwrap()).answers("");
}

#[test]
fn errors_that_nobody_hears_have_their_code() {
    let served = Served::new();
    let mut command = served.place.command(&["call", "./s", "nothing"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(6));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let served = Served::new();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for args in [&["call", "./s", "owner"][..], &["describe", "./s"]] {
        let output = served.place.command(args).stdout(full()).output().unwrap();
        let seen = Seen::of(output);
        seen.fails(74, "error: cannot write the output: No space left on device (os error 28)\n");
    }
}

/// What a terminal gets that is stdout and stderr of the program.
fn on_a_terminal(mut command: Command) -> String {
    let flags = pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY;
    let ours = pty::openpt(flags).unwrap();
    pty::grantpt(&ours).unwrap();
    pty::unlockpt(&ours).unwrap();
    let name = pty::ptsname(&ours, Vec::new()).unwrap();
    let theirs = fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut child = command.stdout(theirs.try_clone().unwrap()).stderr(theirs).spawn().unwrap();
    // It holds the terminal open, which ends with its last holder.
    drop(command);
    let mut seen = String::new();
    for line in BufReader::new(File::from(ours)).lines() {
        // The end of a terminal is an error of the system, and no end of a file.
        let Ok(line) = line else { break };
        seen.push_str(line.trim_end_matches('\r'));
        seen.push('\n');
    }
    child.wait().unwrap();
    seen
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_many_lines_and_nothing_that_acts_on_it() {
    let served = Served::new();
    let run = |args: &[&str]| on_a_terminal(served.place.command(&[&["call", "./s"], args].concat()));
    let entry = r#"{"entry":{"key":"\u001b]0;\u009b\u007f\u202e","tags":["a"],"size":[3,4]}}"#;
    let shown = r#"{
  "key": "\u001b]0;\u009b\u007f\u202e",
  "tags": [
    "a"
  ],
  "size": [
    3,
    4
  ],
  "note": null
}
"#;
    assert_eq!(run(&["put", entry]), shown);
    assert_eq!(run(&["secret"]), "error: Zoo.secret: not allowed: it is \\u{1b}[31msecret\n");
    let piped = served.call(&["put", entry]);
    piped.answers("{\"key\":\"\\u001b]0;\u{9b}\u{7f}\u{202e}\",\"tags\":[\"a\"],\"size\":[3,4],\"note\":null}\n");
}
