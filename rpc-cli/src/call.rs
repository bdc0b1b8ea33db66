//! `call ADDR METHOD [ARG..]`: one call, checked here before anything is sent.
use crate::args::{BigInts, Call, Common};
use crate::arguments;
use crate::connect::connect;
use crate::failure::Failure;
use crate::method::Method;
use crate::output;
use crate::style::Style;
use crate::timing::{self, Timing};
use rpc_core::schema::WriteOptions;
use rpc_core::{Deadline, Error, Shape};
use std::io;
use std::time::Instant;

/// Connects, finds the method, checks the arguments, calls, prints.
pub(crate) fn run(args: &Call, common: &Common) -> Result<(), Failure> {
    let deadline = args.timeout.unwrap_or_default();
    let call_time_max = match deadline {
        Deadline::Within(time) => Some(time),
        Deadline::Default | Deadline::None => None,
    };
    let server = connect(&args.server.address, call_time_max)?;
    let method = Method::find(&server.services, &args.method)?;
    let bytes = arguments::encode(method, &args.arguments)?;
    let allowed = deadline.time_allowed(method.schema.timeout);
    let start = Instant::now();
    let answer = server.connection.call_dynamic(method.service, method.schema, &bytes, allowed);
    if common.verbose {
        let received = answer.as_ref().map_or(0, Vec::len);
        timing::tell(&server, Some(Timing { time: start.elapsed(), sent: bytes.len(), received }));
    }
    match method.schema.shape {
        Shape::OneWay => answer.map(drop).map_err(Failure::from),
        _ => print(method, &answer?, args, Style::of_stdout(common.color)),
    }
}

/// Prints an answer, or fails with it: the `Err` of a method that answers a `Result` is no result.
fn print(method: Method<'_>, encoded: &[u8], args: &Call, style: Style) -> Result<(), Failure> {
    let options = WriteOptions::default().big_ints_as_strings(args.big_ints == BigInts::String);
    let answer = method.service.types.to_serde(method.schema.returns, encoded, options);
    let bad_reply = |error: serde_json::Error| -> Failure {
        Error::BadReply { method: method.full_name(), problem: error.to_string() }.into()
    };
    // A dry run: half a value on stdout could be taken for a whole one.
    serde_json::to_writer(io::sink(), &answer).map_err(bad_reply)?;
    match answer.as_result() {
        None => output::answer(&answer, encoded, args.output, style),
        Some(Ok(value)) => output::answer(&value, encoded, args.output, style),
        Some(Err(error)) => Err(Failure::Answered {
            method: method.full_name(),
            error_type: error.type_name(),
            value: serde_json::value::to_raw_value(&error).map_err(bad_reply)?,
            meaning: error.variant().map(|variant| variant.doc.clone()).unwrap_or_default(),
        }),
    }
}
