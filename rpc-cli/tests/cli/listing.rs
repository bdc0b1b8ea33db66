//! `ls`: the registry, and the methods of one server.
use crate::connecting::{NOBODY, of_nobody, open_to_all};
use crate::fake;
use crate::pty::on_a_terminal_of;
use crate::run::{Place, Seen, Served};
use crate::zoo::{self, Desk, Keeper};
use rpc_core::{Connection, Description, Limits, Listening, Service};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    process::Command,
};

/// A registry in a place of its own; the servers are of this process, and listen there by path.
pub(crate) struct Registry<'a> {
    place: &'a Place,
}

impl<'a> Registry<'a> {
    pub(crate) fn new(place: &'a Place) -> Self {
        fs::create_dir(place.path("rpc")).unwrap();
        fs::set_permissions(place.path("rpc"), fs::Permissions::from_mode(0o700)).unwrap();
        Self { place }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(&format!("rpc/{name}.sock"))
    }

    pub(crate) fn listen(&self, name: &str) -> Listening {
        zoo::server(&Keeper::default()).listen(self.path(name).to_str().unwrap()).unwrap()
    }

    /// Serves one connection with `serve`.
    fn fake(&self, name: &str, serve: impl FnOnce(UnixStream) + Send + 'static) {
        let listener = UnixListener::bind(self.path(name)).unwrap();
        std::thread::spawn(move || serve(listener.accept().unwrap().0));
    }

    fn command(&self, args: &[&str]) -> Command {
        in_registry(self.place, args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        Seen::of(self.command(args).output().unwrap())
    }

    /// What `ls` says to a program.
    fn json(&self, args: &[&str]) -> Vec<Value> {
        let seen = self.run(&[&["ls", "-o", "json"], args].concat());
        assert_eq!((seen.code, &*seen.err), (0, ""));
        serde_json::from_str(&seen.out).unwrap()
    }
}

/// Whether or not there is one.
fn in_registry(place: &Place, args: &[&str]) -> Command {
    let mut command = place.command(args);
    command.env("XDG_RUNTIME_DIR", place.path(""));
    command
}

fn own_uid(place: &Place) -> u32 {
    fs::metadata(place.path("")).unwrap().uid()
}

/// The cells of each row; no cell here but the services has a space.
fn cells(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect()
}

fn read_to_the_end(mut stream: UnixStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn every_state_has_its_word() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let _up = registry.listen("up");
    drop(UnixListener::bind(registry.path("stale")).unwrap());
    let _frozen = UnixListener::bind(registry.path("frozen")).unwrap();
    registry.fake("mute", |mut stream| {
        fake::greet(&mut stream);
        read_to_the_end(stream);
    });
    registry.fake("http", |mut stream| {
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        read_to_the_end(stream);
    });
    registry.fake("rude", drop);
    registry.fake("new", |stream| fake::of_version(stream, 2));
    registry.fake("dying", |mut stream| fake::greet(&mut stream));
    let mut limits = Limits::default();
    limits.connections_max = 1;
    let full = registry.path("full");
    let _full = zoo::server(&Keeper::default()).limits(limits).listen(full.to_str().unwrap()).unwrap();
    let _guest = Connection::connect(full.to_str().unwrap()).unwrap();
    // No server's: files that are no sockets, and sockets that have no name.
    fs::write(registry.path("file"), "").unwrap();
    let _nameless = UnixListener::bind(registry.path("no name")).unwrap();

    let seen = registry.run(&["ls"]);
    assert_eq!((seen.code, &*seen.err), (0, ""));
    let (uid, pid) = (own_uid(&place).to_string(), std::process::id().to_string());
    let socket = |name: &str| registry.path(name).to_str().unwrap().to_owned();
    let schema = zoo::Zoo::INFO.fingerprint().0.wrapping_add(Desk::INFO.fingerprint().0);
    let schema = format!("{schema:016x}")[..8].to_owned();
    let unknown = |name: &str, state: &str| [name, state, "-", &uid, "-", "-", &socket(name)].map(str::to_owned);
    let connected = |name: &str, state: &str| [name, state, &pid, &uid, "-", "-", &socket(name)].map(str::to_owned);
    let rows = [
        ["NAME", "STATE", "PID", "UID", "SERVICES", "SCHEMA", "SOCKET"].map(str::to_owned),
        connected("dying", "broken"),
        connected("frozen", "frozen"),
        unknown("full", "refused"),
        unknown("http", "foreign"),
        connected("mute", "silent"),
        unknown("new", "version"),
        unknown("rude", "foreign"),
        unknown("stale", "stale"),
        ["up", "up", &pid, &uid, "Zoo, Desk", &schema, &socket("up")].map(str::to_owned),
    ];
    assert_eq!(cells(&seen.out), rows);
}

#[test]
fn columns_are_aligned() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let _servers = ["a", "longer.name"].map(|name| registry.listen(name));
    let seen = registry.run(&["ls"]);
    let columns: Vec<_> = seen.out.lines().map(|line| line.find("up").or(line.find("STATE")).unwrap()).collect();
    assert_eq!(columns, ["longer.name  ".len(); 3]);
}

#[test]
fn a_program_gets_everything() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let _up = registry.listen("kv");
    drop(UnixListener::bind(registry.path("old")).unwrap());
    let (zoo, desk) = (zoo::Zoo::INFO.fingerprint(), Desk::INFO.fingerprint());
    let old = registry.path("old");
    let expected = json!([
        {
            "name": "kv",
            "state": "up",
            "pid": std::process::id(),
            "uid": own_uid(&place),
            "services": [
                { "name": "Zoo", "fingerprint": zoo.to_string() },
                { "name": "Desk", "fingerprint": desk.to_string() },
            ],
            "schema": format!("{:016x}", zoo.0.wrapping_add(desk.0)),
            "socket": registry.path("kv"),
            "problem": null,
        },
        {
            "name": "old",
            "state": "stale",
            "pid": null,
            "uid": own_uid(&place),
            "services": null,
            "schema": null,
            "socket": old,
            "problem": "cannot connect to old: nobody listens on the socket (stale: its server has ended?)",
        },
    ]);
    assert_eq!(Value::from(registry.json(&[])), expected);
}

#[test]
fn problems_are_told_on_request() {
    let place = Place::new();
    let registry = Registry::new(&place);
    drop(UnixListener::bind(registry.path("old")).unwrap());
    registry.fake("evil", |mut stream| stream.write_all("\u{1b}[31m".as_bytes()).unwrap());
    let seen = registry.run(&["ls", "-v"]);
    let told = "evil: evil is no rpc server: it answered \"\\\\x1b[31m\"\n\
                old: cannot connect to old: nobody listens on the socket (stale: its server has ended?)\n";
    assert_eq!((seen.code, &*seen.err), (0, told));
}

/// One that is frozen costs its own time, and no other's.
#[test]
fn many_servers_are_asked_at_a_time() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let frozen: Vec<_> =
        (0..60).map(|at| UnixListener::bind(registry.path(&format!("frozen{at:02}"))).unwrap()).collect();
    let servers: Vec<_> = (0..60).map(|at| registry.listen(&format!("up{at:02}"))).collect();
    let start = std::time::Instant::now();
    let entries = registry.json(&["--timeout", "2s"]);
    let states: Vec<_> = entries.iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, [vec!["frozen"; 60], vec!["up"; 60]].concat());
    assert!(entries.iter().map(|entry| entry["name"].as_str()).is_sorted());
    // Two minutes, one after the other.
    assert!(start.elapsed().as_secs() < 7, "it took {:?}", start.elapsed());
    drop((frozen, servers));
}

/// Greeting and telling have one time together.
#[test]
fn a_server_that_greets_late() {
    let place = Place::new();
    let registry = Registry::new(&place);
    registry.fake("late", |mut stream| {
        stream.read_exact(&mut [0; 8]).unwrap();
        // What is waited for here is time itself.
        std::thread::sleep(std::time::Duration::from_millis(1200));
        fake::greet_on(&mut stream);
        read_to_the_end(stream);
    });
    let start = std::time::Instant::now();
    let seen = registry.run(&["ls", "-v", "--timeout", "2s"]);
    assert_eq!(cells(&seen.out)[1][1], "silent");
    assert!(seen.err.starts_with("late: no answer within "), "{}", seen.err);
    assert!(start.elapsed().as_millis() < 2900, "{:?}", start.elapsed());
}

/// So many services with names that are allowed, and docs that act on a terminal.
fn loud(count: usize) -> Description {
    let mut service = Desk::INFO.schema().clone();
    service.methods[0].doc = "one\u{9b}\ntwo".to_owned();
    let named = |at| {
        let mut service = service.clone();
        service.name = format!("Service{at}");
        service
    };
    Description { pid: 1, services: (0..count).map(named).collect() }
}

#[test]
fn hostile_servers_are_harmless() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let mut evil = loud(2);
    evil.services[0].name = "\u{1b}[31mred\n".repeat(1000);
    registry.fake("evil", move |stream| fake::describe(stream, &evil));
    registry.fake("loud", |stream| fake::describe(stream, &loud(500)));
    let seen = registry.run(&["ls", "-v"]);
    let cells = cells(&seen.out);
    assert_eq!((cells[1][1], cells[1][4]), ("broken", "-"));
    assert!(seen.err.starts_with(r"evil: the other side broke the protocol: its schema of \u{1b}[31mred\u{a}\u{1b}"));
    assert!(seen.err.len() < 2000 && !seen.err.contains('\u{1b}'), "{}", seen.err);
    let services = "Service0, Service1, Service2, Service3, Service4, Service5, Serv…";
    assert_eq!((cells[2][1], cells[2][2], cells[2][4]), ("up", "1", services));

    registry.fake("docs", |stream| fake::describe(stream, &loud(1)));
    let shown = "add(entry: Entry)  one\\u{9b}\npaint()            A \\u{1b}[31mred\\u{202e} doc.\n";
    registry.run(&["ls", "docs"]).answers(shown);
}

#[test]
fn an_empty_registry_and_a_missing_one() {
    let place = Place::new();
    let header = "NAME  STATE  PID  UID  SERVICES  SCHEMA  SOCKET\n";
    let run = |args: &[&str]| Seen::of(in_registry(&place, args).output().unwrap());
    run(&["ls"]).answers(header);
    run(&["ls", "-o", "json"]).answers("[]\n");
    // Whoever only looks makes nothing.
    assert!(!place.path("rpc").exists());
    let registry = Registry::new(&place);
    registry.run(&["ls"]).answers(header);
}

#[test]
fn a_registry_that_is_not_to_be_trusted() {
    let place = Place::new();
    let registry = Registry::new(&place);
    let _server = registry.listen("kv");
    fs::set_permissions(place.path("rpc"), fs::Permissions::from_mode(0o777)).unwrap();
    let directory = place.path("rpc");
    let problem = "can be written by others (mode 777), who could replace what is in it";
    let told = format!("error: cannot list the registry: the directory {} {problem}\n", directory.display());
    registry.run(&["ls"]).fails(3, &told);
    fs::remove_dir_all(&directory).unwrap();
    fs::write(&directory, "").unwrap();
    let problem = "is not a directory but a file or a link";
    let told = format!("error: cannot list the registry: the directory {} {problem}\n", directory.display());
    registry.run(&["ls"]).fails(3, &told);
}

/// Sockets of another user. Only root can be two users.
#[test]
fn servers_of_another_user() {
    let open = open_to_all();
    if fs::metadata(open.path()).unwrap().uid() != 0 {
        return;
    }
    let registry = open.path().join("rpc");
    fs::create_dir(&registry).unwrap();
    let listen = |name: &str, mode: u32| {
        let socket = registry.join(name);
        let server = zoo::server(&Keeper::default()).listen(socket.to_str().unwrap()).unwrap();
        fs::set_permissions(&socket, fs::Permissions::from_mode(mode)).unwrap();
        server
    };
    let _servers = [listen("private.sock", 0o600), listen("public.sock", 0o666)];
    fs::set_permissions(&registry, fs::Permissions::from_mode(0o700)).unwrap();
    chown(&registry, Some(NOBODY), None).unwrap();
    let ls = || {
        let mut command = of_nobody(&open);
        Seen::of(command.args(["ls", "-v"]).env("XDG_RUNTIME_DIR", open.path()).output().unwrap())
    };
    let seen = ls();
    let told = "private: cannot connect to private: permission denied (another user's server?)\n\
                public: public refuses this connection: it does not serve this user (its program decides: `Server::allow_user`)\n";
    assert_eq!((seen.code, &*seen.err), (0, told));
    let cells = cells(&seen.out);
    assert_eq!(cells[1][..4], ["private", "refused", "-", "0"]);
    assert_eq!(cells[2][..4], ["public", "refused", "-", "0"]);

    fs::set_permissions(&registry, fs::Permissions::from_mode(0o000)).unwrap();
    let problem = "cannot be used: Permission denied (os error 13)";
    ls().fails(3, &format!("error: cannot list the registry: the directory {} {problem}\n", registry.display()));
}

#[test]
fn the_methods_of_a_server() {
    let served = Served::new();
    let seen = served.place.run(&["ls", "./s"]);
    assert_eq!((seen.code, &*seen.err), (0, ""));
    let has = |line: &str| assert!(seen.out.lines().any(|seen| seen == line), "{line}: {}", seen.out);
    has("Zoo");
    has("  add(a: i64, b: i64) -> Result<i64, MathError>      Adds two integers. Fails on overflow.");
    has("  touch(gate: String) [oneway]                       Tells that it was there.");
    has("Desk");
    has("  paint()            A \\u{1b}[31mred\\u{202e} doc.");
    has("  widths(a: u64, b: i64, c: u128, d: i128, e: f32) -> (u64, i64, u128, i128, f32)  \
         Numbers of every width.");
}

/// A heading would only be in the way.
#[test]
fn the_methods_of_a_lone_service() {
    let place = Place::new();
    let desk = rpc_core::Server::new(Desk::serve(Keeper::default()));
    let _server = desk.listen(place.path("s").to_str().unwrap()).unwrap();
    let shown = "add(entry: Entry)  Adds an entry.\npaint()            A \\u{1b}[31mred\\u{202e} doc.\n";
    place.run(&["ls", "./s"]).answers(shown);
    let rows = json!([
        { "service": "Desk", "method": "add", "signature": "add(entry: Entry)", "doc": "Adds an entry.", "shape": "Unary" },
        { "service": "Desk", "method": "paint", "signature": "paint()", "doc": "A \u{1b}[31mred\u{202e} doc.", "shape": "Unary" },
    ]);
    let seen = place.run(&["ls", "./s", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&seen.out).unwrap(), rows);
}

/// Where signatures and docs are too wide to stand side by side, nothing is broken in the midst of a word.
#[test]
fn the_methods_of_a_server_on_a_narrow_terminal() {
    let served = Served::new();
    let ls = |columns| {
        let mut command = served.place.command(&["ls", "./s"]);
        command.env("NO_COLOR", "1");
        on_a_terminal_of(columns, command)
    };
    let seen = ls(60);
    assert!(seen.lines().all(|line| line.chars().count() <= 60), "{seen}");
    let add = "  add(a: i64, b: i64) -> Result<i64, MathError>\n      Adds two integers. Fails on overflow.\n";
    let widths = "  widths(a: u64, b: i64, c: u128, d: i128, e: f32) -> (u64,\n          \
                  i64, u128, i128, f32)\n      Numbers of every width.\n";
    assert!(seen.contains(add) && seen.contains(widths), "{seen}");
    assert_eq!(ls(1000), served.place.run(&["ls", "./s"]).out, "with room enough as in a pipe");
}

#[test]
fn a_server_that_does_not_tell_its_methods() {
    let place = Place::new();
    let registry = Registry::new(&place);
    registry.fake("mute", |mut stream| {
        fake::greet(&mut stream);
        read_to_the_end(stream);
    });
    let seen = registry.run(&["ls", "mute", "--timeout", "200ms"]);
    seen.fails(4, "error: asking mute what it serves: no answer within 200ms\n");
}
