//! The command line, as clap reads it. Help, man pages and completions are made from this, too.
use crate::trust::Trust;
use crate::{exit, method, timeout};
use clap::ValueEnum;
use rpc_core::Deadline;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How arguments are written.
const ARGUMENTS: &str = "\
Forms of arguments:
  name=value      typed by the schema: a=-2 key=war flag=true kind=Small time=90s; no quotes but the shell's
  name=null       nothing, where the type is an Option; of text it is the text: leave it out, or write name:=null
  a.b=value       a field, a map's entry, what a variant holds: color.Rgb.red=1; a key with a dot needs JSON
  name.some=value what an Option of an Option holds
  list[]=value    one more item of a list or tuple; an item that has more than one part is list[]:=JSON
  name=text:value bytes: those of a text, name=hex:0aff, or name=AQI= in base64
  name:=JSON      any value as JSON
  name=@file      a file's content, text or bytes; name:=@file as JSON; @- is stdin; a text with @: name:='\"@..\"'
  {\"name\": ..}    all of them as one JSON object; - reads that from stdin
";

/// How values are written; `schema::convert` has all of it.
const FORMS: &str = r#"Values as JSON:
  integers to 64 bits and floats as numbers, 128 bits as "digits"; "NaN", "Infinity", "-Infinity"
  Vec<u8> as base64 "AQI=", "hex:0102", "text:hello" or [1, 2]; other lists, sets, arrays and tuples as [..]
  Option as null or the value, {"some": ..} where the value itself can be null; a field or argument may be left out
  structs as {"field": ..}; enums as "Unit" or {"Variant": ..}
  maps as {"key": ..}, or [[key, value], ..] where keys are no words or numbers
"#;

/// What `describe --format json` writes.
const DESCRIPTION: &str = r#"Description as JSON:
  {"services": [{name, doc, fingerprint, methods, types}]}; of a method or type, its service without other methods
  methods: {name, doc, signature, shape, idempotent, timeout_ms or null, arguments, accepts, stream, returns}
  shape: "Unary", "OneWay", "Stream", "Upload" or "Duplex"
  arguments, in wire order: {name, doc, type, id}; returns: {type, id}; accepts, stream, of items: the same, or null; type is as Rust writes it, id is a place in types
  types: "U8", {"Option": id}, {"Sequence": id}, {"Array": [id, length]}, {"Tuple": [id, ..]}, {"Map": [id, id]},
  {"Struct": {name, doc, body}} or {"Enum": {name, doc, variants: [{name, doc, body}, ..]}}
  body: "Unit", {"Newtype": id}, {"Tuple": [id, ..]} or {"Fields": [{name, doc, ty: id}, ..]}
  asked: [{type, id}, ..], only where ITEM is a type: which it is
"#;

/// Calls any running rpc-core service from a shell: the server tells what it can do.
#[derive(Debug, clap::Parser)]
#[command(name = "rpc-cli", version, args_override_self = true, after_help = exit::help())]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// What holds for every command.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What holds for every command.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// How an error is told on stderr
    #[arg(long, global = true, value_name = "FORM", default_value = "words")]
    pub(crate) errors: Errors,

    /// Whether the output has colours; auto: on a terminal, unless $NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,

    /// Tells on stderr how long each step took
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,

    /// Whom to trust.
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// How an error is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Errors {
    /// In words, for a person.
    Words,
    /// As one JSON object in one line, for a program.
    Json,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal that has them and unless $NO_COLOR is set.
    Auto,
    /// Into pipes, too.
    Always,
    /// Nowhere.
    Never,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    Describe(Describe),
    Call(Call),
    Each(Each),
    Ping(Ping),
    Stats(Stats),
    Wait(Wait),
    Completions(Completions),
    Man(Man),
    #[command(name = "__complete", hide = true)]
    Complete(Complete),
}

/// Lists the servers of your registry, or the methods of one server
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help())]
pub(crate) struct Ls {
    /// A server, to list its methods: a name, /path, ./path, @name, tcp:host:port, fd:N or exec:COMMAND; `:` for $RPC_ADDR
    #[arg(value_name = "ADDR")]
    pub(crate) address: Option<String>,

    /// How the list is written
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: ListFormat,

    /// How long each server may take to tell about itself
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = timeout::parse_limited)]
    pub(crate) timeout: Duration,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Columns, for a person.
    Table,
    /// JSON, for a program.
    Json,
}

/// Shows the services of a server, or one service, method or type, with their docs
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(), after_long_help = format!("{DESCRIPTION}\n{}", exit::help()))]
pub(crate) struct Describe {
    /// Where to look.
    #[command(flatten)]
    pub(crate) server: Server,

    /// A service, a method or a type: `Kv`, `Kv.get`, or any tail of that, such as `get`
    pub(crate) item: Option<String>,

    /// How it is written
    #[arg(short = 'o', long, alias = "output", value_name = "FORMAT", default_value = "text")]
    pub(crate) format: DescribeFormat,
}

/// How a description is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DescribeFormat {
    /// Rust-like text with docs.
    Text,
    /// The schema as JSON.
    Json,
}

/// What becomes of items.
const ITEMS: &str = "\
Methods with items, `stream` or `accepts` in their signature:
  items that it sends are printed as they come, each by itself; one that fails midway has printed those that came
  -o table and --collect print all at the end, and nothing if it fails
  an answer behind them goes to a terminal's stderr, or with -v to any; to stdout, alone, with --summary
  items that it accepts are the lines of stdin, one JSON value each (`jq -c`), sent as they come; a wrong line cancels
  the call; stdin is read by no other method, but for the argument -
";

/// A call of each kind.
const EXAMPLES: &str = "\
Examples:
  rpc-cli call kv get key=war -o raw
  rpc-cli call kv set '{\"key\": \"war\", \"value\": \"War and Peace\"}' --timeout 2s
  rpc-cli call shop submit job.title=Flyer job.color.Rgb.red=255 job.limit=90s 'job.pages[]:={\"number\": 1}'
";

/// Calls a method, and prints what it answers
#[derive(Debug, clap::Args)]
#[command(
    after_help = format!("{EXAMPLES}\n{ARGUMENTS}\n{ITEMS}\n{}", exit::help()),
    after_long_help = format!("{EXAMPLES}\n{ARGUMENTS}\n{ITEMS}\n{FORMS}\n{}", exit::help()),
)]
pub(crate) struct Call {
    /// Whom to call.
    #[command(flatten)]
    pub(crate) server: Server,

    /// `Service.method`, or any tail of that which is unambiguous, such as `method`
    #[arg(value_parser = method::parse)]
    pub(crate) method: String,

    /// The arguments: name=value .., or one JSON object, or `-` to read that from stdin
    #[arg(value_name = "ARG")]
    pub(crate) arguments: Vec<String>,

    /// How an answer or item is written [default: pretty on a terminal, else json]
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// Ends after so many items, and cancels the call
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) take: Option<u64>,

    /// Prints the items as one list, once all have come
    #[arg(long)]
    pub(crate) collect: bool,

    /// Prints what follows the items, and not the items
    #[arg(long, conflicts_with_all = ["take", "collect"])]
    pub(crate) summary: bool,

    /// How integers past 2^53 are written, which many readers of JSON would round
    #[arg(long, value_name = "FORM", default_value = "number")]
    pub(crate) big_ints: BigInts,

    /// How long the call may take, and connecting if that is below 5s: 500ms, 2s, 10m, 1h or none [default: the
    /// method's own, else 30s, for a method with items none]
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    pub(crate) timeout: Option<Deadline>,
}

/// How lines of stdin become arguments.
const LINES: &str = "\
Lines of stdin, one JSON value each (`jq -c` writes such lines); blank lines are passed over:
  {\"name\": ..}    the arguments by name, those that ARG does not give
  any other       the one argument that ARG does not give: seq 3 | rpc-cli each calc add b=1
  a line is called as it comes, its answer is a line of its own, in the order of stdin; a call without an answer prints none

Failures, a wrong line or a failed call:
  the answers of the lines before are printed, the error tells the number of the line, the exit code is the failure's
  nothing behind is called; with -j N the calls of up to N - 1 lines behind are under way: they are cancelled, and told
  with --keep-going every failure is told on stderr and prints no answer, and the exit code is that of the first; it
  still ends where no call can succeed: the connection is lost, stdin cannot be read, nobody reads the answers
";

/// Calls a method for each line of stdin, over one connection, and prints the answers in their order
#[derive(Debug, clap::Args)]
#[command(
    after_help = format!("{LINES}\n{}", exit::help()),
    after_long_help = format!("{LINES}\n{ARGUMENTS}\n{FORMS}\n{}", exit::help()),
)]
pub(crate) struct Each {
    /// Whom to call.
    #[command(flatten)]
    pub(crate) server: Server,

    /// `Service.method`, or any tail of that which is unambiguous, such as `method`
    #[arg(value_parser = method::parse)]
    pub(crate) method: String,

    /// Arguments that are the same for every line: name=value ..
    #[arg(value_name = "ARG")]
    pub(crate) arguments: Vec<String>,

    /// How many calls may be under way at a time; with 1 a line is called once the one before has its answer, so a
    /// failure stops right there
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) jobs: u32,

    /// Goes on after a line that is wrong or whose call fails
    #[arg(short, long)]
    pub(crate) keep_going: bool,

    /// How each answer is written
    #[arg(short, long, value_name = "FORMAT", default_value = "json")]
    pub(crate) output: LineFormat,

    /// How integers past 2^53 are written, which many readers of JSON would round
    #[arg(long, value_name = "FORM", default_value = "number")]
    pub(crate) big_ints: BigInts,

    /// How long each call may take, and connecting if that is below 5s: 500ms, 2s, 10m, 1h or none [default: the
    /// method's own, else 30s]
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    pub(crate) timeout: Option<Deadline>,
}

/// How one of many answers is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineFormat {
    /// JSON in one line.
    Json,
    /// A string and a line end, or bytes alone; nothing for None of these; else json.
    Raw,
    /// The bytes that travelled, in hexadecimal.
    Hex,
    /// Nothing; the exit code tells.
    None,
}

impl From<LineFormat> for Format {
    fn from(format: LineFormat) -> Self {
        match format {
            LineFormat::Json => Self::Json,
            LineFormat::Raw => Self::Raw,
            LineFormat::Hex => Self::Hex,
            LineFormat::None => Self::None,
        }
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON in one line.
    Json,
    /// JSON over many lines.
    Pretty,
    /// A string and a line end, or bytes alone; nothing for None of these; else json.
    Raw,
    /// Columns: a row for each item of a list, or for each field.
    Table,
    /// The bytes that travelled, in hexadecimal.
    Hex,
    /// Nothing; the exit code tells.
    None,
}

/// How large integers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BigInts {
    /// As numbers.
    Number,
    /// As strings of digits.
    String,
}

/// Connects, and measures round trips that ask nothing of any service
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help())]
pub(crate) struct Ping {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) server: Server,

    /// How many round trips, one after the other
    #[arg(short, long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) count: u32,

    /// How the figures are written
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: PingFormat,

    /// How long connecting may take, and each round trip
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = timeout::parse_limited)]
    pub(crate) timeout: Duration,
}

/// How figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PingFormat {
    /// Lines, for a person.
    Text,
    /// One JSON object, for a program.
    Json,
}

/// What the table and the JSON of `stats` have.
const FIGURES: &str = r#"A row a method, since the server was started:
  CALLS      that have run and ended, however they ended; with --watch CALLS/S since the row before
  REFUSED    that were not run: overloaded, not allowed, arguments that do not decode, a deadline that had passed,
             or too late for a server that stops
  FAILED     of CALLS: the handler panicked, or its answer could not be sent
  CANCELLED  of CALLS: nobody waited for the answer any more
  MEAN, MAX, TIME  in handlers, TIME all together; of quick calls beyond the first 64 one in 64 is timed, for all
  IN, OUT    bytes of arguments, answers and items; ITEMS IN, ITEMS OUT how many items
A row a call that runs or waits for a thread, the oldest first: AGE since it came, PID and UID of its caller

Lines above the tables tell which limits have struck, and how many calls were refused that no method could be found for

As JSON: {pid, instance, uptime_ns, state, threads, connections: {open, opened, refused}, incidents, refused, methods,
  running, running_total}; refused: calls of no method
  incidents, how often limits have struck: {refused, handshakes, stalled, slow_readers, abusive, accept_failures}
  methods: {service, method, calls, refused, failed, cancelled, items_in, items_out, bytes_in, bytes_out,
  time_total_ns, time_max_ns, times}; times: calls below 1us, 10us, 100us, 1ms, 10ms, 100ms, 1s, 10s, and longer ones
  running, 1000 at most: {id, service, method, age_ns, uid or null, pid or null}
"#;

/// Shows what a server has done, method by method, and the calls that run
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(), after_long_help = format!("{FIGURES}\n{}", exit::help()))]
pub(crate) struct Stats {
    /// Whom to ask.
    #[command(flatten)]
    pub(crate) server: Server,

    /// Asks again every so many seconds [1 if none are given], until Ctrl-C: in place of what was shown on a terminal, else
    /// one after the other; as JSON an object a line. A server that is started anew within the --timeout is watched on
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1", value_parser = timeout::parse_pause)]
    pub(crate) watch: Option<Duration>,

    /// How the figures are written
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: ListFormat,

    /// How long connecting may take, and each answer
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = timeout::parse_limited)]
    pub(crate) timeout: Duration,
}

/// Waits until a server answers
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help())]
pub(crate) struct Wait {
    /// Whom to wait for.
    #[command(flatten)]
    pub(crate) server: Server,

    /// How long to wait: 500ms, 2s, 10m, 1h or none
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = timeout::parse)]
    pub(crate) timeout: Deadline,
}

/// Prints a script that completes commands, addresses, methods and arguments on the Tab key
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell that will read it
    pub(crate) shell: Shell,
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// In ~/.bashrc: source <(rpc-cli completions bash)
    Bash,
    /// In ~/.zshrc, after compinit: source <(rpc-cli completions zsh)
    Zsh,
    /// In ~/.config/fish/config.fish: rpc-cli completions fish | source
    Fish,
}

/// Writes the man pages of this program
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// Where to: rpc-cli.1 and a page for each command; an existing directory, such as ~/.local/share/man/man1
    pub(crate) directory: PathBuf,
}

/// What the scripts of `completions` ask.
#[derive(Debug, clap::Args)]
pub(crate) struct Complete {
    /// The shell that asks.
    pub(crate) shell: Shell,

    /// What it tells; the scripts know.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<OsString>,
}

/// Where the server is.
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    /// Where the server is: a name, /path, ./path, @name, tcp:host:port, fd:N or exec:COMMAND; `:` for $RPC_ADDR
    #[arg(value_name = "ADDR")]
    pub(crate) address: String,
}
