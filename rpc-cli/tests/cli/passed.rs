//! Servers that are no place: a descriptor that the shell passes down, a command that is started.
use crate::run::{Place, Seen};
use crate::zoo::{self, Keeper};
use std::{
    env,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::Command,
};

/// The address of this program as a server that is started.
fn command() -> String {
    format!("exec:{} --exact passed::serves_its_stdin --ignored", env::current_exe().unwrap().display())
}

#[test]
#[ignore = "the server of the tests here"]
fn serves_its_stdin() {
    // Where somebody runs it by hand there is no socket.
    let Ok(server) = zoo::server(&Keeper::default()).listen("fd:0") else { return };
    server.run().unwrap();
}

/// Its output is no result: it goes to stderr.
#[track_caller]
fn answers(seen: &Seen, out: &str) {
    assert_eq!((seen.code, &*seen.out), (0, out), "{seen:?}");
    assert!(seen.err.contains("running 1 test"), "{seen:?}");
}

#[test]
fn a_command_is_called() {
    let place = Place::new();
    let address = command();
    answers(&place.run(&["call", &address, "echo", "text=a"]), "\"a\"\n");
    let seen = place.run(&["ls", &address]);
    assert!(seen.code == 0 && seen.out.contains("echo("), "{seen:?}");
    assert_eq!(place.run(&["wait", &address]).code, 0);
    // What it serves is remembered, and a key that is pressed starts nothing.
    let asked = place.run(&["__complete", "zsh", "--", "call", &address, "ech"]);
    assert!(asked.out.contains("echo") && asked.err.is_empty(), "{asked:?}");
}

#[test]
fn a_command_that_cannot_be_started() {
    let place = Place::new();
    let told = "cannot connect to exec:./none a: the command cannot be started: No such file or directory (os error 2)";
    for command in ["ls", "wait"] {
        place.run(&[command, "exec:./none a"]).fails(3, &format!("error: {told}\n"));
    }
    let seen = place.run(&["call", "exec:./none a", "echo", "--errors=json"]);
    assert!(seen.err.contains(r#""problem":"command""#), "{seen:?}");
    // One that ends at once is started once.
    let seen = place.run(&["wait", "exec:sh -c 'echo x >> started'"]);
    assert_eq!((seen.code, std::fs::read_to_string(place.path("started")).unwrap().as_str()), (5, "x\n"), "{seen:?}");
}

#[test]
fn a_descriptor_of_the_shell_is_called() {
    let place = Place::new();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut server = Command::new(env::current_exe().unwrap())
        .args(["--exact", "passed::serves_its_stdin", "--ignored"])
        .stdin(OwnedFd::from(theirs))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let script = "exec \"$0\" call fd:3 echo text=a 3<&0 </dev/null";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_rpc-cli")]).stdin(OwnedFd::from(ours)).current_dir(place.path(""));
    Seen::of(shell.output().unwrap()).answers("\"a\"\n");
    drop(shell);
    assert!(server.wait().unwrap().success(), "it ended with its connection");

    place.run(&["call", "fd:9", "echo"]).fails(
        3,
        "error: cannot connect to fd:9: no such descriptor is open: nothing was passed down as that number\n",
    );
    place
        .run(&["call", "fd:0", "echo"])
        .fails(3, "error: cannot connect to fd:0: it is a terminal or another device, not a socket\n");
}
