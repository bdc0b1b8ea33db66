//! Whose servers are called, and with which token.
use crate::connecting::{NOBODY, open_to_all};
use crate::run::{Place, Seen, Talk, program};
use crate::zoo::{self, Keeper};
use rpc_core::{Listening, Token};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::{env, io};

/// Tells the process of another user where to serve.
const SOCKET: &str = "RPC_CLI_TEST_SOCKET";

const SECRET: &str = "canary-5f0c7d1f9a3b2c4e";

fn told(args: &[&str], directory: &Path) -> Seen {
    Seen::of(program(env!("CARGO_BIN_EXE_rpc-cli")).args(args).current_dir(directory).output().unwrap())
}

/// Whoever listens first is not believed. Only root can be two users.
#[test]
fn another_users_server_is_called_only_if_its_user_is_named() {
    let open = open_to_all();
    if fs::metadata(open.path()).unwrap().uid() != 0 {
        eprintln!("SKIPPED: only root can be two users");
        return;
    }
    fs::set_permissions(open.path(), Permissions::from_mode(0o1777)).unwrap();
    let copy = open.path().join("tests");
    // By another process, as for `of_nobody`.
    assert!(Command::new("cp").arg(env::current_exe().unwrap()).arg(&copy).status().unwrap().success());
    let mut command = Command::new(&copy);
    command.args(["--exact", "trust::serves", "--ignored", "--nocapture"]).uid(NOBODY).gid(NOBODY);
    let mut server = Talk::with({
        command.env(SOCKET, open.path().join("s"));
        command
    });
    while !server.hear().contains("ready") {}

    for args in [&["call", "./s", "owner"][..], &["ping", "./s"], &["wait", "./s"], &["ls", "./s"]] {
        told(args, open.path()).fails(
            3,
            "error: cannot connect to ./s: its server is user 65534's, who is neither you nor root, and may be posing as it \
             (if that is the right one: --allow-user 65534)\n",
        );
    }
    let seen = told(&["call", "./s", "owner", "--errors=json"], open.path());
    assert!(seen.err.contains(r#""problem":"stranger""#), "{}", seen.err);
    assert_eq!(told(&["ping", "./s", "--allow-user", "1"], open.path()).code, 3);
    for user in ["65534", "any"] {
        assert_eq!(told(&["--allow-user", user, "call", "./s", "owner"], open.path()).code, 0, "{user}");
        assert_eq!(told(&["wait", "./s", "--allow-user", user], open.path()).code, 0, "{user}");
    }
    let seen = told(&["ping", "./s", "--allow-user", "me"], open.path());
    assert!(seen.code == 2 && seen.err.contains("a user is a number"), "{seen:?}");
    server.finish();
    server.end();
}

#[test]
#[ignore = "the other user's part of another_users_server_is_called_only_if_its_user_is_named"]
fn serves() {
    let Ok(socket) = env::var(SOCKET) else { return };
    let _server = zoo::server(&Keeper::default()).allow_anyone().listen(&socket).unwrap();
    println!("ready");
    let _ = io::read_to_string(io::stdin());
}

/// A server over TCP that asks for a token, and files with tokens.
struct Guarded {
    place: Place,
    server: Listening,
}

impl Guarded {
    fn new() -> Self {
        let place = Place::new();
        let server = zoo::server(&Keeper::default()).token(Token::new(SECRET).unwrap());
        let guarded = Self { place, server: server.listen("tcp:127.0.0.1:0").unwrap() };
        guarded.file("right", SECRET, 0o600);
        guarded.file("wrong", "canary-but-another-one", 0o600);
        guarded.file("open", SECRET, 0o644);
        guarded
    }

    fn file(&self, name: &str, secret: &str, mode: u32) {
        fs::write(self.place.path(name), format!("{secret}\n")).unwrap();
        fs::set_permissions(self.place.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn address(&self) -> String {
        self.server.addresses()[0].to_string()
    }

    /// Calls with these options; the variable names this file.
    fn call(&self, options: &[&str], variable: Option<&str>) -> Seen {
        let mut command = self.place.command(&[&["call", &self.address(), "owner"], options].concat());
        command.env_remove("RPC_TOKEN_FILE").envs(variable.map(|file| ("RPC_TOKEN_FILE", file)));
        let seen = Seen::of(command.output().unwrap());
        assert!(!format!("{seen:?}").contains("canary"), "no secret is ever shown: {seen:?}");
        seen
    }
}

#[test]
fn a_token_is_read_from_a_file() {
    let guarded = Guarded::new();
    let right = ["--token-file", "right"];
    assert_eq!(guarded.call(&right, None).code, 0);
    assert_eq!(guarded.call(&[], Some("right")).code, 0);
    assert_eq!(guarded.call(&right, Some("wrong")).code, 0, "the option goes before the variable");
    let refused = |why: &str| format!("error: {} refuses this connection: {why}\n", guarded.address());
    guarded.call(&["--token-file", "wrong"], None).fails(7, &refused("its token is not this program's"));
    let missing = refused("it asks for a token, and this program has none (--token-file)");
    guarded.call(&[], None).fails(7, &missing);
    guarded.call(&[], Some("")).fails(7, &missing);
    guarded
        .call(&["--token-file", "open"], None)
        .fails(2, "error: open: every user can read this token (mode 0644): chmod 600 it, and make a new token\n");
    guarded
        .call(&["--token-file", "none"], None)
        .fails(2, "error: cannot read the token in none: No such file or directory (os error 2)\n");
}

#[test]
fn a_server_that_does_not_know_the_token_is_not_called() {
    let guarded = Guarded::new();
    let open = zoo::server(&Keeper::default()).listen("tcp:127.0.0.1:0").unwrap();
    let address = open.addresses()[0].to_string();
    let seen = guarded.place.run(&["call", &address, "owner", "--token-file", "right"]);
    seen.fails(
        3,
        &format!(
            "error: cannot connect to {address}: the server does not prove that it knows the token \
             (another program, or a server without one?)\n"
        ),
    );
}

/// A token that is broken keeps nobody from what needs none.
#[test]
fn local_servers_need_no_token() {
    let place = Place::new();
    let _server = zoo::server(&Keeper::default()).listen(place.path("s").to_str().unwrap()).unwrap();
    assert_eq!(place.run(&["call", "./s", "owner", "--token-file", "none"]).code, 0);
}
