//! Many servers start on one path at once: exactly one says yes, and that one is reached.

use super::{super::*, accept, assert_connected, at, directory, listen, soon};
use std::{
    fs,
    os::unix::net::UnixListener,
    sync::{Barrier, Mutex},
    thread,
};

const SERVERS: usize = 8;
const ROUNDS: usize = 50;

#[test]
fn every_round_has_exactly_one_winner() {
    let directory = directory();
    let path = directory.path().join("x");
    let address = at(&path);
    let (start, bound, done) = (Barrier::new(SERVERS), Barrier::new(SERVERS), Barrier::new(SERVERS));
    let winners = Mutex::new(0);
    thread::scope(|scope| {
        for server in 0..SERVERS {
            let (address, path, start, bound, done, winners) = (&address, &path, &start, &bound, &done, &winners);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // In turn: nothing at the path, a stale socket, and the winner of the round before still ending.
                    if server == 0 && round % 3 == 1 {
                        drop(UnixListener::bind(path).unwrap());
                    }
                    start.wait();
                    let listener = listen(address);
                    match &listener {
                        Ok(_) => *winners.lock().unwrap() += 1,
                        Err(error) => assert_eq!(error.problem, ListenProblem::AlreadyRunning, "{error}"),
                    }
                    bound.wait();
                    if let Ok(listener) = &listener {
                        assert_eq!(*winners.lock().unwrap(), 1, "round {round}");
                        assert_connected(&connect(address, soon()).unwrap(), &accept(listener));
                        *winners.lock().unwrap() = 0;
                    }
                    drop(listener);
                    done.wait();
                }
            });
        }
    });
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// Servers end while others start: at no time do two of them serve, and whoever serves can be reached.
#[test]
fn ends_and_starts_overlap() {
    let directory = directory();
    let address = at(directory.path().join("x"));
    let serving = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..SERVERS {
            scope.spawn(|| {
                let mut served = 0;
                while served < ROUNDS {
                    let Ok(listener) = listen(&address) else { continue };
                    let alone = serving.try_lock().expect("another server has the same path");
                    assert_connected(&connect(&address, soon()).unwrap(), &accept(&listener));
                    drop(alone);
                    drop(listener);
                    served += 1;
                }
            });
        }
    });
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
