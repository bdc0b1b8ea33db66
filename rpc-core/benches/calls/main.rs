//! What a call costs, beside a raw `UnixStream` that carries as many bytes: `cargo bench -p rpc-core`.
//!
//! Server and client are two processes, started anew for each measurement, and pinned: both to one CPU, or each to its own.
//! A wake-up across CPUs can cost more than everything else together, so figures of processes that wander are noise. The
//! candidates take turns; the table shows medians, and the best beside them.
//!
//! - `case`: what is measured. `child`: the two processes. `measure`: clocks and results.
//! - `raw`, `framework`: the rivals, each as server and as client.
//! - `raw_items`, `items`: the same for streams. `beside`: calls on a busy connection. `flows`: what both call.
//! - `report`: the table. `count`: system calls, by strace.
//!
//! Every answer is looked at: a wrong one ends the benchmark.
//!
//! Options, behind `--`: `--quick` (seconds instead of a minute), and any text to pick cases whose names contain it.
#[cfg(target_os = "linux")]
mod beside;
#[cfg(target_os = "linux")]
mod case;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod count;
#[cfg(target_os = "linux")]
mod flows;
#[cfg(target_os = "linux")]
mod framework;
#[cfg(target_os = "linux")]
mod items;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod raw;
#[cfg(target_os = "linux")]
mod raw_items;
#[cfg(target_os = "linux")]
mod report;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: this benchmark pins processes to CPUs as Linux does");
}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == child::FLAG => child::run(rest),
        _ => linux::run(&arguments),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::case::{Case, cases};
    use super::child::{Cpus, measure};
    use super::measure::{Amount, Run};
    use std::time::{Duration, Instant};

    /// How thorough to be.
    struct Effort {
        repeats: usize,
        amount: Amount,
        /// Calls under strace; `None`: they are not counted.
        counted: Option<u64>,
    }

    impl Effort {
        fn of(arguments: &[String]) -> Self {
            let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
            // Without this flag of `cargo bench` it is a test: it only has to work.
            if !has("--bench") {
                return Self { repeats: 1, amount: Amount::Calls(200), counted: None };
            }
            let time = |millis| Amount::Time(Duration::from_millis(millis));
            match has("--quick") {
                true => Self { repeats: 3, amount: time(120), counted: Some(500) },
                false => Self { repeats: 5, amount: time(500), counted: Some(3000) },
            }
        }
    }

    pub(crate) fn run(arguments: &[String]) {
        let start = Instant::now();
        let effort = Effort::of(arguments);
        let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
        let cpus = Cpus::here();
        let picked = |case: &Case| filters.is_empty() || filters.iter().any(|filter| case.name().contains(*filter));
        let cases: Vec<Case> = cases().into_iter().filter(picked).filter(|case| cpus.has(case.placement)).collect();
        println!("{cpus}; {} repeats of {} each, interleaved", effort.repeats, effort.amount);
        let runs = interleaved(&cases, &effort, &cpus);
        super::report::table(&cases, &runs);
        match effort.counted {
            Some(calls) => super::count::table(&cases, calls, &cpus),
            None => println!("a test of the benchmark: these are no figures (`cargo bench` makes them)"),
        }
        println!("took {:.0} s", start.elapsed().as_secs_f64());
    }

    /// By case, its repeats.
    fn interleaved(cases: &[Case], effort: &Effort, cpus: &Cpus) -> Vec<Vec<Run>> {
        let mut runs = vec![Vec::new(); cases.len()];
        for repeat in 0..effort.repeats {
            for turn in 0..cases.len() {
                // Backwards every other time, so that nobody always runs behind the same neighbour.
                let at = if repeat % 2 == 0 { turn } else { cases.len() - 1 - turn };
                let (Some(case), Some(runs)) = (cases.get(at), runs.get_mut(at)) else { continue };
                runs.push(measure(case, effort.amount, cpus));
            }
        }
        runs
    }
}
