//! `messages`: what comes, in which order, and from whom.
use super::{Place, TIME_MAX};
use rustix::process::{getgid, getuid};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

const MESSAGES: &str = env!("CARGO_BIN_EXE_messages");

/// A process that prints what it is told.
struct Reader {
    process: Child,
    lines: mpsc::Receiver<String>,
    address: String,
}

impl Reader {
    fn start(address: &str) -> Self {
        let mut process = Command::new(MESSAGES).args(["serve", address]).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().try_for_each(|line| send.send(line.unwrap())));
        let mut reader = Self { process, lines, address: String::new() };
        reader.address = reader.line().strip_prefix("listening on ").unwrap().to_owned();
        reader
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(TIME_MAX).expect("another line")
    }

    /// Sends messages from another process, and gives its id.
    fn is_told(&self, args: &[&str]) -> u32 {
        let mut sender = self.sender(args).spawn().unwrap();
        assert!(sender.wait().unwrap().success());
        sender.id()
    }

    fn sender(&self, args: &[&str]) -> Command {
        let mut sender = Command::new(MESSAGES);
        sender.arg("send").arg(&self.address).args(args);
        sender
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn four_messages_come_in_order_with_their_senders_credentials() {
    let place = Place::new();
    let reader = Reader::start(&place.address());
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    for _ in 0..2 {
        let sender = reader.is_told(&[]);
        for text in ["one", "two", "three", "and that was all"] {
            assert_eq!(reader.line(), format!("  process {sender}, user {user}, group {group}: {text}"));
        }
    }
}

#[test]
fn an_open_file_comes_with_its_senders_credentials() {
    let place = Place::new();
    let reader = Reader::start(&place.address());
    let enclosed = place.socket().with_file_name("note");
    fs::write(&enclosed, "first\nsecond\n").unwrap();
    let sender = reader.is_told(&["look here", "--enclose", enclosed.to_str().unwrap()]);
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    for line in ["look here", "first"] {
        assert_eq!(reader.line(), format!("  process {sender}, user {user}, group {group}: {line}"));
    }
    // What cannot be read to an end keeps nobody, and the next message comes.
    reader.is_told(&["--enclose", "/dev/zero", "x"]);
    assert!(reader.line().ends_with(": x"));
    assert!(reader.line().ends_with(": a file that cannot be read: it is no regular file"));
}

#[test]
fn over_tcp_no_file_is_sent() {
    let reader = Reader::start("tcp:127.0.0.1:0");
    let refused = reader.sender(&["x", "--enclose", "/dev/null"]).output().unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(
        told.contains("Letterbox.enclose: ") && told.contains("only local sockets of Unix systems carry them"),
        "{told}"
    );
    assert_eq!(reader.line(), "  somebody: x");
}

#[test]
fn over_tcp_nobody_knows_the_sender() {
    let reader = Reader::start("tcp:127.0.0.1:0");
    reader.is_told(&["here I am"]);
    assert_eq!(reader.line(), "  somebody: here I am");
}

#[test]
fn both_in_one_program() {
    let output = Command::new(MESSAGES).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    let texts: Vec<_> = printed.lines().skip(1).map(|line| line.split_once(": ").unwrap().1).collect();
    let note = "and this stood in a file that came open";
    assert_eq!(texts, ["one", "two", "three", "and that was all", note]);
    let told = format!("  process {}, ", printed.split(' ').nth(1).unwrap());
    assert!(!printed.contains(&told), "the sender is another process: {printed}");
}
