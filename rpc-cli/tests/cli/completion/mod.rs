//! The Tab key.
//!
//! - Here: what the scripts ask. `shells`: the scripts themselves, in real shells. `prompt`: a shell on a terminal.
#[cfg(target_os = "linux")]
mod prompt;
#[cfg(target_os = "linux")]
mod shells;

use crate::run::{Place, Seen, Served};
use rpc_core::{Context, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write,
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

/// What zsh is told at the end of `words`. A shell never sees more of it than that: no error, on no line.
#[track_caller]
fn ask(place: &Place, words: &[&str]) -> String {
    let seen = place.run(&[&["__complete", "zsh", "--"], words].concat());
    assert_eq!((seen.code, &*seen.err), (0, ""));
    seen.out
}

/// The candidates alone.
#[track_caller]
fn texts(place: &Place, words: &[&str]) -> Vec<String> {
    ask(place, words).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

/// Whether this holds soon. A busy machine has no answer ready when 80 ms are over, and then there is none.
fn soon(holds: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if holds() {
            return true;
        }
    }
    false
}

#[track_caller]
fn check(place: &Place, words: &[&str], expected: &[&str]) {
    assert!(soon(|| texts(place, words) == expected), "{words:?}: {:?}, not {expected:?}", texts(place, words));
}

/// With descriptions.
#[track_caller]
fn check_lines(place: &Place, words: &[&str], expected: &str) {
    assert!(soon(|| ask(place, words) == expected), "{words:?}: {:?}, not {expected:?}", ask(place, words));
}

#[test]
fn a_live_server_tells() {
    let served = Served::new();
    check(&served.place, &["call", "./s", "e"], &["echo"]);
    check(&served.place, &["call", "./s", "Desk."], &["Desk.add", "Desk.paint"]);
    check(&served.place, &["--errors", "json", "call", "--timeout", "1s", "./s", "own"], &["owner"]);
    check(&served.place, &["call", "./s", "put", ""], &["entry.", "owner="]);
    check(
        &served.place,
        &["call", "./s", "put", "entry."],
        &["entry.key=", "entry.tags[]=", "entry.size:=", "entry.note="],
    );
    check(&served.place, &["describe", "./s", "M"], &["MathError"]);
    let owner = "owner\tThe owner of the last `put`; nobody here. owner(of: Option<String>) -> Option<S…\n";
    check_lines(&served.place, &["call", "./s", "o"], owner);
    check_lines(&served.place, &["call", "./s", "pan"], "panic\tPanics. panic()\n");
    check_lines(&served.place, &["describe", "./s", "pai"], "paint\tA \\u{1b}[31mred\\u{202e} doc. paint()\n");
}

#[test]
fn a_server_that_is_gone_has_told_before() {
    for teach in [&["call", "./s", "owner"][..], &["describe", "./s"], &["ls", "./s"]] {
        let served = Served::new();
        assert_eq!(served.place.run(teach).code, 0);
        let Served { place, server, .. } = served;
        drop(server);
        assert_eq!(place.run(teach).code, 3);
        check(&place, &["call", "./s", "e"], &["echo"]);
        let path = place.path("s");
        check(&place, &["call", path.to_str().unwrap(), "e"], &["echo"]);
        fs::remove_dir_all(place.path("cache")).unwrap();
        check(&place, &["call", "./s", "e"], &[]);
    }
}

#[test]
fn completion_itself_keeps_what_a_server_told() {
    let Served { place, server, .. } = Served::new();
    check(&place, &["call", "./s", "e"], &["echo"]);
    drop(server);
    check(&place, &["call", "./s", "e"], &["echo"]);
}

#[test]
fn a_server_that_is_silent_has_told_before() {
    let Served { place, server, .. } = Served::new();
    assert_eq!(place.run(&["describe", "./s"]).code, 0);
    drop(server);
    let _frozen = UnixListener::bind(place.path("s")).unwrap();
    check(&place, &["call", "./s", "e"], &["echo"]);
}

#[test]
fn where_there_is_nothing_nothing_is_told() {
    let place = Place::new();
    for words in [
        &["call", "./s", ""][..],
        &["call", "nobody", ""],
        &["call", "exec:touch ran", ""],
        &["call", "no address", ""],
        &["call", ":", ""],
        &["call", "./s", "get", ""],
        &["call", "./s", "get", "a="],
        &["nonsense", ""],
        &["call", "./s", "\u{1b}"],
    ] {
        assert_eq!(ask(&place, words), "", "{words:?}");
    }
    let mut without_home = place.command(&["__complete", "zsh", "--", "call", "./s", ""]);
    Seen::of(without_home.env_clear().output().unwrap()).answers("");
    assert!(!place.path("ran").exists());
}

#[test]
fn bytes_that_are_no_text_harm_nobody() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let place = Place::new();
    let mut command = place.command(&["__complete", "zsh", "--", "call"]);
    Seen::of(command.arg(OsStr::from_bytes(b"./\xff")).arg("").output().unwrap()).answers("");
}

#[test]
fn addresses() {
    let served = Served::new();
    let place = &served.place;
    let registry = place.path("rpc");
    fs::create_dir(&registry).unwrap();
    let _names = ["kv.sock", "calc.sock"].map(|name| UnixListener::bind(registry.join(name)).unwrap());
    let ask = |word: &str, address: &str| {
        let mut command = place.command(&["__complete", "zsh", "--", "ping", word]);
        command.env("XDG_RUNTIME_DIR", place.path("")).env("RPC_ADDR", address);
        Seen::of(command.output().unwrap()).out
    };
    assert!(soon(|| ask("", "./\u{1b}s") == "calc\nkv\n:\t$RPC_ADDR, ./\\u{1b}s\n"));
    assert!(soon(|| ask("", "") == "calc\nkv\n"));
    assert!(soon(|| ask("k", "./s") == "kv\n"));
    assert!(soon(|| ask(".", "") == "./\n../\n"));
    assert!(soon(|| ask("./", "") == "./rpc/\n./s\n"));
    let root = place.path("");
    let root = root.to_str().unwrap();
    assert!(soon(|| ask(&format!("{root}rp"), "") == format!("{root}rpc/\n")));
}

#[test]
fn the_address_of_the_environment() {
    let served = Served::new();
    let ask = || {
        let mut command = served.place.command(&["__complete", "zsh", "--", "call", ":", "e"]);
        Seen::of(command.env("RPC_ADDR", "./s").output().unwrap()).out
    };
    assert!(soon(|| ask().starts_with("echo\t")));
}

/// Whatever a server does, the prompt is back soon: far sooner than asserted here, on a machine with time to spare.
#[test]
fn servers_that_do_not_answer() {
    let place = Place::new();
    let timed = |what: &str| {
        let start = Instant::now();
        assert_eq!(ask(&place, &["call", "./s", ""]), "", "{what}");
        println!("{what}: {:?}", start.elapsed());
        // That it ends in 80 ms is the business of `deadline`; here it is to end at all.
        assert!(start.elapsed() < Duration::from_secs(10), "{what}: {:?}", start.elapsed());
        fs::remove_file(place.path("s")).unwrap();
    };
    let frozen = UnixListener::bind(place.path("s")).unwrap();
    timed("frozen");
    drop(frozen);
    #[cfg(target_os = "linux")]
    {
        let crowded = crowd(&place.path("s"));
        timed("full backlog");
        drop(crowded);
    }
    for (what, bytes) in
        [("garbage", &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]), ("hangs up", b""), ("endless", &[0x52; 1 << 20])]
    {
        let listener = UnixListener::bind(place.path("s")).unwrap();
        // Not joined: on a busy machine the program may have given up before it connected.
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The other side does not listen for long.
            let _ = stream.write_all(bytes);
        });
        timed(what);
    }
}

/// As a home directory in a network may: like a pipe that nobody writes to.
#[cfg(target_os = "linux")]
#[test]
fn a_cache_that_hangs() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let Served { place, server, .. } = Served::new();
    assert_eq!(place.run(&["describe", "./s"]).code, 0);
    drop(server);
    let known = fs::read_dir(place.path("cache/rpc-cli/addresses")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&known).unwrap();
    mknodat(CWD, &known, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let start = Instant::now();
    assert_eq!(ask(&place, &["call", "./s", ""]), "");
    println!("hanging cache: {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

/// A listener whose backlog is full.
#[cfg(target_os = "linux")]
fn crowd(path: &std::path::Path) -> impl Drop + use<> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

    let socket = || {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap()
    };
    let address = SocketAddrUnix::new(path).unwrap();
    let mut sockets = vec![socket()];
    rustix::net::bind(&sockets[0], &address).unwrap();
    rustix::net::listen(&sockets[0], 0).unwrap();
    loop {
        let socket = socket();
        let connected = rustix::net::connect(&socket, &address);
        sockets.push(socket);
        if connected.is_err() {
            return sockets.into_iter();
        }
    }
}

/// A service that was made to harm whoever presses Tab.
#[derive(Service)]
enum Trap {
    #[doc = "\u{1b}]0;title\u{7}`id`\u{202e}\n$(touch ran)"]
    #[rpc(returns = ())]
    Step { snare: Snare, bait: Bait },
}

#[derive(Debug, Serialize, Deserialize, Schema)]
struct Snare {
    #[serde(rename = "$(touch${IFS}ran)")]
    dollar: u8,
    #[serde(rename = "a;touch${IFS}ran")]
    semicolon: u8,
    #[serde(rename = "a=@/etc/passwd")]
    file: u8,
    #[serde(rename = "a.b")]
    dot: u8,
    plain: u8,
}

#[derive(Debug, Serialize, Deserialize, Schema)]
enum Bait {
    #[serde(rename = "`touch${IFS}ran`")]
    Ticks,
    #[serde(rename = ">ran")]
    Redirected,
    #[serde(rename = "@/etc/passwd")]
    File,
    Plain,
}

struct Trapper;

impl TrapHandler for Trapper {
    fn step(&self, _cx: &Context, _snare: Snare, _bait: Bait) {}
}

#[test]
fn a_hostile_schema() {
    let place = Place::new();
    let _server = Server::new(Trap::serve(Trapper)).listen(place.path("s").to_str().unwrap()).unwrap();
    let step = "step\t\\u{1b}]0;title\\u{7}`id`\\u{202e} step(snare: Snare, bait: Bait)\n";
    check_lines(&place, &["call", "./s", ""], step);
    check(&place, &["call", "./s", "step", "snare."], &["snare.plain="]);
    check(&place, &["call", "./s", "step", "bait="], &["bait=Plain"]);
}
