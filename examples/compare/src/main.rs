//! The works of this framework's benchmark, done by it and by its rivals, side by side.
//!
//! Each measurement is two fresh processes of this program, over a Unix socket. `compare` measures and prints tables,
//! `compare --help` tells the rest. COMPARE.md at the top of the repository has the results.
mod amount;
mod asynchronous;
mod blocking;
mod measured;
mod process;
mod rival;
mod rivals;
mod runtime;
mod series;
mod table;
mod work;

use anyhow::Result;
use clap::{Parser, Subcommand};
use process::{ClientArgs, ServerArgs};
use series::SeriesArgs;

/// Measures RPC frameworks over Unix sockets, each with two processes, in turns with a raw socket.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    series: SeriesArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Serves one rival until stdin ends; `compare` starts it.
    Server(ServerArgs),
    /// Does one work once, and prints what came of it; `compare` starts it.
    Client(ClientArgs),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.command {
        None => series::run(&cli.series),
        Some(Command::Server(args)) => process::serve(&args),
        Some(Command::Client(args)) => process::call(&args),
    }
}
