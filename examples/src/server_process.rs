//! A server as a child process: how its parent knows that it listens, and how it ends.
//!
//! ```text
//! parent                                    child
//! ServerProcess::start ── spawns ─────────> serve_and_tell: listens
//!         <── "listening on <address>" ──── one line on its stdout; a TCP port of 0 is a real one here
//! calls   ────────────────────────────────> serves
//! stop    ── SIGTERM ─────────────────────> answers what is in flight, removes its socket, exits with 0
//! drop    ── SIGKILL                        no child outlives its parent's interest
//! ```

use rpc_core::{Error, Server};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// How the line begins by which a server tells where it listens.
const LISTENING: &str = "listening on ";

/// Serves until SIGTERM or SIGINT, and tells on stdout where.
///
/// # Errors
/// Those of [`Server::listen`] and [`rpc_core::Listening::run`], and that calls were cut: a program that ends with success
/// has finished them all.
pub fn serve_and_tell(server: Server, address: &str) -> Result<(), ServeError> {
    // Before the line is out: whoever has read it may send SIGTERM.
    let server = server.listen(address)?.catch_signals()?;
    println!("{LISTENING}{}", server.addresses()[0]);
    match server.run()?.cut {
        0 => Ok(()),
        count => Err(ServeError::Cut { count }),
    }
}

/// Why a server did not run, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It could not listen, or not go on.
    #[error(transparent)]
    Rpc(#[from] Error),
    /// It was told to end, and calls still ran when their time was over.
    #[error("{count} calls were still running, and were cut")]
    Cut {
        /// How many.
        count: usize,
    },
}

/// A server in a process of its own. Dropping it kills it, as `kill -9` does.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: String,
    // Open as long as the child lives: it may print, and a closed pipe would end it.
    _stdout: BufReader<ChildStdout>,
}

impl ServerProcess {
    /// Starts the command, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or ends before it listens; its stderr, which is ours, says why.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().expect("it was just piped");
        let mut server = Self { child, address: String::new(), _stdout: BufReader::new(stdout) };
        let mut line = String::new();
        server._stdout.read_line(&mut line)?;
        server.address = match line.trim_end().strip_prefix(LISTENING) {
            Some(address) => address.to_owned(),
            None => return Err(io::Error::other("the server ended before it listened")),
        };
        Ok(server)
    }

    /// Where it listens: what clients connect to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, by SIGTERM, and waits until it has.
    ///
    /// # Errors
    /// It ended otherwise than with status 0.
    #[cfg(unix)]
    pub fn stop(mut self) -> io::Result<()> {
        use rustix::process::{Pid, Signal, kill_process};

        // The id is still its own: nobody but us can wait for our child.
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        match self.child.wait()? {
            status if status.success() => Ok(()),
            status => Err(io::Error::other(format!("the server ended with {status}"))),
        }
    }

    /// Ends it: this system has no SIGTERM.
    ///
    /// # Errors
    /// It cannot be ended.
    #[cfg(not(unix))]
    pub fn stop(mut self) -> io::Result<()> {
        self.child.kill()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
