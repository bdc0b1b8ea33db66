//! A server that replaces itself by a new process of its program, while it is called, and no call fails.
//!
//! ```sh
//! cargo run -p examples --bin relay -- serve relay     # in one terminal
//! rpc-cli call relay process                           # in another; prints a process id
//! kill -HUP $(rpc-cli call relay process)              # its successor starts, and serves at the same socket
//! rpc-cli call relay process                           # another id
//! ```
//!
//! ```text
//! old ── SIGHUP ── starts the new one, with the listening socket ── "listening on .." ── leaves the file, drains, ends
//! new               listens at the socket that it was given ──────────── serves ──────── looks after the file
//! ```
//! At every moment somebody accepts, and what the old one does not take any more it refuses: `Reconnect` and `retry` of a
//! client turn that into a call of the new one. A successor that fails to start changes nothing.

#[cfg(unix)]
mod unix {
    use clap::{Parser, Subcommand};
    use examples::relay::{Myself, Runner};
    use rpc_core::{Server, Stopper};
    use signal_hook::{consts::SIGHUP, iterator::Signals};
    use std::io::{BufRead, BufReader};
    use std::process::{Command, ExitCode, Stdio};
    use std::thread;

    /// A server that replaces itself on SIGHUP.
    #[derive(Parser)]
    struct Arguments {
        #[command(subcommand)]
        action: Action,
    }

    #[derive(Subcommand)]
    enum Action {
        /// Serves until Ctrl-C, SIGTERM, or a successor
        Serve {
            /// A name, a path with a slash, tcp:host:port, or fd:N
            address: String,
        },
    }

    type Failure = Box<dyn std::error::Error>;

    pub(crate) fn main() -> ExitCode {
        let Action::Serve { address } = Arguments::parse().action;
        match serve(&address) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("relay: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn serve(address: &str) -> Result<(), Failure> {
        let server = Server::new(Runner::serve(Myself)).listen(address)?.catch_signals()?;
        let mut hangups = Signals::new([SIGHUP])?;
        let stopper = server.stopper();
        // Not before signals are caught: whoever reads this line may send one.
        println!("listening on {}", server.addresses()[0]);
        thread::spawn(move || {
            for _ in hangups.forever() {
                match start_successor(&stopper) {
                    Ok(()) => return stopper.stop_for_successor(),
                    Err(error) => eprintln!("relay: no successor, so this one stays: {error}"),
                }
            }
        });
        server.run()?;
        Ok(())
    }

    /// Starts a successor, and waits until it serves.
    fn start_successor(server: &Stopper) -> Result<(), Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let addresses = server.pass_to(&mut command)?;
        let address = addresses.first().ok_or("there is no socket")?.to_string();
        let mut successor = command.arg("serve").arg(address).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        successor.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line)).transpose()?;
        if line.is_empty() {
            return Err(format!("the successor ended with {}", successor.wait()?).into());
        }
        Ok(())
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("relay: sockets are passed between processes on Unix alone");
}
