//! The table of figures.
use super::case::{Case, Rival, Unit, Work};
use super::figures::Figures;
use super::measure::Run;

/// Medians of each case, and its ratios to its raw rivals.
pub(crate) fn table(cases: &[Case], runs: &[Vec<Run>]) {
    for work in Work::ALL.iter().filter(|work| work.unit() != Unit::Beside) {
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
        "\nmedians (lowest..highest); ratios of medians, and of the best runs; MiB/s are each way; CPU time is of one call, or item, in us"
    );
}

fn header(work: Work) -> Vec<String> {
    let figure = match work.unit() {
        Unit::Latency | Unit::Beside => "p50 us",
        Unit::Calls => "calls/s",
        Unit::Items => "items/s",
        Unit::Bytes => "MiB/s",
    };
    let ratio = second_rival(work).map_or("best to raw", |(_, header)| header);
    ["case", figure, "", "p99 us", "mean us", "to raw", ratio, "client CPU", "server CPU"].map(str::to_owned).to_vec()
}

/// Who else is raw here, and what stands above the ratios to it.
fn second_rival(work: Work) -> Option<(Rival, &'static str)> {
    let rivals = [(Rival::Coalesced, "to coalesced"), (Rival::Tuned, "to tuned")];
    rivals.into_iter().find(|(rival, _)| work.is_done_by(*rival))
}

fn row(case: &Case, runs: &[Run], all: &[(&Case, &Vec<Run>)]) -> Vec<String> {
    let of = |rival| {
        let same = |other: &&(&Case, &Vec<Run>)| other.0.placement == case.placement && other.0.rival == rival;
        all.iter().find(same).map(|(_, runs)| Figures::of_work(case.work, runs))
    };
    let (own, raw) = (Figures::of_work(case.work, runs), of(Rival::Raw));
    let second = match second_rival(case.work) {
        Some((rival, _)) => of(rival).map(|second| own.median / second.median),
        None => raw.as_ref().map(|raw| own.best(case.work) / raw.best(case.work)),
    };
    let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    let digits = if case.work.unit() == Unit::Items { 3 } else { 2 };
    let middle = |of: fn(&Run) -> f64| format!("{:.digits$}", Figures::of(runs.iter().map(of)).median);
    let shown = |number: f64| match case.work.unit() {
        Unit::Latency | Unit::Beside => format!("{number:.2}"),
        Unit::Calls | Unit::Items => thousands(number),
        Unit::Bytes => format!("{number:.0}"),
    };
    let p99 = if case.work.overlaps() { "-".to_owned() } else { middle(|run| run.p99) };
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

/// Calls on a connection that carries other things, too: what they take, in terms of those that are alone on theirs.
fn beside(cases: &[Case], runs: &[Vec<Run>]) {
    let all: Vec<_> = cases.iter().zip(runs).filter(|(case, _)| case.work.unit() == Unit::Beside).collect();
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
