//! `tail -f` with the file at a server: a stream that ends when nobody wants it any more.
//!
//! ```sh
//! cargo run -p examples --bin tail -- serve                # in one terminal
//! cargo run -p examples --bin tail -- follow /var/log/syslog  # in another; Ctrl-C ends it, at the server, too
//! ```

use clap::{Parser, Subcommand};
use examples::serve_and_tell;
use examples::tail::{Followers, Tail, TailClient, TailError};
use rpc_core::Server;
use std::io::{self, Write};
use std::path::{Path, absolute};
use std::process::ExitCode;

/// Follows a file at a server.
#[derive(Parser)]
struct Arguments {
    /// The server to ask: a name, a path with a slash, or tcp:host:port
    #[arg(long, global = true, default_value = "tail")]
    at: String,
    #[command(subcommand)]
    half: Half,
}

#[derive(Subcommand)]
enum Half {
    /// Serves files until Ctrl-C or SIGTERM
    Serve {
        /// Where; the same as --at
        address: Option<String>,
    },
    /// Prints a file's lines, and those that are added to it
    Follow {
        file: Box<Path>,
        /// The byte to begin at
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Ends after so many lines
        #[arg(long)]
        lines: Option<u64>,
    },
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let Arguments { at, half } = Arguments::parse();
    let done = match half {
        Half::Serve { address } => serve(address.as_deref().unwrap_or(&at)),
        Half::Follow { file, from, lines } => follow(&at, &file, from, lines.unwrap_or(u64::MAX)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tail: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), Failure> {
    Ok(serve_and_tell(Server::new(Tail::serve(Followers::default())), address)?)
}

fn follow(address: &str, file: &Path, mut from: u64, lines: u64) -> Result<(), Failure> {
    let tail = Tail::connect(address)?;
    // The server's directory may be another one.
    let file = absolute(file)?;
    let file = file.to_str().ok_or("the file's name is not UTF-8")?;
    let mut left = lines;
    while left > 0 {
        match print(&tail, file, &mut from, &mut left)? {
            // What that means is our business, not the service's: logs are rotated, and one goes on with the new file.
            Err(TailError::Replaced { .. }) => {
                eprintln!("tail: the file was replaced or truncated: from its beginning");
                from = 0;
            }
            other => other?,
        }
    }
    Ok(())
}

/// Prints lines, and keeps account of them. Gives what the service says when it ends.
fn print(tail: &TailClient, file: &str, from: &mut u64, left: &mut u64) -> Result<Result<(), TailError>, Failure> {
    let mut stream = tail.follow(file, Some(*from));
    for line in stream.items() {
        let line = line.map_err(|error| format!("{error}; to go on: --from {from}"))?;
        match writeln!(io::stdout(), "{}", line.text) {
            // Whoever read our output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => *left = 0,
            written => written?,
        }
        *from = line.end;
        *left = left.saturating_sub(1);
        if *left == 0 {
            // The stream is dropped, which cancels the call. Ctrl-C does the same by ending this process.
            return Ok(Ok(()));
        }
    }
    Ok(stream.finish()?)
}
