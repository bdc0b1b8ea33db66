//! A client that does not read costs its server nothing while it waits. Alone in its program: threads of it are measured.
#![cfg(target_os = "linux")]
mod common;
use common::Way;
use common::bait::*;
use common::raw::*;
use std::fs::{read_dir, read_to_string};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_millis(500);

/// Who accepts for a driver of threads looks fifty times in a window; a standby that ticks wakes up five hundred times.
const WAKES_MAX: u64 = 100;

/// How often the server's threads have gone to sleep, and so how often they woke up. (proc_pid_status(5))
fn sleeps() -> u64 {
    let tasks = read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let is_ours =
        |task: &std::path::PathBuf| read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("rpc-worker"));
    let statuses = tasks.filter(is_ours).filter_map(|task| read_to_string(task.join("status")).ok());
    let count = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    statuses.map(count).sum()
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Waits until hardly anything happens any more.
#[track_caller]
fn comes_to_rest(way: Way, what: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let (before, used) = (sleeps(), cpu());
        std::thread::sleep(WINDOW);
        let (woken, used) = (sleeps() - before, cpu() - used);
        if woken < WAKES_MAX {
            return eprintln!("{way:?}, {what}: {woken} wakes, {used:?} of CPU in {WINDOW:?}");
        }
        assert!(Instant::now() < end, "{way:?}, {what}: {woken} wakes, {used:?} of CPU in {WINDOW:?}");
    }
}

#[test]
fn a_stalled_client_costs_nothing() {
    for way in [Way::Set, Way::Threads] {
        // More than its socket takes, but little enough that it is read all the same; and so much that it is not.
        for (what, calls, size) in [("little", 35, 20_000), ("much", 8, 1_u64 << 20)] {
            let target = Target::new(way);
            let mut raw = target.opened();
            raw.send(&(1..=calls).flat_map(|id| call(id, method::MAKE, &(size,))).collect::<Vec<_>>());
            target.serves_others();
            comes_to_rest(way, what);
            // It is served as soon as it reads, and so are others.
            target.serves_others();
            let mut bytes = 0;
            while bytes < u64::from(calls) * size {
                bytes += raw.frame().body.len() as u64;
            }
        }
    }
}
