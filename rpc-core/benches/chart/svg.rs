//! A chart as an SVG file: shapes and words at places, in colours that can be read on light and on dark pages.
use std::fmt::{self, Write};
use std::path::Path;

/// What is drawn, each with its colour: as many kinds as are told apart at a glance.
const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.faint { fill: #59636e }
.page { fill: #ffffff }
.grid { stroke: #d1d9e0 }
.base { stroke: #1f2328 }
.first { fill: #0969da; stroke: #0969da }
.second { fill: #bf8700; stroke: #bf8700 }
.third { fill: #8250df; stroke: #8250df }
.line { fill: none; stroke-width: 2 }
.mark { stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.faint { fill: #9198a1 }
.page { fill: #0d1117 }
.grid { stroke: #3d444d }
.base, .mark { stroke: #f0f6fc }
.first { fill: #4493f8; stroke: #4493f8 }
.second { fill: #d29922; stroke: #d29922 }
.third { fill: #ab7df8; stroke: #ab7df8 }
.line { fill: none }
}";

/// On which side of its place a text stands.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// Shapes so far. Lengths are in pixels, from the upper left corner.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    shapes: String,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let mut svg = Self { width, height, shapes: String::new() };
        svg.rect("page", (0.0, 0.0), (width, height));
        svg
    }

    pub(crate) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let size = format_args!(r#"width="{width:.1}" height="{height:.1}""#);
        self.shape(format_args!(r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" {size}/>"#));
    }

    pub(crate) fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.shape(format_args!(r#"<polyline class="{class}" points="{}"/>"#, points.join(" ")));
    }

    pub(crate) fn text(&mut self, class: &str, anchor: Anchor, (x, y): (f64, f64), text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let anchor = anchor.name();
        self.shape(format_args!(r#"<text class="{class}" text-anchor="{anchor}" x="{x:.1}" y="{y:.1}">{text}</text>"#));
    }

    fn shape(&mut self, shape: fmt::Arguments<'_>) {
        writeln!(self.shapes, "{shape}").expect("a string takes everything");
    }

    /// `cargo bench` runs in the directory of the package: a relative path starts there.
    pub(crate) fn write(&self, path: &Path) {
        let Self { width, height, shapes } = self;
        let head =
            format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">"#);
        let text = format!("{head}\n<style>\n{STYLE}\n</style>\n{shapes}</svg>\n");
        std::fs::write(path, text)
            .unwrap_or_else(|error| panic!("the chart {} was not written: {error}", path.display()));
        println!("wrote {}", path.display());
    }
}

/// From numbers to places, so that ten times as much is as far anywhere.
pub(crate) struct Scale {
    /// The powers of ten at its ends.
    decades: (f64, f64),
    places: (f64, f64),
}

impl Scale {
    /// Over at least all these numbers, with a power of ten at both ends.
    pub(crate) fn over(numbers: impl Iterator<Item = f64>, places: (f64, f64)) -> Self {
        let (lowest, highest) = numbers
            .filter(|number| number.is_finite() && *number > 0.0)
            .map(f64::log10)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)));
        let low = if lowest.is_finite() { lowest.floor() } else { 0.0 };
        let high = highest.ceil().max(low + 1.0);
        Self { decades: (low, high), places }
    }

    pub(crate) fn at(&self, number: f64) -> f64 {
        let ((low, high), (start, end)) = (self.decades, self.places);
        start + (number.log10() - low) / (high - low) * (end - start)
    }

    /// Its powers of ten.
    pub(crate) fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        let (low, high) = self.decades;
        (low as i32..=high as i32).map(|power| 10_f64.powi(power))
    }
}
