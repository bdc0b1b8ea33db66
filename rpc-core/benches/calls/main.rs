//! What a call costs, beside a raw `UnixStream` that carries as many bytes: `cargo bench -p rpc-core`.
//!
//! Server and client are two processes, started anew for each measurement, and pinned: both to one CPU, or each to its own,
//! where a busy loop may run as well.
//! A wake-up across CPUs can cost more than everything else together, so figures of processes that wander are noise. The
//! candidates take turns; the table shows medians, and the best beside them.
//!
//! - `case`: what is measured. `child`: the two processes. `measure`: clocks and results.
//! - `raw`, `framework`: the rivals, each as server and as client.
//! - `sharers`, `multiplexed`, `connects`, `echo`: a kind of work each, by both. `busy`: processes that are in the way.
//! - `raw_items`, `items`: streams, by each. `beside`: calls on a busy connection. `flows`: what both call.
//! - `figures`: what repeats say together. `report`: the table. `bars`, `svg`: the chart. `count`: system calls, by strace.
//!
//! Every answer is looked at: a wrong one ends the benchmark.
//!
//! Options, behind `--`: `--quick` (half a minute instead of some), `--svg FILE` (a chart), and any text to pick cases whose
//! names contain it.
#[cfg(target_os = "linux")]
mod bars;
#[cfg(target_os = "linux")]
mod beside;
#[cfg(target_os = "linux")]
mod busy;
#[cfg(target_os = "linux")]
mod case;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod connects;
#[cfg(target_os = "linux")]
mod count;
#[cfg(target_os = "linux")]
mod echo;
#[cfg(target_os = "linux")]
mod figures;
#[cfg(target_os = "linux")]
mod flows;
#[cfg(target_os = "linux")]
mod framework;
#[cfg(target_os = "linux")]
mod items;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod multiplexed;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod raw;
#[cfg(target_os = "linux")]
mod raw_items;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod sharers;
#[cfg(target_os = "linux")]
#[path = "../chart/svg.rs"]
mod svg;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: this benchmark pins processes to CPUs as Linux does");
}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == child::FLAG => child::run(rest),
        _ => linux::run(options::Options::read(arguments)),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::case::{Case, cases};
    use super::child::{Cpus, measure};
    use super::measure::Run;
    use super::options::{Effort, Options};
    use std::time::Instant;

    pub(crate) fn run(options: Options) {
        let (start, effort) = (Instant::now(), &options.effort);
        let cpus = Cpus::here();
        let picked = |case: &Case| options.picks(case) && cpus.has(case.placement);
        let cases: Vec<Case> = cases().into_iter().filter(picked).collect();
        println!("{cpus}; {} repeats of {} each, interleaved", effort.repeats, effort.amount);
        let runs = interleaved(&cases, effort, &cpus);
        super::report::table(&cases, &runs);
        match effort.counted {
            Some(calls) => super::count::table(&cases, calls, &cpus),
            None => println!("a test of the benchmark: these are no figures (`cargo bench` makes them)"),
        }
        if let Some(file) = &options.svg {
            super::bars::draw(&cases, &runs).write(file);
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
