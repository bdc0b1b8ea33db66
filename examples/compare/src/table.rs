//! Results as tables, for a terminal or as Markdown: one for each work.
use crate::measured::Measured;
use crate::series::{Case, Outcome, Placement};
use crate::work::Work;
use clap::ValueEnum;

/// How tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Markdown,
}

/// The rival that all are compared with.
const BASE: &str = "raw";

type Row = Vec<String>;

/// All works that were measured.
pub(crate) fn print(cases: &[Case], format: Format) {
    for &work in Work::value_variants() {
        let cases: Vec<&Case> = cases.iter().filter(|case| case.work == work).collect();
        if !cases.is_empty() {
            println!(
                "\n{}\n",
                if format == Format::Text { work.title().to_owned() } else { format!("### {}", work.title()) }
            );
            print_rows(&rows(work, &cases), format);
        }
    }
}

fn rows(work: Work, cases: &[&Case]) -> Vec<Row> {
    let placements = [(Placement::One, "one CPU"), (Placement::Two, "two CPUs")];
    let is_measured = |placement| cases.iter().any(|case| case.placement == placement);
    let placements: Vec<_> = placements.into_iter().filter(|(placement, _)| is_measured(*placement)).collect();
    let mut rows = vec![heading(work, &placements)];
    for case in cases.iter().filter(|case| case.placement == Placement::One) {
        let mut row = vec![case.rival.to_owned()];
        for (placement, _) in &placements {
            row.extend(cells(work, case.rival, *placement, cases));
        }
        rows.push(row);
    }
    rows
}

fn heading(work: Work, placements: &[(Placement, &str)]) -> Row {
    let mut row = vec![String::new()];
    for (_, name) in placements {
        row.extend([*name, "min..max", "x raw"].map(str::to_owned));
        row.extend((work == Work::Ping).then(|| "p99".to_owned()));
    }
    row
}

/// Of one rival at one place.
fn cells(work: Work, rival: &str, placement: Placement, cases: &[&Case]) -> Row {
    let of = |name: &str| cases.iter().find(|case| case.rival == name && case.placement == placement);
    let base = of(BASE).and_then(|case| figures(work, &case.result));
    let case = of(rival);
    let mut row = match case.and_then(|case| figures(work, &case.result)) {
        Some(own) => {
            let ratio = base.map_or("-".to_owned(), |base| format!("{:.2}", own.median / base.median));
            vec![shown(own.median), format!("{}..{}", shown(own.least), shown(own.most)), ratio]
        }
        None => {
            let why = case.map_or("-".to_owned(), |case| why_not(&case.result));
            vec![why, "-".to_owned(), "-".to_owned()]
        }
    };
    if work == Work::Ping {
        row.push(case.and_then(|case| p99(&case.result)).map_or("-".to_owned(), shown));
    }
    row
}

fn why_not(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Measured(_) => "-".to_owned(),
        Outcome::Cannot(why) => (*why).to_owned(),
        Outcome::Failed(why) => why.clone(),
    }
}

struct Figures {
    median: f64,
    least: f64,
    most: f64,
}

fn figures(work: Work, outcome: &Outcome) -> Option<Figures> {
    spread(outcome, |run| run.figure(work))
}

fn p99(outcome: &Outcome) -> Option<f64> {
    spread(outcome, Measured::p99).map(|figures| figures.median)
}

fn spread(outcome: &Outcome, of: impl Fn(&Measured) -> f64) -> Option<Figures> {
    let Outcome::Measured(runs) = outcome else { return None };
    let mut sorted: Vec<f64> = runs.iter().map(of).collect();
    sorted.sort_by(f64::total_cmp);
    Some(Figures { median: *sorted.get(sorted.len() / 2)?, least: *sorted.first()?, most: *sorted.last()? })
}

/// Three digits, as far as there are any.
fn shown(number: f64) -> String {
    match number {
        number if number >= 1e6 => format!("{:.2} M", number / 1e6),
        number if number >= 1e4 => format!("{:.0} k", number / 1e3),
        number if number >= 100.0 => format!("{number:.0}"),
        number => format!("{number:.1}"),
    }
}

fn print_rows(rows: &[Row], format: Format) {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        match format {
            Format::Text => println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end()),
            Format::Markdown => println!("| {} |", cells.collect::<Vec<_>>().join(" | ")),
        }
        if number == 0 && format == Format::Markdown {
            println!("|---|{}", "---:|".repeat(columns.saturating_sub(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(rival: &'static str, rates: &[u64]) -> Case {
        let run = |times| format!(r#"{{"times": {times}, "seconds": 1.0, "p50": 0.0, "p99": 0.0}}"#);
        let runs = rates.iter().map(|times| serde_json::from_str(&run(times)).expect("as a client writes it"));
        Case { rival, work: Work::Shared, placement: Placement::One, result: Outcome::Measured(runs.collect()) }
    }

    #[test]
    fn a_row_has_the_median_its_spread_and_the_ratio_to_raw() {
        let cases = [case("raw", &[300, 100, 200]), case("other", &[90, 50, 600]), case("none", &[])];
        let rows = rows(Work::Shared, &cases.iter().collect::<Vec<_>>());
        assert_eq!(rows[0], ["", "one CPU", "min..max", "x raw"]);
        assert_eq!(rows[1], ["raw", "200", "100..300", "1.00"]);
        assert_eq!(rows[2], ["other", "90.0", "50.0..600", "0.45"]);
        assert_eq!(rows[3], ["none", "-", "-", "-"]);
    }

    #[test]
    fn what_a_rival_cannot_do_is_told_in_its_row() {
        let cannot = Case { result: Outcome::Cannot("no streams"), ..case("other", &[]) };
        let rows = rows(Work::Shared, &[&case("raw", &[1]), &cannot]);
        assert_eq!(rows[2], ["other", "no streams", "-", "-"]);
    }

    #[test]
    fn figures_have_three_digits_or_so() {
        let shown = [0.04, 9.96, 123.4, 12_345.0, 2_345_678.0].map(shown);
        assert_eq!(shown, ["0.0", "10.0", "123", "12 k", "2.35 M"]);
    }
}
