//! What a user asks of the benchmark.
use super::case::Case;
use super::measure::Amount;
use std::path::PathBuf;
use std::time::Duration;

/// How thorough to be.
pub(crate) struct Effort {
    pub(crate) repeats: usize,
    pub(crate) amount: Amount,
    /// Calls under strace; `None`: they are not counted.
    pub(crate) counted: Option<u64>,
}

pub(crate) struct Options {
    pub(crate) effort: Effort,
    /// Where to draw a chart.
    pub(crate) svg: Option<PathBuf>,
    /// Parts of the names of the cases that are picked; empty: all are.
    filters: Vec<String>,
}

impl Options {
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Self {
        let (mut svg, mut filters, mut is_bench, mut is_quick) = (None, Vec::new(), false, false);
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => is_bench = true,
                "--quick" => is_quick = true,
                "--svg" => svg = Some(arguments.next().expect("--svg is followed by the name of a file").into()),
                // What test runners pass to any test.
                option if option.starts_with("--") => {}
                _ => filters.push(argument),
            }
        }
        Self { effort: Effort::new(is_bench, is_quick), svg, filters }
    }

    pub(crate) fn picks(&self, case: &Case) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| case.name().contains(filter))
    }
}

impl Effort {
    fn new(is_bench: bool, is_quick: bool) -> Self {
        let time = |millis| Amount::Time(Duration::from_millis(millis));
        match (is_bench, is_quick) {
            // Without this flag of `cargo bench` it is a test: it only has to work.
            (false, _) => Self { repeats: 1, amount: Amount::Calls(200), counted: None },
            (true, true) => Self { repeats: 3, amount: time(120), counted: Some(500) },
            (true, false) => Self { repeats: 5, amount: time(500), counted: Some(3000) },
        }
    }
}
