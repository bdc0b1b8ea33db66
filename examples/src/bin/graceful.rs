//! A parent tells its child to end while the child has work to do: the child finishes what it has begun, takes nothing new,
//! and ends. What takes too long is cut, and everybody is told.
//!
//! `cargo run -p examples --bin graceful` shows it.

use clap::{Args, Parser, Subcommand};
use examples::{ServerProcess, serve_and_tell};
use rpc_core::{Connection, Context, Error, Limits, Server, Service};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

/// Works.
#[derive(Service)]
enum Worker {
    /// The square of a number, by hard work.
    #[rpc(returns = u64, idempotent, blocking)]
    Square { number: u32 },
}

/// How long it works on a number.
struct Hard(Duration);

impl WorkerHandler for Hard {
    fn square(&self, _cx: &Context, number: u32) -> u64 {
        thread::sleep(self.0);
        u64::from(number).pow(2)
    }
}

/// Tells a child to end while it works: once it has the time to finish, once not.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Subcommand)]
enum Child {
    /// Works until Ctrl-C or SIGTERM, and ends with 1 if it could not finish
    Serve {
        /// A name, a path with a slash, or tcp:host:port
        address: String,
        #[command(flatten)]
        times: Times,
    },
}

#[derive(Args)]
struct Times {
    /// How long it works on a number, in milliseconds
    #[arg(long, default_value_t = 1000)]
    work: u64,
    /// How long it may go on when it is told to end, in milliseconds
    #[arg(long, default_value_t = 10_000)]
    drain: u64,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = match Arguments::parse().child {
        Some(Child::Serve { address, times }) => serve(&address, &times),
        None => both(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("graceful: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The child.
fn serve(address: &str, times: &Times) -> Result<(), Failure> {
    let mut limits = Limits::default();
    limits.drain_time_max = Duration::from_millis(times.drain);
    let worker = Worker::serve(Hard(Duration::from_millis(times.work)));
    // Tells by its error how many calls were cut.
    Ok(serve_and_tell(Server::new(worker).limits(limits), address)?)
}

/// The parent.
fn both() -> Result<(), Failure> {
    println!("A child that may finish its work");
    end_while_it_works(&Times { work: 1000, drain: 10_000 })?;
    println!("A child that may not");
    end_while_it_works(&Times { work: 60_000, drain: 500 })
}

fn end_while_it_works(times: &Times) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let mut serve = Command::new(std::env::current_exe()?);
    serve.arg("serve").arg(directory.path().join("worker"));
    let times = [("--work", times.work), ("--drain", times.drain)].map(|(name, time)| format!("{name}={time}"));
    let child = ServerProcess::start(serve.args(times))?;

    let connection = Connection::connect(child.address())?;
    // Over a pipeline a call returns when it is sent.
    let worker = Worker::client(connection.pipelined());
    let pending = [2, 3, 4].map(|number| (number, worker.square(number)));
    // With the pong the child has begun to work.
    connection.ping(PONG_TIME_MAX)?;
    let ended = child.stop();
    for (number, square) in pending {
        println!("  {number} squared: {}", in_words(square.wait()));
    }
    println!("  5 squared: {}", in_words(Worker::client(connection).square(5)));
    println!("  {}", ended.map_or_else(|error| error.to_string(), |()| "the child has ended cleanly".to_owned()));
    Ok(())
}

/// A child that reads at all answers a ping at once.
const PONG_TIME_MAX: Duration = Duration::from_secs(10);

fn in_words(square: Result<u64, Error>) -> String {
    square.map_or_else(|error| error.to_string(), |square| square.to_string())
}
