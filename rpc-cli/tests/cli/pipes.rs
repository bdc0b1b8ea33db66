//! Pipes and stdin.
use crate::run::{Seen, Served};
use std::{
    fs::{self, File},
    io::{BufReader, Read},
    process::Stdio,
};

#[test]
fn arguments_from_stdin() {
    let served = Served::new();
    served.call_reading(&["Zoo.add", "-"], b"{\"a\": 1,\n \"b\": 2}\n").answers("3\n");
    let signature = "  add(a: i64, b: i64) -> Result<i64, MathError>\n";
    let seen = served.call_reading(&["Zoo.add", "-"], b"{\"a\": 1,\n \"b\": x}");
    let place = "   \"b\": x}\n        ^\n";
    seen.fails(
        2,
        &format!("error: Zoo.add: line 2 of stdin: b: expected value (a text has quotes in JSON)\n{place}{signature}"),
    );
    let seen = served.call_reading(&["Zoo.add", "-"], b"\n");
    let told = "stdin is empty, and a JSON object is expected";
    seen.fails(2, &format!("error: Zoo.add: {told}\n{signature}"));
    let seen = served.call_reading(&["Zoo.add", "-"], b"{\xff}");
    seen.fails(2, "error: cannot read the arguments from stdin: it is not valid UTF-8: byte 2 is wrong\n");
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
