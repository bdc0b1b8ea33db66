//! Listening: one server, nothing foreign touched, nothing left behind.

use super::{super::*, accept, assert_connected, at, directory, listen, problem, soon};
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        net::{UnixDatagram, UnixListener},
    },
    path::Path,
};

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn accepting_never_blocks() {
    let directory = directory();
    let listener = listen(&at(directory.path().join("x"))).unwrap();
    assert!(listener.accept().unwrap().is_none());
    let client = connect(listener.address(), soon()).unwrap();
    assert_connected(&client, &listener.accept().unwrap().unwrap());
    assert!(listener.accept().unwrap().is_none());
}

#[test]
fn a_drop_leaves_nothing_behind() {
    let directory = directory();
    let listener = listen(&at(directory.path().join("x"))).unwrap();
    assert_eq!(names_in(directory.path()), ["x", "x.lock"]);
    let client = connect(listener.address(), soon()).unwrap();
    let server = accept(&listener);
    drop(listener);
    assert_eq!(names_in(directory.path()), [""; 0]);
    assert_connected(&client, &server);
}

#[test]
fn a_live_server_stays_and_its_end_makes_room() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let first = listen(&address).unwrap();
    let error = listen(&address).unwrap_err();
    assert_eq!(error.problem, ListenProblem::AlreadyRunning);
    assert_eq!(error.to_string(), format!("cannot listen on {address}: a server is already running there"));
    assert_connected(&connect(&address, soon()).unwrap(), &accept(&first));
    drop(first);
    listen(&address).unwrap();
}

#[test]
fn a_live_server_that_knows_no_lock_stays() {
    let directory = directory();
    let path = directory.path().join("x");
    let foreign = UnixListener::bind(&path).unwrap();
    assert_eq!(problem(listen(&at(&path))), ListenProblem::AlreadyRunning);
    // Nor if it is too busy to accept.
    rustix::net::listen(&foreign, 0).unwrap();
    for _ in 0..3 {
        assert_eq!(problem(listen(&at(&path))), ListenProblem::AlreadyRunning);
    }
    assert!(foreign.accept().is_ok());
}

#[test]
fn what_a_crash_leaves_is_replaced() {
    let directory = directory();
    let path = directory.path().join("x");
    for name in ["x", "x.new"] {
        drop(UnixListener::bind(directory.path().join(name)).unwrap());
    }
    fs::write(directory.path().join("x.lock"), "").unwrap();
    let listener = listen(&at(&path)).unwrap();
    assert_connected(&connect(listener.address(), soon()).unwrap(), &accept(&listener));
    assert_eq!(names_in(directory.path()), ["x", "x.lock"]);
}

#[test]
fn whatever_is_not_a_stream_socket_is_left_alone() {
    let directory = directory();
    let inside = |name: &str| directory.path().join(name);
    fs::write(inside("precious"), "precious").unwrap();
    // The path itself, and the two beside it that a listener uses.
    for name in ["x", "x.lock", "x.new"] {
        let refused = |what: &str| {
            let ListenProblem::Foreign { path, what: found } = problem(listen(&at(inside("x")))) else {
                panic!("{name}")
            };
            assert_eq!((path, found), (inside(name), what));
        };
        symlink(inside("precious"), inside(name)).unwrap();
        refused("a symbolic link");
        fs::remove_file(inside(name)).unwrap();
        symlink(inside("nowhere"), inside(name)).unwrap();
        refused("a symbolic link");
        assert!(!inside("nowhere").exists());
        fs::remove_file(inside(name)).unwrap();
        fs::create_dir(inside(name)).unwrap();
        refused("a directory");
        fs::remove_dir(inside(name)).unwrap();
        if name != "x.lock" {
            fs::write(inside(name), "").unwrap();
            refused("a regular file");
            fs::remove_file(inside(name)).unwrap();
        }
    }
    let datagrams = UnixDatagram::bind(inside("x")).unwrap();
    assert!(matches!(problem(listen(&at(inside("x")))), ListenProblem::Foreign { .. }));
    drop(datagrams);
    fs::remove_file(inside("x")).unwrap();
    assert_eq!(fs::read_to_string(inside("precious")).unwrap(), "precious");
    assert_eq!(names_in(directory.path()), ["precious"]);
}

/// The old server's path was taken by force: its end must not take it from the new one.
#[test]
fn a_drop_spares_a_successor() {
    let directory = directory();
    let path = directory.path().join("x");
    let old = listen(&at(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    let successor = UnixListener::bind(&path).unwrap();
    drop(old);
    assert_eq!(names_in(directory.path()), ["x"]);
    drop(successor);

    let old = listen(&at(&path)).unwrap();
    fs::remove_file(directory.path().join("x.lock")).unwrap();
    fs::remove_file(&path).unwrap();
    let new = listen(&at(&path)).unwrap();
    drop(old);
    assert_eq!(names_in(directory.path()), ["x", "x.lock"]);
    assert_eq!(problem(listen(&at(&path))), ListenProblem::AlreadyRunning);
    drop(new);
    assert_eq!(names_in(directory.path()), [""; 0]);
}

#[test]
fn the_mode_is_the_one_that_was_asked_for() {
    let directory = directory();
    let path = directory.path().join("x");
    for mode in [0o600, 0o666, 0o660] {
        let options = ListenOptions { mode, ..ListenOptions::default() };
        let _listener = Listener::bind(&at(&path), &options).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn a_missing_or_unsafe_directory_is_refused() {
    let directory = directory();
    let missing = listen(&at(directory.path().join("no/x"))).unwrap_err();
    assert!(missing.to_string().contains("/no cannot be used: No such file"), "{missing}");

    // One that is ours is ours to open to everybody.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    listen(&at(directory.path().join("x"))).unwrap();
    // One that is another's is not; only root can make such a one here.
    let another = super::super::directory::own_uid() + 1;
    if std::os::unix::fs::chown(directory.path(), Some(another), None).is_ok() {
        assert!(matches!(problem(listen(&at(directory.path().join("x")))), ListenProblem::Directory(_)));
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        listen(&at(directory.path().join("x"))).unwrap();
    }
}

#[test]
fn tcp_stays_on_this_machine_unless_asked_otherwise() {
    for address in ["tcp:0.0.0.0:0", "tcp:[::]:0"] {
        let address: Address = address.parse().unwrap();
        let error = listen(&address).unwrap_err();
        assert!(matches!(error.problem, ListenProblem::NotLoopback { .. }), "{error}");
        assert!(error.to_string().contains("set a token"), "{error}");
    }
    let options = ListenOptions { allow_remote: true, ..ListenOptions::default() };
    Listener::bind(&"tcp:0.0.0.0:0".parse().unwrap(), &options).unwrap();
}
