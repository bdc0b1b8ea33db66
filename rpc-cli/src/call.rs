//! `call ADDR METHOD [JSON]`: one call, checked here before anything is sent.
use crate::args::Call;
use crate::arguments;
use crate::connect::connect;
use crate::failure::Failure;
use crate::method::Method;
use crate::output;
use rpc_core::schema::{Described, WriteOptions};
use rpc_core::{Deadline, Error, Shape};
use std::io;

/// Connects, finds the method, checks the arguments, calls, prints.
pub(crate) fn run(args: &Call) -> Result<(), Failure> {
    let deadline = args.timeout.unwrap_or_default();
    let call_time_max = match deadline {
        Deadline::Within(time) => Some(time),
        Deadline::Default | Deadline::None => None,
    };
    let server = connect(&args.server.address, call_time_max)?;
    let method = Method::find(&server.services, &args.method)?;
    let bytes = arguments::encode(method, args.json.as_deref())?;
    let allowed = deadline.time_allowed(method.schema.timeout);
    let answer = server.connection.call_dynamic(method.service, method.schema, &bytes, allowed)?;
    match method.schema.shape {
        Shape::OneWay => Ok(()),
        _ => print(method, &answer),
    }
}

/// Prints an answer, or fails with it: the `Err` of a method that answers a `Result` is no result.
fn print(method: Method<'_>, answer: &[u8]) -> Result<(), Failure> {
    let answer = method.service.types.to_serde(method.schema.returns, answer, WriteOptions::default());
    match answer.as_result() {
        None => print_value(method, &answer),
        Some(Ok(value)) => print_value(method, &value),
        Some(Err(error)) => Err(Failure::Answered {
            method: method.full_name(),
            error_type: error.type_name(),
            value: serde_json::to_string(&error).map_err(|error| bad_reply(method, &error))?,
        }),
    }
}

fn print_value(method: Method<'_>, value: &Described<'_>) -> Result<(), Failure> {
    // A dry run: half a value on stdout could be taken for a whole one.
    serde_json::to_writer(io::sink(), value).map_err(|error| bad_reply(method, &error))?;
    output::value(value)
}

fn bad_reply(method: Method<'_>, error: &serde_json::Error) -> Failure {
    Error::BadReply { method: method.full_name(), problem: error.to_string() }.into()
}
