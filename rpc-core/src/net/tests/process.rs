//! What depends on the whole process: its umask, its environment, its limits, its end. Each case runs in a process of
//! its own, which is this test program again, with one ignored test chosen.

use super::{super::*, accept, assert_connected, at, directory, listen, soon};
use std::{
    env, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Tells the process where to work, and that it is one.
const DIRECTORY: &str = "RPC_NET_TEST_DIRECTORY";

/// The shell command `prefix`, and then this program with the test `name`.
pub(super) fn process(prefix: &str, name: &str, directory: &Path) -> Command {
    let script = format!("{prefix} \"$0\" --exact net::tests::{name} --ignored --nocapture");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(env::current_exe().unwrap()).env(DIRECTORY, directory);
    shell.env("XDG_RUNTIME_DIR", directory);
    shell
}

fn assert_passes(mut command: Command) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{command:?}: {told}");
}

/// Where a process works; none if somebody runs the ignored tests by hand.
pub(super) fn own_directory() -> Option<PathBuf> {
    env::var_os(DIRECTORY).map(PathBuf::from)
}

#[test]
fn modes_are_exact_whatever_the_umask() {
    for umask in ["0777", "0077", "0000"] {
        let directory = directory();
        assert_passes(process(&format!("umask {umask}; exec"), "process::checks_modes", directory.path()));
    }
}

#[test]
#[ignore = "the process of modes_are_exact_whatever_the_umask"]
fn checks_modes() {
    let Some(directory) = own_directory() else { return };
    let mode = |path: &str| fs::metadata(directory.join(path)).unwrap().mode() & 0o7777;
    let options = ListenOptions { mode: 0o620, ..ListenOptions::default() };
    let _listener = Listener::bind(&at(directory.join("x")), &options).unwrap();
    assert_eq!(mode("x"), 0o620);
    assert_eq!(mode("x.lock"), 0o600);
    let _registered = listen(&"kv".parse().unwrap()).unwrap();
    assert_eq!(mode("rpc"), 0o700);
    assert_eq!(mode("rpc/kv.sock"), 0o600);
}

#[test]
fn a_dead_process_leaves_a_lock_that_nobody_holds() {
    let directory = directory();
    let status = process("umask 0777; exec", "process::dies_listening", directory.path()).output().unwrap().status;
    assert!(!status.success());
    assert!(directory.path().join("x").exists() && directory.path().join("x.lock").exists());
    listen(&at(directory.path().join("x"))).unwrap();
}

#[test]
#[ignore = "the process of a_dead_process_leaves_a_lock_that_nobody_holds"]
fn dies_listening() {
    let Some(directory) = own_directory() else { return };
    let _listener = listen(&at(directory.join("x"))).unwrap();
    // No destructor runs.
    std::process::abort();
}

#[test]
fn a_name_leads_to_the_registry() {
    let directory = directory();
    assert_passes(process("exec", "process::uses_a_name", directory.path()));
}

#[test]
#[ignore = "the process of a_name_leads_to_the_registry"]
fn uses_a_name() {
    let Some(directory) = own_directory() else { return };
    let address: Address = "kv".parse().unwrap();
    assert_eq!(connect(&address, soon()).unwrap_err().problem, ConnectProblem::Missing);
    assert_eq!(Address::registered().unwrap(), []);
    let listener = listen(&address).unwrap();
    assert_eq!(address.socket_file(), Some(directory.join("rpc/kv.sock")));
    assert_eq!(Address::registered().unwrap(), std::slice::from_ref(&address));
    assert_connected(&connect(&address, soon()).unwrap(), &accept(&listener));

    // Whoever may write there may pose as any server.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(directory.join("rpc"), open).unwrap();
    let problem = connect(&address, soon()).unwrap_err().problem;
    assert!(matches!(problem, ConnectProblem::Directory(_)), "{problem:?}");
    assert_eq!(Address::registry(), Some(directory.join("rpc")));
    let error = Address::registered().unwrap_err();
    assert_eq!(error.problem, DirectoryProblem::Writable { mode: 0o777 });
}

#[cfg(target_os = "linux")]
#[test]
fn signals_end_no_wait() {
    let directory = directory();
    assert_passes(process("exec", "process::waits_under_signals", directory.path()));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the process of signals_end_no_wait"]
fn waits_under_signals() {
    use rustix::process::{Signal, kill_process};

    let Some(directory) = own_directory() else { return };
    let limit = Duration::from_millis(50);
    let options = ListenOptions { backlog: 0, ..ListenOptions::default() };
    let listener = Listener::bind(&at(directory.join("x")), &options).unwrap();
    let client = connect(listener.address(), soon()).unwrap();
    let done = AtomicBool::new(false);
    // Linux gives a signal for a thread's number to that thread if it can, although it is one for the process.
    let waiter = rustix::thread::gettid();
    // A signal without a handler would end the process; with one, it interrupts what blocks.
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::new(AtomicBool::new(false))).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                kill_process(waiter, Signal::USR1).unwrap();
                std::thread::sleep(limit / 50);
            }
        });
        // Not an assertion before the other thread is told to end: it would be waited for.
        let start = Instant::now();
        let refused = connect(listener.address(), start + limit).map_err(|error| error.problem);
        let connecting = start.elapsed();
        let start = Instant::now();
        let ready = client.wait_ready(true, false, Some(limit));
        let polling = start.elapsed();
        client.set_recv_timeout(Some(limit)).unwrap();
        let received = client.recv(&mut Vec::new(), Wait::Block);
        done.store(true, Ordering::Relaxed);
        assert_eq!(refused.unwrap_err(), ConnectProblem::TimedOut);
        assert!(!ready.unwrap().read);
        assert_eq!(received.unwrap(), Received::Nothing);
        for took in [connecting, polling] {
            assert!(took >= limit && took < limit * 40, "{connecting:?}, {polling:?}");
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn accepting_without_descriptors_is_an_error_that_passes() {
    let directory = directory();
    assert_passes(process("exec", "process::runs_out_of_descriptors", directory.path()));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the process of accepting_without_descriptors_is_an_error_that_passes"]
fn runs_out_of_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Some(directory) = own_directory() else { return };
    let listener = listen(&at(directory.join("x"))).unwrap();
    let client = connect(listener.address(), soon()).unwrap();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: limit.maximum }).unwrap();
    let error = listener.accept().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
    setrlimit(Resource::Nofile, limit).unwrap();
    assert_connected(&client, &listener.accept().unwrap().unwrap());
}

/// Needs the right to make a PID namespace; says so where it is not given.
#[cfg(target_os = "linux")]
#[test]
fn a_peer_in_another_pid_namespace_has_a_user_and_no_pid() {
    let works = |way: &&str| Command::new("sh").arg("-c").arg(format!("{way} true")).output().unwrap().status.success();
    // Root's way, and that of anybody who may make a user namespace.
    let ways = ["unshare --pid --fork", "unshare --user --map-root-user --pid --fork"];
    let Some(unshare) = ways.into_iter().find(works) else {
        eprintln!("SKIPPED: no PID namespaces for this user");
        return;
    };
    let directory = directory();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_passes(process(unshare, "process::accepts_from_outside", directory.path())));
        let client = wait(&at(directory.path().join("x")), soon()).unwrap();
        assert!(client.peer().pid.is_some(), "an inner namespace is seen from outside");
        assert_eq!(super::stream::read(&client), b"checked");
    });
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the process of a_peer_in_another_pid_namespace_has_a_user_and_no_pid"]
fn accepts_from_outside() {
    let Some(directory) = own_directory() else { return };
    let listener = listen(&at(directory.join("x"))).unwrap();
    let peer = accept(&listener);
    assert_eq!(peer.peer().uid, Some(rustix::process::geteuid().as_raw()));
    assert_eq!(peer.peer().pid, None);
    peer.send(b"checked").unwrap();
}
