//! `each ADDR METHOD [ARG..]`: a call for each line of stdin, over one connection; the answers in the order of the lines.
//!
//! ```text
//! stdin ── lines ── arguments ── feeder ── calls under way, in order ──> results ── printer ──> stdout
//!                                  └────────────── permits <───────────────┘
//! ```
//!
//! - `feeder`: starts the calls, on a thread of its own: answers are printed while stdin is silent.
//! - `results`: waits for them, and decides whether to go on after a failure.
//! - `progress`: a line on a terminal that tells how far it is.
mod feeder;
mod progress;
mod results;

use crate::args::{Common, Each};
use crate::arguments::Given;
use crate::connect::connect;
use crate::failure::{Failure, end};
use crate::method::Method;
use crate::printer::Printer;
use crate::style::Style;
use crate::timing::{self, Timing};
use crate::{signals, timeout};
use feeder::{Feeder, Gate};
use progress::Progress;
use results::Results;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

/// What to do about a method that `each` cannot call.
const ITEMS: &str = "has items, and `each` calls methods without: `rpc-cli call` sends and prints them";

/// Connects, finds the method, and calls it until stdin ends or a call fails.
pub(crate) fn run(args: &Each, common: &Common) -> Result<(), Failure> {
    let deadline = args.timeout.unwrap_or_default();
    let server = connect(&args.server.address, &common.trust, timeout::limit(deadline))?;
    let method = Method::find(&server.services, &args.method)?;
    if method.schema.shape.has_items() {
        return Err(method.unfit(ITEMS));
    }
    let given = Given::parse(method, &args.arguments)?;
    let opened = server.open(method.service)?;
    signals::catch()?;
    let style = Style::of_stdout(common.color);
    let (permits, permitted) = mpsc::sync_channel(args.jobs as usize);
    // There is room for all of them.
    (0..args.jobs).for_each(|_| _ = permits.send(()));
    let (starting, started) = mpsc::channel();
    let gate = Gate::default();
    let feeder = Feeder {
        given,
        method,
        service: &opened.service,
        pipeline: server.connection.pipelined(),
        allowed: deadline.time_allowed(method.schema.shape, method.schema.timeout),
        keep_going: args.keep_going,
        permits: permitted,
        started: starting,
        gate: &gate,
    };
    let printer = Printer { method, format: Some(args.output.into()), big_ints: args.big_ints, style };
    let mut results = Results::new(printer, args.keep_going, common, &gate, Progress::new(style, common));
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| feeder.run());
        let done = results.all(started, permits);
        if common.verbose {
            let (sent, received) = (results.sent, results.received);
            let calls = Timing { open: opened.time, calls: results.calls, time: start.elapsed(), sent, received };
            timing::tell(&server, Some(calls));
        }
        match done {
            Ok(()) => Ok(()),
            // That thread may wait for stdin for ever.
            failed => end(failed, common),
        }
    })
}
