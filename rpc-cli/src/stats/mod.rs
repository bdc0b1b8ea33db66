//! `stats ADDR`: what a server has done and what it is doing, once or again and again.
//!
//! - `asked`: whom. `report`: the tables. `amount`: times and sizes for a person. `figures`: the same for a program. `screen`: what fits on it.
mod amount;
mod asked;
mod figures;
mod report;
mod screen;

use crate::args::{Common, ListFormat, Stats as Args};
use crate::failure::Failure;
use crate::output;
use crate::signals;
use crate::style::Style;
use asked::Asked;
use figures::Figures;
use report::Report;
use rpc_core::Stats;
use std::thread;
use std::time::{Duration, Instant};

/// Connects, asks, and prints; with `--watch` until somebody ends it.
pub(crate) fn run(args: &Args, common: &Common) -> Result<(), Failure> {
    let style = Style::of_stdout(common.color);
    match args.watch {
        None => {
            let stats = Asked::once(args, &common.trust)?.stats()?;
            match args.output {
                ListFormat::Table => output::text(&Report::of(&stats, None).text(style)),
                ListFormat::Json => output::value(&Figures::of(&stats), style),
            }
        }
        Some(pause) => {
            let server = Asked::again(args, &common.trust)?;
            signals::catch()?;
            watch(pause, args.output, style, &server)
        }
    }
}

/// Ends by a signal, or when the server has ended and does not come back.
fn watch(pause: Duration, format: ListFormat, style: Style, server: &Asked) -> Result<(), Failure> {
    let mut before: Option<(Stats, Instant)> = None;
    loop {
        let stats = server.stats()?;
        let now = Instant::now();
        match format {
            ListFormat::Json => output::text(&output::line(&Figures::of(&stats), style))?,
            ListFormat::Table => {
                let before = before.as_ref().map(|(stats, then)| (stats, now - *then));
                let report = Report::of(&stats, before).text(style);
                output::text(&if style.is_terminal { screen::redrawn(&report) } else { format!("{report}\n") })?;
            }
        }
        before = Some((stats, now));
        thread::sleep(pause);
    }
}
