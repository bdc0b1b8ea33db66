//! Servers that start: before their callers, after them, and where another one lives.
use super::{KV, TIME_MAX, start, start_at};
use examples::kv::{Entry, Kv, StoreError};
use rpc_core::{Connect, Connection};
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::sync::mpsc;

#[test]
fn a_daemon_and_its_command_line() {
    let server = start(KV);
    let run = |words: &[&str]| {
        let output = Command::new(KV).args(["--at", server.address()]).args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
    };
    assert_eq!(run(&["set", "a", "1"]), (0, String::new()));
    assert_eq!(run(&["get", "a"]), (0, "1\n".to_owned()));
    assert_eq!(run(&["get", "b"]), (1, "kv: no such key\n".to_owned()));
    assert_eq!(run(&["set", "", "1"]), (1, "kv: a key has at least one character\n".to_owned()));
    // What is one-way is sent before its caller ends, though nothing answers it.
    assert_eq!(run(&["touch", "a"]), (0, String::new()));

    let kv = Kv::connect(server.address()).unwrap();
    kv.touch("a").unwrap();
    assert_eq!(kv.set("", "1").unwrap(), Err(StoreError::EmptyKey));
    let entry = Entry { key: "a".to_owned(), value: "1".to_owned(), visits: 2 };
    assert_eq!(kv.list("a").unwrap(), [entry]);
    assert_eq!(run(&["list"]), (0, "a\t1\t2\n".to_owned()));
    server.stop().unwrap();
}

#[test]
fn a_client_waits_for_a_server_that_is_not_there_yet() {
    let directory = tempfile::tempdir().unwrap();
    let address = directory.path().join("socket").to_str().unwrap().to_owned();
    let (send, recv) = mpsc::channel();
    let connect = Connect::new(&address).wait().timeout(TIME_MAX);
    assert!(Connection::connect(&address).unwrap_err().to_string().contains("no such socket"));
    let client = std::thread::spawn(move || {
        send.send(()).unwrap();
        connect.connect()
    });
    recv.recv().unwrap();
    let server = start_at(&address, KV);
    let kv = Kv::client(client.join().unwrap().unwrap());
    assert_eq!(kv.get("a").unwrap(), None);
    server.stop().unwrap();
}

#[test]
fn a_second_server_says_that_one_lives_there_and_leaves_it_alone() {
    let first = start(KV);
    let address = first.address();
    let connection = Connection::connect(address).unwrap();
    let file = std::fs::metadata(address).unwrap();

    let second = Command::new(KV).arg("serve").arg(address).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(second.stdout, b"", "it never says that it listens");
    let why = format!("kv: cannot listen on {}: a server is already running there\n", address);
    assert_eq!(String::from_utf8(second.stderr).unwrap(), why);

    assert_eq!(std::fs::metadata(address).unwrap().ino(), file.ino(), "the socket is the first one's");
    let again = Connection::connect(address).unwrap();
    assert_eq!(again.instance(), connection.instance());
    Kv::client(connection).get("a").unwrap();
    first.stop().unwrap();
}
