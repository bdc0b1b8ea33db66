//! System calls of one call, as strace counts them.
use super::case::{Case, Placement, Unit};
use super::child::{Around, Cpus, measure_around};
use super::measure::Amount;
use std::process::{Command, Stdio};

/// What may belong to a call. The rest is the start and the end of a process.
const TRACED: &str =
    "trace=%network,read,write,readv,writev,epoll_wait,epoll_pwait,epoll_pwait2,epoll_ctl,poll,ppoll,futex";

/// What is seldom is the start of a process, or a neighbour's.
const SHOWN_MIN: f64 = 0.005;

/// Of both sides of each case that is pinned to one CPU, where waiting always sleeps; slow, and so not timed.
pub(crate) fn table(cases: &[Case], calls: u64, cpus: &Cpus) {
    let version = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        println!("\nsystem calls: NOT COUNTED, there is no strace here");
        return;
    }
    let mut rows = vec![["system calls of a call", "client", "server"].map(str::to_owned).to_vec()];
    for case in cases
        .iter()
        .filter(|case| case.placement == Placement::One && matches!(case.work.unit(), Unit::Latency | Unit::Calls))
    {
        let client = count(case, calls, cpus, |client| Around { client, ..Around::default() });
        let server = count(case, calls, cpus, |server| Around { server, ..Around::default() });
        rows.push(vec![case.name(), client, server]);
    }
    println!();
    super::report::print_aligned(&rows);
    println!("traced calls are slow, so what a server does once a millisecond (futex) looks more frequent than it is");
    println!("allocations: NOT COUNTED, an allocator that counts cannot be written without `unsafe`");
}

fn count(case: &Case, calls: u64, cpus: &Cpus, around: impl Fn(Vec<String>) -> Around) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file for what strace says");
    let path = file.path().to_str().expect("a path in UTF-8");
    let strace = ["strace", "-f", "-c", "-e", TRACED, "-o", path].map(str::to_owned).to_vec();
    let run = measure_around(case, Amount::Calls(calls), cpus, &around(strace));
    let said = std::fs::read_to_string(path).expect("what strace said");
    summary(&said, run.all_calls)
}

/// Its lines are: part of the time, seconds, microseconds, calls, perhaps errors, name.
fn summary(said: &str, calls: f64) -> String {
    let mut counts: Vec<(f64, &str)> = said
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let count: f64 = words.get(3)?.parse().ok()?;
            let name = words.last().filter(|name| **name != "total")?;
            Some((count / calls, *name))
        })
        .collect();
    counts.retain(|(count, _)| *count >= SHOWN_MIN);
    counts.sort_by(|one, other| other.0.total_cmp(&one.0));
    let total = counts.iter().fold(0.0, |total, (count, _)| total + count);
    let names: Vec<String> = counts.iter().map(|(count, name)| format!("{name} {count:.2}")).collect();
    format!("{total:.2} ({})", names.join(", "))
}
