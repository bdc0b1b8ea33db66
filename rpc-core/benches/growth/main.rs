//! What a call costs as things grow: `cargo bench -p rpc-core --bench growth`.
//!
//! Connections, calls in flight, methods in the service, bytes in the message. The server is a process of its own, this program
//! once more, started anew for each point, and on the same CPU as its client: waking another CPU would cost more than
//! what is asked here. The points take turns.
//!
//! - `series`: what grows, and how a call is measured. `server`: that process. `wide`: services with many methods.
//! - `report`: the tables. `lines`, `svg`: the charts.
//!
//! Every answer is looked at: a wrong one ends the benchmark.
//!
//! Options, behind `--`: `--svg DIRECTORY` (a chart of each series), and any text to pick series whose names contain it.
#[cfg(target_os = "linux")]
mod lines;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod series;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
#[path = "../chart/svg.rs"]
mod svg;
#[cfg(target_os = "linux")]
mod wide;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: this benchmark pins processes to CPUs as Linux does");
}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [flag, address] if flag == server::FLAG => server::serve(address),
        _ => linux::run(arguments),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::report::Point;
    use super::series::{ALL, Series};
    use super::{lines, report, server};
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    /// As a test it only has to work: what is larger takes long to build up.
    const TEST_MAX: u64 = 1000;

    #[derive(Default)]
    struct Options {
        is_bench: bool,
        /// Where to draw charts.
        svg: Option<PathBuf>,
        /// Parts of the names of the series that are picked; empty: all are.
        filters: Vec<String>,
    }

    impl Options {
        fn read(arguments: Vec<String>) -> Self {
            let (mut options, mut arguments) = (Self::default(), arguments.into_iter());
            while let Some(argument) = arguments.next() {
                match argument.as_str() {
                    "--bench" => options.is_bench = true,
                    "--svg" => {
                        options.svg =
                            Some(arguments.next().expect("--svg is followed by the name of a directory").into());
                    }
                    // What test runners pass to any test.
                    option if option.starts_with("--") => {}
                    _ => options.filters.push(argument),
                }
            }
            options
        }

        fn picks(&self, series: &Series) -> bool {
            self.filters.is_empty() || self.filters.iter().any(|filter| series.name.contains(filter))
        }
    }

    pub(crate) fn run(arguments: Vec<String>) {
        let (start, options) = (Instant::now(), Options::read(arguments));
        server::pin();
        server::raise_descriptors();
        for series in ALL.iter().filter(|series| options.picks(series)) {
            let points = measure(series, options.is_bench);
            report::print(series, &points);
            if let Some(directory) = &options.svg {
                lines::draw(series, &points).write(&directory.join(format!("growth-{}.svg", series.name)));
            }
        }
        if !options.is_bench {
            println!("a test of the benchmark: these are no figures (`cargo bench` makes them)");
        }
        println!("took {:.0} s", start.elapsed().as_secs_f64());
    }

    fn measure(series: &Series, is_bench: bool) -> Vec<Point> {
        let (repeats, time) = if is_bench { (5, Duration::from_millis(150)) } else { (1, Duration::ZERO) };
        let sizes = series.sizes.iter().filter(|size| is_bench || **size <= TEST_MAX);
        let mut points: Vec<Point> = sizes.map(|size| Point { size: *size, micros: Vec::new() }).collect();
        for _ in 0..repeats {
            for point in &mut points {
                let server = server::start();
                point.micros.push((series.measure)(point.size, server.address(), time));
            }
            // Backwards every other time, so that nobody always runs behind the same neighbour.
            points.reverse();
        }
        points.sort_by_key(|point| point.size);
        points
    }
}
