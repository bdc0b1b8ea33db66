//! A daemon that runs shell commands, and its command line.
//!
//! ```sh
//! cargo run -p examples --bin jobs -- serve                    # in one terminal
//! cargo run -p examples --bin jobs -- start 'ping localhost'   # in another; prints the job's number
//! cargo run -p examples --bin jobs -- follow 1                 # Ctrl-C ends the following, not the job
//! cargo run -p examples --bin jobs -- cancel 1
//! ```

use clap::{Parser, Subcommand};
use examples::jobs::{Jobs, JobsClient, State};
use examples::{JobRunner, serve_and_tell};
use rpc_core::Server;
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs shell commands at a server.
#[derive(Parser)]
struct Arguments {
    /// The server to ask: a name, a path with a slash, or tcp:host:port
    #[arg(long, global = true, default_value = "jobs")]
    at: String,
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Runs jobs until Ctrl-C or SIGTERM, which kills them
    Serve {
        /// Where; the same as --at
        address: Option<String>,
    },
    /// Starts a job, and prints its number
    Start { command: String },
    /// Prints what a job prints, and ends as it does
    Follow { job: u64 },
    /// Kills a job
    Cancel { job: u64 },
    /// Prints jobs: number, state, command
    List,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("jobs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { at, command }: Arguments) -> Result<ExitCode, Failure> {
    if let Action::Serve { address } = command {
        serve_and_tell(Server::new(Jobs::serve(JobRunner::default())), &address.unwrap_or(at))?;
        return Ok(ExitCode::SUCCESS);
    }
    let jobs = Jobs::connect(&at)?;
    match command {
        Action::Serve { .. } => {}
        // The outer error is the call's, the inner one the job runner's own.
        Action::Start { command } => println!("{}", jobs.start(&command)??),
        Action::Follow { job } => return follow(&jobs, job),
        Action::Cancel { job } => jobs.cancel(job)??,
        Action::List => {
            for job in jobs.list()? {
                println!("{}\t{:?}\t{}", job.job, job.state, job.command);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn follow(jobs: &JobsClient, job: u64) -> Result<ExitCode, Failure> {
    let mut lines = jobs.follow(job);
    for line in lines.items() {
        writeln!(io::stdout(), "{}", line?)?;
    }
    match lines.finish()?? {
        State::Exited { code } => Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))),
        State::Killed => Err(format!("job {job} was killed").into()),
        State::Running => Err(format!("the server stops, and job {job} with it").into()),
    }
}
