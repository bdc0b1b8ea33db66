//! `tail`: lines as they come, and every way in which following a file ends.
use super::{TIME_MAX, start};
use examples::tail::{Tail, TailClient, TailError};
use rpc_core::fixture::TestServer;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

const TAIL: &str = env!("CARGO_BIN_EXE_tail");

/// A server, and a file that it can follow.
struct Scene {
    server: TestServer,
}

impl Scene {
    fn new(content: &str) -> Self {
        let scene = Self { server: start(TAIL) };
        fs::write(scene.file(), content).unwrap();
        scene
    }

    fn file(&self) -> PathBuf {
        self.server.directory().join("log")
    }

    fn append(&self, text: &str) {
        OpenOptions::new().append(true).open(self.file()).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn client(&self) -> TailClient {
        Tail::connect(self.server.address()).unwrap()
    }

    fn follow(&self, options: &[&str]) -> Follower {
        let mut command = Command::new(TAIL);
        command.args(["--at", self.server.address(), "follow"]).arg(self.file()).args(options);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().try_for_each(|line| send.send(line.unwrap())));
        Follower { child, lines }
    }

    /// Waits until that many handlers follow a file.
    fn wait_for(&self, followers: u64) {
        let (client, start) = (self.client(), Instant::now());
        while client.followers().unwrap() != followers {
            assert!(start.elapsed() < TIME_MAX, "not {followers} handlers, but {}", client.followers().unwrap());
            thread::yield_now();
        }
    }
}

/// A process that prints lines.
struct Follower {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Follower {
    fn line(&self) -> String {
        self.lines.recv_timeout(TIME_MAX).expect("another line")
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// How it ended, what else it printed, and what it said of that.
    fn end(mut self) -> (ExitStatus, Vec<String>, String) {
        let (mut printed, mut said) = (Vec::new(), String::new());
        loop {
            match self.lines.recv_timeout(TIME_MAX) {
                Ok(line) => printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end"),
            }
        }
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), printed, said)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_come_as_they_are_added_until_a_signal() {
    let scene = Scene::new("one\ntwo\nthr");
    let follower = scene.follow(&[]);
    assert_eq!([follower.line(), follower.line()], ["one", "two"]);
    scene.wait_for(1);
    scene.append("ee\nfour\n");
    assert_eq!([follower.line(), follower.line()], ["three", "four"], "a line is sent when it is whole");

    // Not SIGINT: whatever a script starts in the background ignores it, and so would the follower.
    follower.signal(Signal::TERM);
    let (status, printed, said) = follower.end();
    assert_eq!((status.signal(), printed, said), (Some(Signal::TERM.as_raw()), vec![], String::new()));
    scene.wait_for(0);
    scene.server.stop().unwrap();
}

#[test]
fn whoever_has_enough_lines_ends_the_handler() {
    let scene = Scene::new("one\ntwo\nthree\n");
    let (status, printed, said) = scene.follow(&["--lines", "2"]).end();
    assert!(status.success(), "{said}");
    assert_eq!(printed, ["one", "two"]);
    scene.wait_for(0);

    // The same in a process that goes on: dropping the stream is all that it takes.
    let client = scene.client();
    let mut lines = client.follow(scene.file().to_str().unwrap(), Some(4));
    let second = lines.recv().unwrap().unwrap();
    assert_eq!((second.text.as_str(), second.end), ("two", 8));
    scene.wait_for(1);
    drop(lines);
    scene.wait_for(0);
    assert_eq!(client.followers().unwrap(), 0, "its connection lives");
}

#[test]
fn a_server_that_stops_does_not_wait_for_followers() {
    let scene = Scene::new("one\n");
    let follower = scene.follow(&[]);
    assert_eq!(follower.line(), "one");
    // It says by its status whether it had to cut anybody off.
    scene.server.stop().unwrap();
    let (status, _, said) = follower.end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert_eq!(said, "tail: the server stops; the next line will begin at byte 4\n");
}

#[test]
fn a_killed_server_is_told_and_the_next_one_goes_on_from_there() {
    let mut scene = Scene::new("one\ntwo\n");
    let follower = scene.follow(&[]);
    assert_eq!([follower.line(), follower.line()], ["one", "two"]);
    scene.server.kill().unwrap();
    let (status, printed, said) = follower.end();
    assert_eq!((status.code(), printed), (Some(1), vec![]), "it does not end quietly: {said}");
    assert!(said.ends_with("the server closed it (the call ran); to go on: --from 8\n"), "{said}");

    scene.server.restart().unwrap();
    scene.append("three\n");
    assert_eq!(scene.follow(&["--from", "8", "--lines", "1"]).end().1, ["three"]);
}

#[test]
fn a_new_file_at_the_path_is_followed_and_the_old_ones_last_lines_come_first() {
    let scene = Scene::new("one\n");
    let follower = scene.follow(&["--lines", "4"]);
    assert_eq!(follower.line(), "one");
    let mut old = OpenOptions::new().append(true).open(scene.file()).unwrap();
    fs::rename(scene.file(), scene.server.directory().join("log.1")).unwrap();
    // Nothing is at the path now, and whoever still has the old file open may write to it.
    old.write_all(b"two\n").unwrap();
    assert_eq!(follower.line(), "two");
    old.write_all(b"three\n").unwrap();
    fs::write(scene.file(), "anew\n").unwrap();
    assert_eq!([follower.line(), follower.line()], ["three", "anew"]);
    let (status, _, said) = follower.end();
    assert!(status.success());
    assert_eq!(said, "tail: the file was replaced or truncated: from its beginning\n");
}

#[test]
fn a_truncated_file_is_told() {
    let scene = Scene::new("one\ntwo\n");
    let follower = scene.follow(&["--lines", "3"]);
    assert_eq!([follower.line(), follower.line()], ["one", "two"]);
    File::create(scene.file()).unwrap().write_all(b"1\n").unwrap();
    assert_eq!(follower.line(), "1");
    let (status, _, said) = follower.end();
    assert!(status.success());
    assert_eq!(said, "tail: the file was replaced or truncated: from its beginning\n");

    // The service itself only says so: what to do is its caller's business.
    let mut beyond = scene.client().follow(scene.file().to_str().unwrap(), Some(100));
    assert!(beyond.recv().is_none());
    assert_eq!(beyond.finish().unwrap(), Err(TailError::Replaced { after: 100 }));
}

#[test]
fn what_cannot_be_followed_says_why() {
    let scene = Scene::new("");
    fs::remove_file(scene.file()).unwrap();
    let (status, printed, said) = scene.follow(&[]).end();
    assert_eq!((status.code(), printed), (Some(1), vec![]));
    let why = format!("tail: cannot read {}: No such file or directory (os error 2)\n", scene.file().display());
    assert_eq!(said, why);

    fs::write(scene.file(), "short\n".to_owned() + &"x".repeat(2 << 20)).unwrap();
    let mut long = scene.client().follow(scene.file().to_str().unwrap(), None);
    assert_eq!(long.items().map(|line| line.unwrap().text).collect::<Vec<_>>(), ["short"]);
    assert_eq!(long.finish().unwrap(), Err(TailError::LongLine { at: 6, bytes_max: 1 << 20 }));
}
