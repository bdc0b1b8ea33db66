//! The command line, as clap reads it.
use crate::{exit, timeout};
use rpc_core::Deadline;

/// How values are written; `schema::convert` has all of it.
const FORMS: &str = r#"Values as JSON:
  integers to 64 bits and floats as numbers, 128 bits as "digits"; "NaN", "Infinity", "-Infinity"
  Vec<u8> as base64 "AQI=", "hex:0102" or [1, 2]; other lists, sets, arrays and tuples as [..]
  Option as null or the value, {"some": ..} where the value itself can be null; a field or argument may be left out
  structs as {"field": ..}; enums as "Unit" or {"Variant": ..}
  maps as {"key": ..}, or [[key, value], ..] where keys are no words or numbers
"#;

/// Calls any running rpc-core service from a shell: the server tells what it can do.
#[derive(Debug, clap::Parser)]
#[command(name = "rpc-cli", version, after_help = exit::help())]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Describe(Describe),
    Call(Call),
}

/// Shows the services of a server, or one service, method or type, with their docs
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help())]
pub(crate) struct Describe {
    /// Where to look.
    #[command(flatten)]
    pub(crate) server: Server,

    /// A service, a method or a type: `Kv`, `Kv.get`, or any tail of that, such as `get`
    pub(crate) item: Option<String>,
}

/// Calls a method, and prints what it answers as JSON
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(), after_long_help = format!("{FORMS}\n{}", exit::help()))]
pub(crate) struct Call {
    /// Whom to call.
    #[command(flatten)]
    pub(crate) server: Server,

    /// `Service.method`, or any tail of that which is unambiguous, such as `method`
    pub(crate) method: String,

    /// The arguments as one JSON object, `-` to read it from stdin; may be left out when none are needed
    pub(crate) json: Option<String>,

    /// How long the call may take, and connecting if that is below 5s: 500ms, 2s, 10m, 1h or none [default: the
    /// method's own, else 30s]
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    pub(crate) timeout: Option<Deadline>,
}

/// Where the server is.
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    /// Where the server is: a name, /path, ./path, @name or tcp:host:port; `:` for $RPC_ADDR
    #[arg(value_name = "ADDR")]
    pub(crate) address: String,
}
