//! The checksum of a file, computed by a server to which it is sent in pieces.
//!
//! ```sh
//! cargo run -p examples --bin upload -- serve             # in one terminal
//! cargo run -p examples --bin upload -- send Cargo.lock   # in another
//! ```

use clap::{Parser, Subcommand};
use examples::serve_and_tell;
use examples::upload::{Checksum, Sum, Summing};
use rpc_core::Server;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

/// Computes the checksum of a file at a server.
#[derive(Parser)]
struct Arguments {
    /// The server to ask: a name, a path with a slash, or tcp:host:port
    #[arg(long, global = true, default_value = "upload")]
    at: String,
    #[command(subcommand)]
    half: Half,
}

#[derive(Subcommand)]
enum Half {
    /// Serves checksums until Ctrl-C or SIGTERM
    Serve {
        /// Where; the same as --at
        address: Option<String>,
    },
    /// Sends a file, and prints its CRC-32 and its size
    Send {
        /// The file; - for what comes on standard input
        file: Box<Path>,
    },
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let Arguments { at, half } = Arguments::parse();
    let done = match half {
        Half::Serve { address } => {
            let server = Server::new(Checksum::serve(Summing));
            serve_and_tell(server, address.as_deref().unwrap_or(&at)).map_err(Failure::from)
        }
        Half::Send { file } => send(&at, &file).map(|sum| println!("{:08x}  {}", sum.crc32, sum.bytes)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("upload: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is read, and sent, at a time.
const PIECE_BYTES: usize = 64 << 10;

fn send(address: &str, file: &Path) -> Result<Sum, Failure> {
    let (mut input, total): (Box<dyn Read>, _) = match file.to_str() {
        Some("-") => (Box::new(io::stdin()), None),
        _ => {
            let file = File::open(file).map_err(|error| format!("cannot open {}: {error}", file.display()))?;
            let size = file.metadata()?.len();
            (Box::new(file), Some(size))
        }
    };
    let mut progress = Progress { total, sent: 0, shown: String::new() };
    let mut upload = Checksum::connect(address)?.crc32();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        piece.resize(PIECE_BYTES, 0);
        // When the file cannot be read on, `upload` is dropped: the service learns that this is not the end.
        let count = input.read(&mut piece)?;
        piece.truncate(count);
        // A service that takes no more has answered, or is gone: `finish` tells which.
        if count == 0 || upload.send(&piece).is_err() {
            return Ok(upload.finish()?);
        }
        progress.add(count as u64);
    }
}

/// A bar on a terminal, and nothing elsewhere.
struct Progress {
    /// `None`: nobody knows.
    total: Option<u64>,
    sent: u64,
    shown: String,
}

/// How wide the bar is, in characters.
const BAR_WIDTH: u64 = 40;

impl Progress {
    fn add(&mut self, count: u64) {
        self.sent += count;
        let line = self.line();
        if line != self.shown && io::stderr().is_terminal() {
            eprint!("\r{line}");
            self.shown = line;
        }
    }

    fn line(&self) -> String {
        let mebibytes = self.sent >> 20;
        // A file may grow while it is read.
        let Some(total) = self.total.filter(|total| self.sent <= *total) else { return format!("{mebibytes} MiB") };
        let done = |whole: u64| (u128::from(self.sent) * u128::from(whole) / u128::from(total.max(1))) as u64;
        let bar = "#".repeat(done(BAR_WIDTH) as usize);
        format!("[{bar:<width$}] {:3} %  {mebibytes} MiB", done(100), width = BAR_WIDTH as usize)
    }
}

impl Drop for Progress {
    /// What is printed next begins on a line of its own.
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            eprintln!();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_with_what_is_sent() {
        let line = |sent, total| Progress { total, sent, shown: String::new() }.line();
        assert_eq!(line(0, Some(200)), format!("[{}]   0 %  0 MiB", " ".repeat(40)));
        assert_eq!(line(100, Some(200)), format!("[{}{}]  50 %  0 MiB", "#".repeat(20), " ".repeat(20)));
        assert_eq!(line(5 << 20, Some(5 << 20)), format!("[{}] 100 %  5 MiB", "#".repeat(40)));
        assert_eq!(line(u64::MAX, Some(u64::MAX)).split(' ').nth(1), Some("100"));
        assert_eq!(line(5 << 20, None), "5 MiB");
        assert_eq!(line(5 << 20, Some(1)), "5 MiB", "it has grown meanwhile");
    }
}
