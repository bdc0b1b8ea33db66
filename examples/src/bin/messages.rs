//! Four messages that nobody answers, an open file, and who sent them: not as they say themselves, but as the kernel does.
//!
//! `cargo run -p examples --bin messages` shows it with two processes; `--help` says how to run them in two terminals.

#[cfg(unix)]
mod unix {
    use clap::{Parser, Subcommand};
    use examples::serve_and_tell;
    use rpc_core::{Connection, Context, Fd, Peer, Server, Service};
    use std::fs::{self, File};
    use std::io::{self, BufRead, BufReader, Read};
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitCode};
    use std::time::Duration;

    /// Takes messages.
    #[derive(Service)]
    enum Letterbox<'a> {
        /// Prints a message, and who sent it. No reply.
        #[rpc(oneway)]
        Put { text: &'a str },
        /// Prints the first line of an open file, and who sent it. No reply.
        #[rpc(oneway)]
        Enclose { file: Fd },
    }

    /// What is sent, unless it is told otherwise.
    const TEXTS: [&str; 4] = ["one", "two", "three", "and that was all"];

    /// Whoever sends a file may send a long line.
    const LINE_BYTES_MAX: u64 = 200;

    /// A server that reads at all answers a ping at once.
    const PONG_TIME_MAX: Duration = Duration::from_secs(10);

    /// Prints what comes.
    struct Reader;

    impl LetterboxHandler for Reader {
        fn put(&self, cx: &Context, text: &str) {
            println!("  {}: {text}", sender(cx.peer()));
        }

        fn enclose(&self, cx: &Context, file: Fd) {
            let line = first_line(file).unwrap_or_else(|error| format!("a file that cannot be read: {error}"));
            println!("  {}: {line}", sender(cx.peer()));
        }
    }

    /// Reads where the sender has stopped reading: both have the same open file, as after dup(2).
    fn first_line(file: Fd) -> io::Result<String> {
        let file = File::from(file.into_owned()?);
        // What another program sends may be anything: a pipe into which nobody ever writes would keep this handler.
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut line = Vec::new();
        BufReader::new(file.take(LINE_BYTES_MAX)).read_until(b'\n', &mut line)?;
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// The kernel noted it when the connection was made. Over TCP it knows nothing.
    fn sender(peer: &Peer) -> String {
        let told = [("process", peer.pid), ("user", peer.uid), ("group", peer.gid)];
        let known: Vec<_> = told.iter().filter_map(|(what, id)| id.map(|id| format!("{what} {id}"))).collect();
        if known.is_empty() { "somebody".to_owned() } else { known.join(", ") }
    }

    /// Sends four messages and an open file to another process, which prints them and their sender.
    ///
    /// In two terminals: `messages serve letters`, and `messages send letters --enclose Cargo.toml`. With
    /// `tcp:127.0.0.1:7000` for `letters` nobody knows the sender, and no open file can be sent.
    #[derive(Parser)]
    struct Arguments {
        #[command(subcommand)]
        half: Option<Half>,
    }

    #[derive(Subcommand)]
    enum Half {
        /// Prints messages until Ctrl-C or SIGTERM
        Serve {
            /// A name, a path with a slash, or tcp:host:port
            address: String,
        },
        /// Sends messages
        Send {
            /// The server's address
            address: String,
            /// The messages
            #[arg(default_values = TEXTS)]
            texts: Vec<String>,
            /// A file that is opened here, and read there
            #[arg(long)]
            enclose: Option<PathBuf>,
        },
    }

    type Failure = Box<dyn std::error::Error>;

    pub(crate) fn main() -> ExitCode {
        let done = match Arguments::parse().half {
            Some(Half::Serve { address }) => {
                serve_and_tell(Server::new(Letterbox::serve(Reader)), &address).map_err(Failure::from)
            }
            Some(Half::Send { address, texts, enclose }) => send(&address, &texts, enclose.as_deref()),
            None => both(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("messages: {error}");
                ExitCode::FAILURE
            }
        }
    }

    /// Each call returns when its message is written.
    fn send(address: &str, texts: &[String], enclosed: Option<&Path>) -> Result<(), Failure> {
        let connection = Connection::connect(address)?;
        let letterbox = Letterbox::client(connection.clone());
        texts.iter().try_for_each(|text| letterbox.put(text))?;
        if let Some(path) = enclosed {
            let file = File::open(path).map_err(|error| format!("cannot open {}: {error}", path.display()))?;
            letterbox.enclose(file.into())?;
        }
        // Nobody answers a message. But messages are taken in order, and so is a ping: with the pong they have arrived.
        connection.ping(PONG_TIME_MAX)?;
        Ok(())
    }

    fn both() -> Result<(), Failure> {
        let directory = tempfile::tempdir()?;
        let (socket, note) = (directory.path().join("letters"), directory.path().join("note"));
        fs::write(&note, "and this stood in a file that came open\n")?;
        println!("Process {} is told:", std::process::id());
        let server = Server::new(Letterbox::serve(Reader)).listen(socket.to_str().ok_or("the path is not UTF-8")?)?;
        let mut sender = Command::new(std::env::current_exe()?);
        let sent = sender.arg("send").arg(&socket).arg("--enclose").arg(&note).status()?;
        server.stop();
        if sent.success() { Ok(()) } else { Err(format!("the sender ended with {sent}").into()) }
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("messages: files are passed between processes on Unix alone");
}
