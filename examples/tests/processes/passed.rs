//! Servers that are given their socket: by whoever starts them as a command, or by systemd's protocol.
use super::{KV, Place};
use examples::kv::Kv;
use rpc_core::{Connect, Connection, Error, Outcome};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take to end after its connection has.
const GRACE: Duration = Duration::from_secs(2);

fn is_alive(pid: &str) -> bool {
    // A zombie is alive to kill(2): it must have been reaped.
    test_kill_process(Pid::from_raw(pid.trim().parse().unwrap()).unwrap()).is_ok()
}

#[test]
fn a_command_is_called_like_a_server_and_ends_with_its_connection() {
    let place = Place::new();
    let (pid, status) = (place.socket().with_extension("pid"), place.socket().with_extension("status"));
    let script =
        format!("echo $$ > {}; {KV} serve fd:0 2>&1 >/dev/null; echo $? > {}", pid.display(), status.display());
    let connection = Connection::connect(&format!("exec:sh -c '{script}'")).unwrap();
    let kv = Kv::client(connection.clone());
    kv.set("a", "1").unwrap().unwrap();
    assert_eq!(kv.get("a").unwrap().as_deref(), Some("1"));
    let pid = std::fs::read_to_string(pid).unwrap();
    assert!(is_alive(&pid));
    let start = Instant::now();
    drop((kv, connection));
    assert!(!is_alive(&pid), "it has ended, and has been reaped");
    assert!(start.elapsed() < GRACE, "by itself");
    assert_eq!(
        std::fs::read_to_string(status).unwrap(),
        "0\n",
        "the end of the connection is a good end of its server"
    );
}

#[test]
fn a_command_that_does_not_end_is_killed() {
    let place = Place::new();
    let pid = place.socket();
    let address = format!("exec:sh -c 'echo $$ > {}; exec sleep 1000'", pid.display());
    let error = Connect::new(address).timeout(Duration::from_millis(300)).connect().unwrap_err();
    assert!(matches!(error, Error::Deadline { outcome: Outcome::NotSent, .. }), "{error:?}");
    assert!(!is_alive(&std::fs::read_to_string(pid).unwrap()));
}

/// A zombie would stay for as long as somebody keeps its dead connection.
#[test]
fn a_command_that_dies_is_reaped_though_its_connection_is_kept() {
    let place = Place::new();
    let pid = place.socket();
    let script = format!("echo $$ > {}; exec {KV} serve fd:0 >/dev/null", pid.display());
    let kv = Kv::connect(&format!("exec:sh -c '{script}'")).unwrap();
    let pid = std::fs::read_to_string(pid).unwrap();
    kill_process(Pid::from_raw(pid.trim().parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    let error = kv.get("a").unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    let start = Instant::now();
    while is_alive(&pid) {
        assert!(start.elapsed() < super::TIME_MAX, "it is a zombie");
        std::thread::yield_now();
    }
}

#[test]
fn a_command_that_fails_is_an_error_at_once() {
    let error = Connection::connect("exec:/nowhere/kv serve fd:0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot connect to exec:/nowhere/kv serve fd:0: the command cannot be started: No such file or directory (os error 2)"
    );
    let start = Instant::now();
    let error = Connection::connect("exec:false").unwrap_err();
    assert!(matches!(error, Error::Disconnected { outcome: Outcome::NotSent, .. }), "{error:?}");
    assert!(start.elapsed() < GRACE);
}

#[test]
fn nobody_listens_on_a_command() {
    let output = Command::new(KV).args(["serve", "exec:cat"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("cannot listen on exec:cat: it starts a command"), "{told}");
}

/// sd_listen_fds(3): number 3, and the process that it is for.
#[test]
fn a_socket_of_systemd_is_served() {
    let place = Place::new();
    let listener = UnixListener::bind(place.socket()).unwrap();
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve 3<&0 </dev/null";
    let mut server = Command::new("sh")
        .args(["-c", script, KV])
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // It was listened on before the server began, so nobody has to wait for that.
    let kv = Kv::connect(&place.address()).unwrap();
    kv.set("a", "1").unwrap().unwrap();
    let _ = kill_process(Pid::from_child(&server), Signal::TERM);
    assert!(server.wait().unwrap().success());
    assert!(place.socket().exists(), "the file is systemd's");
}

#[test]
fn a_wrong_descriptor_is_told_in_words() {
    for (address, words) in [
        ("fd:9", "cannot listen on fd:9: no such descriptor is open"),
        ("fd:0", "cannot listen on fd:0: it is a terminal or another device, not a socket"),
        ("fd:1", "`fd:1` is not an address: `1` is no descriptor that is passed down"),
    ] {
        let output = Command::new(KV).args(["serve", address]).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(words), "{told}");
    }
}
