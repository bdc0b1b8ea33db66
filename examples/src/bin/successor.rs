//! A character plus one, as in every socket tutorial, by a handler that takes a second: three callers at once are done in
//! about one second, on three connections and on one.
//!
//! `cargo run -p examples --bin successor` shows it. Why nobody queues is told at the service, in `src/successor.rs`.

use clap::{Parser, Subcommand};
use examples::successor::{Alphabet, AlphabetClient, Thinking};
use examples::{ServeError, ServerProcess, serve_and_tell};
use rpc_core::{Connection, Error, Server};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

/// Asks a slow server for three characters at once: on three connections, and on one.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    half: Option<Half>,
}

#[derive(Subcommand)]
enum Half {
    /// Serves the alphabet until Ctrl-C or SIGTERM
    Serve {
        /// A name, a path with a slash, or tcp:host:port
        address: String,
    },
    /// Asks a server for characters
    Ask {
        /// The server's address
        address: String,
    },
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = match Arguments::parse().half {
        Some(Half::Serve { address }) => serve(&address).map_err(Failure::from),
        Some(Half::Ask { address }) => ask(&address).map_err(Failure::from),
        None => both(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("successor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), ServeError> {
    serve_and_tell(Server::new(Alphabet::serve(Thinking(Duration::from_secs(1)))), address)
}

fn ask(address: &str) -> Result<(), Error> {
    println!("Three callers at once, one second of work each");
    let connect = || Alphabet::connect(address);
    at_once("on three connections", [connect()?, connect()?, connect()?])?;
    // A client is cheap to clone; the clones share its connection.
    let client = connect()?;
    at_once("on one connection", [client.clone(), client.clone(), client])?;
    // Calls over a pipeline return when they are sent: the same from one thread.
    let client = Alphabet::client(Connection::connect(address)?.pipelined());
    let start = Instant::now();
    let pending = ['a', 'b', 'c'].map(|character| (character, client.successor(character)));
    let answers = pending.into_iter().map(|(character, answer)| Ok((character, answer.wait()?)));
    tell("from one thread", start, answers.collect::<Result<_, Error>>()?);
    Ok(())
}

fn at_once(way: &str, clients: [AlphabetClient; 3]) -> Result<(), Error> {
    let start = Instant::now();
    let callers: Vec<_> = ['a', 'b', 'c']
        .into_iter()
        .zip(clients)
        .map(|(character, client)| (character, thread::spawn(move || client.successor(character))))
        .collect();
    let mut answers = Vec::new();
    for (character, caller) in callers {
        answers.push((character, caller.join().expect("a caller does not panic")?));
    }
    tell(way, start, answers);
    Ok(())
}

fn tell(way: &str, start: Instant, answers: Vec<(char, Option<char>)>) {
    let text: Vec<_> = answers
        .into_iter()
        .map(|(character, next)| format!("{character} -> {}", next.map_or("none".to_owned(), String::from)))
        .collect();
    println!("  {:21} {} in {:.3} s", format!("{way}:"), text.join(", "), start.elapsed().as_secs_f64());
}

fn both() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("alphabet");
    let mut serve = Command::new(std::env::current_exe()?);
    let server = ServerProcess::start(serve.arg("serve").arg(&socket))?;
    ask(server.address())?;
    Ok(server.stop()?)
}
