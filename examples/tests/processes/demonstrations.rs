//! The programs that the README tells people to run first.
use std::process::Command;
use std::time::{Duration, Instant};

const README: &str = include_str!("../../../README.md");

/// What a program prints when it succeeds.
fn printed(program: &str) -> String {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn books_come_back_over_both_ways() {
    let printed = printed(env!("CARGO_BIN_EXE_books"));
    let lines: Vec<_> = printed.lines().collect();
    let [local @ .., _, _, _, _, _] = &lines[..] else { panic!("{printed}") };
    let tcp = &lines[local.len()..];
    assert!(local[0].starts_with("Over a local socket, from process "), "{printed}");
    assert!(tcp[0].starts_with("Over TCP, from process ") && tcp[0].contains(" at tcp:127.0.0.1:"), "{printed}");
    let expected = [
        "  War and Peace, by Leo Tolstoy, 1869",
        "  Pride and Prejudice, by Jane Austen, 1813",
        "  The Sound and the Fury, by William Faulkner, 1929",
        "  and the server has ended cleanly",
    ];
    assert_eq!([&local[1..], &tcp[1..]], [expected, expected]);
    assert!(README.contains(&expected.join("\n")), "the README shows something else");
}

/// One after the other they would take three seconds.
#[test]
fn three_callers_at_once_take_one_second() {
    let printed = printed(env!("CARGO_BIN_EXE_successor"));
    let lines: Vec<_> = printed.lines().skip(1).collect();
    for (line, way) in lines.iter().zip(["on three connections:", "on one connection:", "from one thread:"]) {
        let (told, time) = line.trim_start().rsplit_once(" in ").unwrap();
        assert!(told.starts_with(way) && told.ends_with(" a -> b, b -> c, c -> d"), "{line}");
        let time = Duration::from_secs_f64(time.strip_suffix(" s").unwrap().parse().unwrap());
        assert!(time >= Duration::from_secs(1) && time < Duration::from_secs(2), "{line}");
    }
    assert_eq!(lines.len(), 3, "{printed}");
}

#[test]
fn a_child_that_is_told_to_end_finishes_what_it_can() {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_graceful")).output().unwrap();
    // A second of work, and then half a second; a server that nobody limits would wait for ten.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    let lines: Vec<_> = printed.lines().collect();
    let finished = [
        "A child that may finish its work",
        "  2 squared: 4",
        "  3 squared: 9",
        "  4 squared: 16",
        "  5 squared: Worker.square: the server is shutting down",
        "  the child has ended cleanly",
        "A child that may not",
    ];
    let (may, may_not) = lines.split_at_checked(finished.len()).unwrap();
    assert_eq!(may, finished);
    let [cut @ .., _five, ended] = may_not else { panic!("{printed}") };
    assert_eq!(cut.len(), 3);
    for line in cut {
        assert!(line.ends_with("(whether the call ran is unknown)"), "{line}");
    }
    assert_eq!(*ended, "  the server ended with exit status: 1");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "graceful: 3 calls were still running, and were cut\n",
        "the child says it"
    );
}
