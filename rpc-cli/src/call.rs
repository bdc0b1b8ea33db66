//! `call ADDR METHOD [ARG..]`: one call, checked here before anything is sent.
use crate::args::{Call, Common};
use crate::connect::connect;
use crate::conversation::{self, Conversation};
use crate::failure::Failure;
use crate::method::Method;
use crate::printer::Printer;
use crate::style::Style;
use crate::timing::{self, Timing};
use crate::{arguments, signals, timeout};
use rpc_core::Shape;
use std::time::Instant;

/// Connects, finds the method, checks the arguments, calls, prints.
pub(crate) fn run(args: &Call, common: &Common) -> Result<(), Failure> {
    let deadline = args.timeout.unwrap_or_default();
    let server = connect(&args.server.address, &common.trust, timeout::limit(deadline))?;
    let method = Method::find(&server.services, &args.method)?;
    conversation::check(args, method)?;
    let opened = server.open(method.service)?;
    // Only now: reading stdin may take any time, and a server that stops meanwhile is told by the call.
    let bytes = arguments::encode(method, &args.arguments)?;
    signals::catch()?;
    let style = Style::of_stdout(common.color);
    let printer = Printer { method, format: args.output, big_ints: args.big_ints, style };
    let allowed = deadline.time_allowed(method.schema.shape, method.schema.timeout);
    let start = Instant::now();
    let tell = |sent, received| {
        if common.verbose {
            let call = Timing { open: opened.time, calls: 1, time: start.elapsed(), sent, received };
            timing::tell(&server, Some(call));
        }
    };
    if method.schema.shape.has_items() {
        return Conversation { printer, args, common }.run(&opened.service, &bytes, allowed, tell);
    }
    let answer = opened.service.call(method.schema, &bytes, allowed);
    tell(bytes.len(), answer.as_ref().map_or(0, Vec::len));
    let answer = answer.map_err(|error| Failure::from(error).of_call(method))?;
    match method.schema.shape {
        Shape::OneWay => Ok(()),
        _ => printer.answer(&answer),
    }
}
