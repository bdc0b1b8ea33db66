//! More clients at once than a backlog holds. Alone in its program: it needs most of a process's descriptors.
#![cfg(unix)]
mod common;
use common::{Handler, Probe};
use rpc_core::{Connect, Limits, Server};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Room for so many descriptors, or a word about why not.
fn room_for(descriptors: u64) -> bool {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= descriptors) {
        return true;
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(descriptors), maximum: limit.maximum }).is_ok();
    if !raised {
        eprintln!("SKIPPED: this process may not have {descriptors} descriptors ({limit:?})");
    }
    raised
}

/// RELIABILITY: 6,000 connects on a backlog of 4,096, and on one that they overrun: all are served.
#[test]
fn a_burst_of_connects_is_served() {
    const CALLERS: usize = 250;
    const CONNECTIONS: usize = 24;
    // Each has two ends here, and other tests some more.
    if !room_for(2 * (CALLERS * CONNECTIONS) as u64 + 1000) {
        return;
    }
    for backlog in [4096, 16] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let path = path.to_str().unwrap();
        let mut limits = Limits::default();
        (limits.connections_max, limits.user_connections_max) = (CALLERS * CONNECTIONS, CALLERS * CONNECTIONS);
        let server = Server::new(Probe::serve(Handler::default()));
        let _server = server.limits(limits).backlog(backlog).listen(path).unwrap();
        let (together, start) = (Barrier::new(CALLERS), Instant::now());
        let served: usize = thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        let connect = || Connect::new(path).timeout(PATIENCE).connect();
                        let probes: Vec<_> = (0..CONNECTIONS).map(|_| connect().map(Probe::client)).collect();
                        // All are open by now. Whoever has failed says so afterwards: the others wait here.
                        together.wait();
                        let probes: Vec<_> = probes.into_iter().map(|probe| probe.unwrap()).collect();
                        probes.iter().filter(|probe| probe.add(1).unwrap() == 2).count()
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).sum()
        });
        assert_eq!(served, CALLERS * CONNECTIONS);
        eprintln!("{served} connections, backlog {backlog}: {:?}", start.elapsed());
    }
}
