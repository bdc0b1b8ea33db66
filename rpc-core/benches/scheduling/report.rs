//! The table: what was measured, and what it should be.

#[derive(Default)]
pub(crate) struct Report(Vec<[String; 3]>);

impl Report {
    /// One row. `target` is in the words of whoever reads it; empty: there is none.
    pub(crate) fn row(&mut self, what: impl Into<String>, figure: impl Into<String>, target: &str) {
        self.0.push([what.into(), figure.into(), target.to_owned()]);
    }

    pub(crate) fn print(&self) {
        let widths = [0, 1].map(|column| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        for [what, figure, target] in &self.0 {
            println!("{what:<0$}  {figure:>1$}  {target}", widths[0], widths[1]);
        }
    }
}

/// Times in microseconds, sorted.
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn new(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time that this part of all is not above.
    pub(crate) fn at(&self, part: f64) -> f64 {
        let place = (self.0.len() as f64 * part) as usize;
        self.0.get(place.min(self.0.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    /// Median and worst, in milliseconds.
    pub(crate) fn p50_and_max(&self) -> String {
        format!("p50 {:.3} max {:.3} ms", self.at(0.5) / 1e3, self.at(1.0) / 1e3)
    }

    /// Median and 99th percentile, in milliseconds.
    pub(crate) fn p50_and_p99(&self) -> String {
        format!("p50 {:.3} p99 {:.3} ms", self.at(0.5) / 1e3, self.at(0.99) / 1e3)
    }
}
