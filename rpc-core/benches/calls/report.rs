//! The table of figures.
use super::case::{Case, Rival, Work};
use super::measure::Run;

/// Medians of each case, and its ratios to its raw rivals.
pub(crate) fn table(cases: &[Case], runs: &[Vec<Run>]) {
    for work in Work::ALL.iter().filter(|work| !work.is_beside()) {
        let all: Vec<_> = cases.iter().zip(runs).filter(|(case, _)| case.work == *work).collect();
        if all.is_empty() {
            continue;
        }
        let mut rows = vec![header(*work)];
        rows.extend(all.iter().map(|(case, runs)| row(case, runs, &all)));
        println!();
        print_aligned(&rows);
    }
    beside(cases, runs);
    println!(
        "\nmedians (lowest..highest); ratios of medians, and of the best runs; CPU time is of one call, or item, in us"
    );
}

fn header(work: Work) -> Vec<String> {
    let figure = match work {
        Work::Single => "p50 us",
        work if work.is_stream() => "items/s",
        _ => "calls/s",
    };
    let ratio = if overlaps(work) { "to coalesced" } else { "best to raw" };
    ["case", figure, "", "p99 us", "mean us", "to raw", ratio, "client CPU", "server CPU"].map(str::to_owned).to_vec()
}

fn row(case: &Case, runs: &[Run], all: &[(&Case, &Vec<Run>)]) -> Vec<String> {
    let of = |rival| {
        let same = |other: &&(&Case, &Vec<Run>)| other.0.placement == case.placement && other.0.rival == rival;
        all.iter().find(same).map(|(_, runs)| figures(case.work, runs))
    };
    let (own, raw) = (figures(case.work, runs), of(Rival::Raw));
    let second = match case.work {
        work if overlaps(work) => of(Rival::Coalesced).map(|raw| own.median / raw.median),
        work => raw.as_ref().map(|raw| own.best(work) / raw.best(work)),
    };
    let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    let digits = if case.work.is_stream() { 3 } else { 2 };
    let middle = |of: fn(&Run) -> f64| format!("{:.digits$}", Figures::of(runs.iter().map(of)).median);
    let shown = |number: f64| if case.work == Work::Single { format!("{number:.2}") } else { thousands(number) };
    let p99 = if overlaps(case.work) { "-".to_owned() } else { middle(|run| run.p99) };
    vec![
        case.name(),
        shown(own.median),
        format!("({}..{})", shown(own.lowest), shown(own.highest)),
        p99,
        middle(Run::mean),
        ratio(raw.map(|raw| own.median / raw.median)),
        ratio(second),
        middle(|run| run.client_cpu),
        middle(|run| run.server_cpu),
    ]
}

/// Whether many are under way at a time, so that no single one can be timed, and writing them together makes a difference.
fn overlaps(work: Work) -> bool {
    work == Work::Outstanding || work.is_stream()
}

/// Calls on a connection that carries other things, too: what they take, in terms of those that are alone on theirs.
fn beside(cases: &[Case], runs: &[Vec<Run>]) {
    let all: Vec<_> = cases.iter().zip(runs).filter(|(case, _)| case.work.is_beside()).collect();
    let median = |runs: &[Run], of: fn(&Run) -> f64| Figures::of(runs.iter().map(of)).median;
    let mut rows =
        vec![["case", "p50 us", "p99 us", "p50 to alone", "p99 to alone", "beside it MiB/s"].map(str::to_owned)];
    for (case, runs) in &all {
        let is_alone = |other: &&(&Case, &Vec<Run>)| other.0.placement == case.placement && other.0.work == Work::Alone;
        let alone = all.iter().find(is_alone).map(|(_, runs)| runs);
        let ratio = |of: fn(&Run) -> f64| {
            alone.map_or("-".to_owned(), |alone| format!("{:.2}", median(runs, of) / median(alone, of)))
        };
        let [p50, p99]: [fn(&Run) -> f64; 2] = [|run| run.p50, |run| run.p99];
        let moved = median(runs, |run| run.bulk_bytes / run.seconds / f64::from(1 << 20));
        let shown = |number: f64| format!("{number:.2}");
        rows.push([
            case.name(),
            shown(median(runs, p50)),
            shown(median(runs, p99)),
            ratio(p50),
            ratio(p99),
            format!("{moved:.0}"),
        ]);
    }
    if !all.is_empty() {
        println!();
        print_aligned(&rows.into_iter().map(Vec::from).collect::<Vec<_>>());
    }
}

struct Figures {
    median: f64,
    lowest: f64,
    highest: f64,
}

impl Figures {
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(sorted.len() / 2), lowest: at(0), highest: at(sorted.len().saturating_sub(1)) }
    }

    fn best(&self, work: Work) -> f64 {
        if work == Work::Single { self.lowest } else { self.highest }
    }
}

/// Of the number that counts for this work.
fn figures(work: Work, runs: &[Run]) -> Figures {
    match work {
        Work::Single => Figures::of(runs.iter().map(|run| run.p50)),
        _ => Figures::of(runs.iter().map(|run| run.calls / run.seconds)),
    }
}

fn thousands(number: f64) -> String {
    if number >= 1e6 { format!("{:.2} M", number / 1e6) } else { format!("{:.0} k", number / 1e3) }
}

/// Names to the left, figures to the right; what has words in it is a name.
pub(crate) fn print_aligned(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let is_name = |column: usize, cell: &str| column == 0 || cell.contains(", ");
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match is_name(column, cell) {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
