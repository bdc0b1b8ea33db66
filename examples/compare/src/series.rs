//! All measurements, in turns.
use crate::measured::Measured;
use crate::process::{self, Setup};
use crate::rivals;
use crate::runtime::Flavor;
use crate::table::{self, Format};
use crate::work::Work;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

/// What to measure, and how to print it.
#[derive(Args)]
pub(crate) struct SeriesArgs {
    /// Only these rivals, by name; raw is always there, as everything is compared with it
    #[arg(long, value_delimiter = ',')]
    rivals: Vec<String>,
    /// Only these works
    #[arg(long, value_delimiter = ',', value_enum)]
    works: Vec<Work>,
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// For how long each time
    #[arg(long, default_value_t = 500)]
    milliseconds: u64,
    /// The tokio runtime of the rivals that need one
    #[arg(long, value_enum, default_value = "current")]
    runtime: Flavor,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Where the two processes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Both on one CPU.
    One,
    /// Each on its own.
    Two,
}

/// A rival at a work at a place, and what came of it.
pub(crate) struct Case {
    pub(crate) rival: &'static str,
    pub(crate) work: Work,
    pub(crate) placement: Placement,
    pub(crate) result: Outcome,
}

/// What came of a case.
pub(crate) enum Outcome {
    /// One for each repeat.
    Measured(Vec<Measured>),
    /// The rival has no such thing.
    Cannot(&'static str),
    /// It should have worked.
    Failed(String),
}

/// Measures, and prints.
pub(crate) fn run(args: &SeriesArgs) -> Result<()> {
    let cpus = process::cpus()?;
    let first = *cpus.first().context("this process may use no CPU")?;
    let mut cases = cases(args, cpus.len() > 1)?;
    for repeat in 1..=args.repeats {
        eprintln!("round {repeat} of {}", args.repeats);
        for case in &mut cases {
            let client_cpu = cpus.get(usize::from(case.placement == Placement::Two)).copied().unwrap_or(first);
            let (flavor, milliseconds) = (args.runtime, args.milliseconds);
            case.measure(Setup { server_cpu: first, client_cpu, flavor, milliseconds });
        }
    }
    table::print(&cases, args.format);
    Ok(())
}

/// All rivals of a work follow each other, so that what the machine does meanwhile meets them all.
fn cases(args: &SeriesArgs, two_cpus: bool) -> Result<Vec<Case>> {
    let rivals = rivals::all();
    if let Some(unknown) = args.rivals.iter().find(|name| rivals.iter().all(|rival| rival.name() != **name)) {
        let names: Vec<_> = rivals.iter().map(|rival| rival.name()).collect();
        bail!("no rival is called {unknown}; there are {}", names.join(", "));
    }
    let is_wanted =
        |name: &str| args.rivals.is_empty() || name == "raw" || args.rivals.iter().any(|wanted| wanted == name);
    let works = if args.works.is_empty() { Work::value_variants() } else { &args.works };
    let placements: &[Placement] = if two_cpus { &[Placement::One, Placement::Two] } else { &[Placement::One] };
    let mut cases = Vec::new();
    for &work in works {
        for &placement in placements {
            for rival in rivals.iter().filter(|rival| is_wanted(rival.name())) {
                let result = rival.cannot(work).map_or(Outcome::Measured(Vec::new()), Outcome::Cannot);
                cases.push(Case { rival: rival.name(), work, placement, result });
            }
        }
    }
    Ok(cases)
}

impl Case {
    /// Once more. What has failed is not tried again.
    fn measure(&mut self, setup: Setup) {
        let Outcome::Measured(runs) = &mut self.result else { return };
        match process::measure(self.rival, self.work, setup) {
            Ok(run) => runs.push(run),
            Err(error) => {
                eprintln!("{} failed at {:?} ({:?}): {error:#}", self.rival, self.work, self.placement);
                self.result = Outcome::Failed(format!("failed: {}", error.root_cause()));
            }
        }
    }
}
