//! The tables.
use super::series::Series;

/// What was measured at one size.
pub(crate) struct Point {
    pub(crate) size: u64,
    /// Of a call, by repeat.
    pub(crate) micros: Vec<f64>,
}

impl Point {
    /// Median, lowest, highest.
    pub(crate) fn figures(&self) -> (f64, f64, f64) {
        let mut sorted = self.micros.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        (at(sorted.len() / 2), at(0), at(sorted.len().saturating_sub(1)))
    }
}

/// Each size, what a call costs there, and in terms of the size before.
pub(crate) fn print(series: &Series, points: &[Point]) {
    println!("\n{}", series.title);
    println!("{:>10}  {:>12}  {:>24}  {:>9}  {:>10}", series.name, "us a call", "lowest..highest", "size ×", "cost ×");
    let mut before: Option<(u64, f64)> = None;
    for point in points {
        let (median, lowest, highest) = point.figures();
        let ratio =
            |of: fn((u64, f64)) -> f64, own: f64| before.map_or("-".to_owned(), |it| format!("{:.2}", own / of(it)));
        let (grown, costs) = (ratio(|(size, _)| size as f64, point.size as f64), ratio(|(_, cost)| cost, median));
        let range = format!("{lowest:.2}..{highest:.2}");
        println!("{:>10}  {median:>12.2}  {range:>24}  {grown:>9}  {costs:>10}", size(series, point.size));
        before = Some((point.size, median));
    }
}

/// As people say it.
pub(crate) fn size(series: &Series, size: u64) -> String {
    match size {
        _ if !series.is_bytes => size.to_string(),
        0..1024 => format!("{size} B"),
        1024..0x10_0000 => format!("{} KiB", size >> 10),
        _ => format!("{} MiB", size >> 20),
    }
}
