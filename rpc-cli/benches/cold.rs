//! What a call from a shell costs: a process is started, connects, learns the schema, checks the arguments, calls, prints.
//!
//! `cargo bench -p rpc-cli` runs three commands in turn, so that what else the machine does meets all alike: `/bin/true`,
//! a raw client (this program, which connects, writes the bytes of a request, reads those of a reply and prints them), and
//! `rpc-cli call`. The aim is a median of at most 2 ms over `/bin/true`. A number after `--` is how often each one runs.
#![cfg_attr(not(unix), expect(unused, reason = "processes are compared on Unix"))]
use examples::ServerProcess;
use examples::kv::{Kv, Store};
use rpc_core::Server;
use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How often each command runs, unless told otherwise.
const ROUNDS: usize = 500;
/// Runs before those that count: files come into the cache, branches are learned.
const WARM_UP: usize = 20;

/// As long as `rpc-cli`'s own request and reply for `get key=a`, heads included.
const REQUEST: [u8; 15] = [7; 15];
const REPLY: [u8; 15] = [8; 15];

#[cfg(not(unix))]
fn main() {
    eprintln!("skipped: processes are compared on Unix");
}

#[cfg(unix)]
fn main() -> ExitCode {
    let args: Vec<String> = env::args().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        [_, "serve", address] => serve(address),
        [_, "serve-raw", path] => serve_raw(path),
        [_, "call-raw", path] => call_raw(path),
        [_, rest @ ..] => compare(rest.iter().find_map(|word| word.parse().ok()).unwrap_or(ROUNDS)),
        [] => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cold: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    Ok(examples::serve_and_tell(Server::new(Kv::serve(Store::default())), address)?)
}

/// Answers one request a connection.
#[cfg(unix)]
fn serve_raw(path: &str) -> Result<(), Box<dyn Error>> {
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    println!("listening on {path}");
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.read_exact(&mut [0; REQUEST.len()])?;
        stream.write_all(&REPLY)?;
    }
    Ok(())
}

#[cfg(unix)]
fn call_raw(path: &str) -> Result<(), Box<dyn Error>> {
    let mut stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.write_all(&REQUEST)?;
    let mut reply = [0; REPLY.len()];
    stream.read_exact(&mut reply)?;
    writeln!(io::stdout(), "{reply:?}")?;
    Ok(())
}

fn compare(rounds: usize) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let place = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let (served, raw) = (place("kv.sock"), place("raw.sock"));
    let this = env::current_exe()?;
    let server = ServerProcess::start(Command::new(&this).args(["serve", &served]))?;
    let raw_server = ServerProcess::start(Command::new(&this).args(["serve-raw", &raw]))?;

    let mut call = Command::new(env!("CARGO_BIN_EXE_rpc-cli"));
    call.args(["call", &served, "get", "key=a"]).env("XDG_CACHE_HOME", directory.path());
    let mut raw_call = Command::new(&this);
    raw_call.args(["call-raw", &raw]);
    let mut commands = [("/bin/true", Command::new("/bin/true")), ("raw client", raw_call), ("rpc-cli call", call)];

    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..WARM_UP + rounds.max(1) {
        for ((_, command), times) in commands.iter_mut().zip(&mut times) {
            let time = time(command)?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    drop((server, raw_server));

    println!("{rounds} cold runs of each, in turn; ms\n");
    println!("{:<14} {:>7} {:>7} {:>7} {:>16}", "", "min", "median", "p99", "median over true");
    let base = figures(&mut times[0])[1];
    for ((name, _), times) in commands.iter().zip(&mut times) {
        let [min, median, p99] = figures(times);
        println!("{name:<14} {min:>7.2} {median:>7.2} {p99:>7.2} {:>16.2}", median - base);
    }
    Ok(())
}

/// From before it is started until it has ended.
fn time(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed();
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(time)
}

/// Least, median and 99th percentile, in milliseconds.
fn figures(times: &mut [Duration]) -> [f64; 3] {
    times.sort_unstable();
    [0, times.len() / 2, times.len() * 99 / 100].map(|index| times[index].as_secs_f64() * 1e3)
}
