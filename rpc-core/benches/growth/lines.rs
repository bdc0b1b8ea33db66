//! The charts: what a call costs at each size.
use super::report::{self, Point};
use super::series::Series;
use super::svg::{Anchor, Scale, Svg};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 300.0;
/// Where sizes stand, from left to right, and costs, from the bottom up.
const ACROSS: (f64, f64) = (90.0, WIDTH - 40.0);
const UP: (f64, f64) = (HEIGHT - 40.0, 70.0);

/// Medians on a line, with lowest and highest; both axes by powers of ten.
pub(crate) fn draw(series: &Series, points: &[Point]) -> Svg {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text("title", Anchor::Start, (16.0, 26.0), series.title);
    let about = "Medians, lowest and highest of one call at each size. Both processes on one CPU.";
    svg.text("faint", Anchor::Start, (16.0, 46.0), about);
    let sizes = Scale::over(points.iter().map(|point| point.size as f64), ACROSS);
    let costs = Scale::over(points.iter().flat_map(|point| point.micros.iter().copied()), UP);
    for mark in costs.marks() {
        svg.line("grid", &[(ACROSS.0, costs.at(mark)), (ACROSS.1, costs.at(mark))]);
        svg.text("faint", Anchor::End, (ACROSS.0 - 8.0, costs.at(mark) + 4.0), &format!("{mark} µs"));
    }
    let mut medians = Vec::new();
    for point in points {
        let ((median, lowest, highest), x) = (point.figures(), sizes.at(point.size as f64));
        svg.line("first", &[(x, costs.at(lowest)), (x, costs.at(highest))]);
        svg.text("", Anchor::Middle, (x, costs.at(highest) - 8.0), &shown(median));
        svg.text("faint", Anchor::Middle, (x, UP.0 + 20.0), &report::size(series, point.size));
        medians.push((x, costs.at(median)));
    }
    svg.line("first line", &medians);
    svg
}

/// With as many digits as mean something.
fn shown(micros: f64) -> String {
    if micros < 10.0 {
        format!("{micros:.2}")
    } else if micros < 100.0 {
        format!("{micros:.1}")
    } else {
        format!("{micros:.0}")
    }
}
