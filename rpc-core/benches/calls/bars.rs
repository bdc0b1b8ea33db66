//! The chart: how many times as fast as raw this framework is, for each work and placement.
use super::case::{Case, Placement, Rival, Unit, Work};
use super::figures::Figures;
use super::measure::Run;
use super::svg::{Anchor, Scale, Svg};

const WIDTH: f64 = 860.0;
/// Where bars may begin, right of the names, and end, left of the last figure.
const BARS: (f64, f64) = (230.0, WIDTH - 50.0);
/// What a figure takes beside its bar.
const FIGURE_WIDTH: f64 = 42.0;
const BAR_HEIGHT: f64 = 13.0;
const GAP_HEIGHT: f64 = 11.0;
const HEAD_HEIGHT: f64 = 88.0;
const FOOT_HEIGHT: f64 = 30.0;

/// One bar.
struct Bar {
    placement: Placement,
    ratio: f64,
    /// What the other raw rival reaches: with coalesced writes, or larger socket buffers.
    other: Option<f64>,
}

/// What was measured, but for calls beside other work, which nothing raw does.
pub(crate) fn draw(cases: &[Case], runs: &[Vec<Run>]) -> Svg {
    let groups: Vec<(Work, Vec<Bar>)> =
        Work::ALL.iter().map(|work| (*work, bars(*work, cases, runs))).filter(|(_, bars)| !bars.is_empty()).collect();
    let heights: f64 = groups.iter().map(|(_, bars)| GAP_HEIGHT + BAR_HEIGHT * bars.len() as f64).sum();
    let bottom = HEAD_HEIGHT + heights + GAP_HEIGHT;
    let mut svg = Svg::new(WIDTH, bottom + FOOT_HEIGHT);
    let ratios = groups.iter().flat_map(|(_, bars)| bars).flat_map(|bar| [Some(bar.ratio), bar.other]).flatten();
    let scale = Scale::over(ratios.chain([1.0]), BARS);
    head(&mut svg);
    for mark in scale.marks() {
        let class = if mark == 1.0 { "base" } else { "grid" };
        svg.line(class, &[(scale.at(mark), HEAD_HEIGHT), (scale.at(mark), bottom)]);
        svg.text("faint", Anchor::Middle, (scale.at(mark), bottom + 18.0), &format!("{mark} ×"));
    }
    let mut y = HEAD_HEIGHT;
    for (work, bars) in &groups {
        y += GAP_HEIGHT;
        let middle = y + BAR_HEIGHT * bars.len() as f64 / 2.0 + 4.0;
        svg.text("", Anchor::End, (BARS.0 - 12.0, middle), title(*work));
        for bar in bars {
            draw_bar(&mut svg, &scale, bar, y);
            y += BAR_HEIGHT;
        }
    }
    svg
}

fn head(svg: &mut Svg) {
    svg.text("title", Anchor::Start, (16.0, 26.0), "rpc-core beside a raw Unix socket: how many times as fast");
    let scale = "1 × is raw: a length, the bytes, one write a message. Further right is better; each line is ten times the one before.";
    svg.text("faint", Anchor::Start, (16.0, 46.0), scale);
    let mut x = 16.0;
    for placement in Placement::ALL {
        svg.rect(class(*placement), (x, 60.0), (12.0, 12.0));
        svg.text("", Anchor::Start, (x + 18.0, 70.0), place(*placement));
        x += 150.0;
    }
    svg.line("mark", &[(x + 40.0, 60.0), (x + 40.0, 72.0)]);
    svg.text("", Anchor::Start, (x + 48.0, 70.0), "raw with coalesced writes, or larger buffers");
}

fn draw_bar(svg: &mut Svg, scale: &Scale, bar: &Bar, y: f64) {
    let (from, to) = (scale.at(1.0), scale.at(bar.ratio));
    let height = BAR_HEIGHT - 2.0;
    svg.rect(class(bar.placement), (from.min(to), y), ((to - from).abs(), height));
    if let Some(other) = bar.other {
        svg.line("mark", &[(scale.at(other), y - 1.0), (scale.at(other), y + height + 1.0)]);
    }
    let (anchor, x) = figure(to, bar.ratio, bar.other.map(|other| scale.at(other)));
    svg.text("faint", anchor, (x, y + height - 1.0), &format!("{:.2}", bar.ratio));
}

/// Where the figure of a bar that ends here stands: beside its end, or beyond the other's mark if that would be in it.
fn figure(end: f64, ratio: f64, mark: Option<f64>) -> (Anchor, f64) {
    if ratio < 1.0 {
        return (Anchor::End, end - 5.0);
    }
    let end = mark.filter(|mark| (end..end + FIGURE_WIDTH).contains(mark)).unwrap_or(end);
    (Anchor::Start, end + 5.0)
}

fn bars(work: Work, cases: &[Case], runs: &[Vec<Run>]) -> Vec<Bar> {
    let speed = |placement, rival| {
        let sought = Case { work, placement, rival };
        let (_, runs) = cases.iter().zip(runs).find(|(case, _)| **case == sought)?;
        let median = Figures::of_work(work, runs).median;
        Some(if work.unit() == Unit::Latency { 1.0 / median } else { median })
    };
    let bar = |placement: &Placement| {
        let raw = speed(*placement, Rival::Raw)?;
        let ratio = speed(*placement, Rival::Framework)? / raw;
        let other = speed(*placement, Rival::Coalesced).or(speed(*placement, Rival::Tuned)).map(|other| other / raw);
        Some(Bar { placement: *placement, ratio, other })
    };
    Placement::ALL.iter().filter_map(bar).collect()
}

fn class(placement: Placement) -> &'static str {
    match placement {
        Placement::One => "first",
        Placement::Two => "second",
        Placement::Busy => "third",
    }
}

fn place(placement: Placement) -> &'static str {
    match placement {
        Placement::One => "both on one CPU",
        Placement::Two => "on two CPUs",
        Placement::Busy => "on two, beside busy loops",
    }
}

fn title(work: Work) -> &'static str {
    match work {
        Work::Single => "one call at a time (p50)",
        Work::Outstanding => "64 calls under way",
        Work::Waits => "a handler that sleeps 1 ms (p50)",
        Work::Connections => "16 connections, a thread each",
        Work::Multiplexed => "16 connections of one thread",
        Work::Threads => "64 threads on one connection",
        Work::Connects => "connect, call, close",
        Work::Echo64Kib => "echo of 64 KiB",
        Work::Echo1Mib => "echo of 1 MiB",
        Work::Echo16Mib => "echo of 16 MiB",
        Work::Items => "items of 32 bytes, received",
        Work::Upload => "items of 32 bytes, sent",
        work => work.name(),
    }
}
