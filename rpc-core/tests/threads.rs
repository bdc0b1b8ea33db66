//! The threads of a server: alone in its process, because they are counted.
#![cfg(target_os = "linux")]
mod common;
use common::*;
use std::fs::{DirEntry, read_dir, read_to_string};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One test at a time: each counts the threads of all.
static ALONE: Mutex<()> = Mutex::new(());

/// Calls at once, each on a thread of its own.
const CALLS: usize = 40;

/// One that serves, one that stands by.
const FEW: usize = 2;

/// What the system tells of this process's threads that are a server's.
fn workers_status() -> Vec<String> {
    let tasks = read_dir("/proc/self/task").unwrap().flatten();
    let status = |task: DirEntry| read_to_string(task.path().join("status")).unwrap_or_default();
    tasks.map(status).filter(|status| status.starts_with("Name:\trpc-worker-")).collect()
}

fn workers() -> usize {
    workers_status().len()
}

/// How often they have gone to sleep so far.
fn rests() -> usize {
    let rests = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<usize>().ok()).expect("proc_pid_status(5)")
    };
    workers_status().into_iter().map(rests).sum()
}

fn wait_until_few(served: &Served) {
    let start = Instant::now();
    // Who polled may have become the standby, and who stood by may be idle: one more for a while.
    while served.server.as_ref().unwrap().threads() > FEW {
        assert!(start.elapsed() < Duration::from_secs(30), "{} threads", workers());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn threads_are_named_few_when_idle_and_joined_at_the_end() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(workers(), 0);
    let mut served = Served::new(Way::Set);
    wait_until_few(&served);
    let probe = served.connect().unwrap();
    std::thread::scope(|scope| {
        for call in 0..CALLS {
            let probe = &probe;
            scope.spawn(move || probe.wait_apart(&format!("gate {call}")).unwrap());
        }
        (0..CALLS).for_each(|call| served.handler.gates.wait_for(&format!("at gate {call}")));
        let threads = served.server.as_ref().unwrap().threads();
        assert!(threads >= CALLS + FEW, "{threads} threads for {CALLS} calls");
        assert_eq!(workers(), threads, "all of them are named");
        (0..CALLS).for_each(|call| served.handler.gates.open(&format!("gate {call}")));
    });
    wait_until_few(&served);
    assert_eq!(workers(), FEW, "those that have ended are gone");
    assert_eq!(probe.add(1).unwrap(), 2, "and it serves");
    served.server.take().unwrap().stop();
    assert_eq!(workers(), 0, "all are joined");
}

/// SCHEDULING: 0.00 CPU when idle. The standby would wake a thousand times a second.
#[test]
fn an_idle_server_sleeps() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let served = Served::new(Way::Set);
    let probe = served.connect().unwrap();
    probe.compute(Duration::from_millis(20)).unwrap();
    wait_until_few(&served);
    let start = Instant::now();
    let rests = loop {
        let before = rests();
        std::thread::sleep(Duration::from_millis(500));
        let rests = rests() - before;
        // On a busy machine it takes a while until all have gone to sleep.
        if rests <= 10 || start.elapsed() > Duration::from_secs(10) {
            break rests;
        }
    };
    eprintln!("{rests} times awake in half a second");
    assert!(rests <= 10, "{rests} times awake in half a second without a call");
    assert_eq!(probe.add(1).unwrap(), 2, "and it serves");
}
