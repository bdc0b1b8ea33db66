//! A socket outlives the process, or the listener, that made it.

use super::{super::*, accept, assert_connected, at, directory, listen, passed_down, problem, soon};
use std::{fs, os::unix::net::UnixListener};

/// A second listener at the same socket, as a successor has it.
fn successor(listener: &Listener) -> Listener {
    let (socket, file) = listener.copy().unwrap();
    let file = file.map_or(String::new(), |file| format!("={}", file.display()));
    let address: Address = format!("{}{file}", passed_down(socket)).parse().unwrap();
    match Entrance::open(&address, &ListenOptions::default()).unwrap() {
        Entrance::Listener(listener) => listener,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_successor_takes_the_file_when_its_predecessor_has_left_it() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let old = listen(&address).unwrap();
    let new = successor(&old);
    assert_eq!(new.address(), &address);
    // Both accept.
    let first = connect(&address, soon()).unwrap();
    assert_connected(&first, &accept(&old));
    let waiting = connect(&address, soon()).unwrap();
    old.leave();
    drop(old);
    assert_connected(&waiting, &accept(&new));
    // It asked whether somebody listens, by a connection of its own.
    assert_eq!(problem(listen(&address)), ListenProblem::AlreadyRunning);
    drop(accept(&new));
    assert_connected(&connect(&address, soon()).unwrap(), &accept(&new));
    // From now on it looks after it.
    assert!(new.renew().unwrap().is_none());
    assert!(directory.path().join("x.lock").exists());
    drop(new);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_successor_that_fails_takes_nothing_with_it() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let old = listen(&address).unwrap();
    let new = successor(&old);
    assert!(new.renew().unwrap().is_none());
    drop(new);
    assert_connected(&connect(&address, soon()).unwrap(), &accept(&old));
    drop(old);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_deleted_file_is_made_anew() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let options = ListenOptions { mode: 0o660, ..ListenOptions::default() };
    let listener = Listener::bind(&address, &options).unwrap();
    let early = connect(&address, soon()).unwrap();
    for deleted in [&["x"][..], &["x", "x.lock"]] {
        for name in deleted {
            fs::remove_file(directory.path().join(name)).unwrap();
        }
        assert!(listener.renew().unwrap().is_some());
        let metadata = fs::metadata(directory.path().join("x")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777, 0o660);
        assert_connected(&connect(&address, soon()).unwrap(), &accept(&listener));
        assert!(listener.renew().unwrap().is_none());
        assert_eq!(problem(listen(&address)), ListenProblem::AlreadyRunning);
    }
    drop((early, listener));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn who_waited_at_the_old_socket_is_still_there() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let listener = listen(&address).unwrap();
    let waiting = connect(&address, soon()).unwrap();
    fs::remove_file(directory.path().join("x")).unwrap();
    let old = listener.renew().unwrap().unwrap();
    assert_connected(&waiting, &old.accept().unwrap().unwrap());
}

#[test]
fn a_replaced_file_is_told_and_left_alone() {
    let directory = directory();
    let path = directory.path().join("x");
    let listener = listen(&at(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    let error = listener.renew().unwrap_err();
    assert_eq!(error.problem, ListenProblem::Displaced { path: path.clone() });
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {0}: {0} has been replaced by something else, so no client finds this server any more",
            path.display()
        )
    );
    assert!(listener.copy().is_err());
    drop(listener);
    assert!(path.exists());
    drop(other);

    // Nor is it made anew where a directory has come in its place, or the whole directory is gone.
    fs::remove_file(&path).unwrap();
    let listener = listen(&at(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(listener.renew().is_err());
    drop(listener);
    assert!(path.is_dir());
    fs::remove_dir(&path).unwrap();
    let listener = listen(&at(&path)).unwrap();
    fs::remove_dir_all(directory.path()).unwrap();
    assert!(listener.renew().unwrap_err().to_string().contains("No such file"));
}
