//! A server process that knows books, and a process that asks it: over a local socket, then over TCP.
//!
//! `cargo run -p examples --bin books` shows all of it; `--help` says how to run the two halves in two terminals.

use clap::{Parser, Subcommand};
use examples::{ServerProcess, serve_and_tell};
use rpc_core::{Context, Schema, Server, Service};
use serde::{Deserialize, Serialize};
use std::process::{Command, ExitCode};

/// A shelf of books.
#[derive(Service)]
enum Books<'a> {
    /// The book of this title, if it is on the shelf.
    #[rpc(returns = Option<Book>, idempotent)]
    Find { title: &'a str },
}

/// A book.
#[derive(Debug, Serialize, Deserialize, Schema)]
struct Book {
    title: String,
    author: String,
    year: u16,
}

/// What the client asks for.
const TITLES: [&str; 3] = ["War and Peace", "Pride and Prejudice", "The Sound and the Fury"];

/// What the server has: title, author, and year of the first edition.
struct Shelf(&'static [(&'static str, &'static str, u16)]);

const SHELF: Shelf = Shelf(&[
    ("Pride and Prejudice", "Jane Austen", 1813),
    ("The Sound and the Fury", "William Faulkner", 1929),
    ("War and Peace", "Leo Tolstoy", 1869),
]);

impl BooksHandler for Shelf {
    fn find(&self, _cx: &Context, title: &str) -> Option<Book> {
        let &(title, author, year) = self.0.iter().find(|book| book.0 == title)?;
        Some(Book { title: title.to_owned(), author: author.to_owned(), year })
    }
}

/// Asks a server in another process for three books, over a local socket and over TCP.
///
/// In two terminals: `books serve books`, and `books ask books`. With `tcp:127.0.0.1:7000` for the second `books` of
/// each, the same goes over TCP.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    half: Option<Half>,
}

#[derive(Subcommand)]
enum Half {
    /// Serves the shelf until Ctrl-C or SIGTERM
    Serve {
        /// A name, a path with a slash, or tcp:host:port
        address: String,
    },
    /// Asks a server for books
    Ask {
        /// The server's address
        address: String,
        /// The titles to ask for
        #[arg(default_values = TITLES)]
        titles: Vec<String>,
    },
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = match Arguments::parse().half {
        Some(Half::Serve { address }) => {
            serve_and_tell(Server::new(Books::serve(SHELF)), &address).map_err(Failure::from)
        }
        Some(Half::Ask { address, titles }) => ask(&address, &titles),
        None => both_ways(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("books: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(address: &str, titles: &[String]) -> Result<(), Failure> {
    let books = Books::connect(address)?;
    for title in titles {
        match books.find(title)? {
            Some(book) => println!("  {}, by {}, {}", book.title, book.author, book.year),
            None => println!("  {title} is not on the shelf"),
        }
    }
    Ok(())
}

fn both_ways() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("books");
    start_and_ask("a local socket", &socket.to_string_lossy())?;
    // Port 0 is any free one; the server tells which.
    start_and_ask("TCP", "tcp:127.0.0.1:0")
}

fn start_and_ask(way: &str, address: &str) -> Result<(), Failure> {
    let server = ServerProcess::start(Command::new(std::env::current_exe()?).args(["serve", address]))?;
    println!("Over {way}, from process {} at {}:", server.id(), server.address());
    ask(server.address(), &TITLES.map(str::to_owned))?;
    server.stop()?;
    println!("  and the server has ended cleanly");
    Ok(())
}
