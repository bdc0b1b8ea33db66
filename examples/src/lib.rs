//! Services to copy from, and what their programs and tests share.
//!
//! - `src/bin/books.rs` is the one to read first: a whole service with its two processes on one page.
//! - [`kv`] is the README's key-value store; `src/bin/kv.rs` its daemon and command line.
//! - [`journal`] is the README's journal: each kind of stream, a topic, and a client that is called back.
//! - [`successor`] takes a second for each call; `src/bin/successor.rs` shows that three callers do not queue.
//! - [`tail`] follows a growing file: a stream from the server, until its caller stops; `src/bin/tail.rs` prints it.
//! - [`upload`] takes a file in pieces and answers its checksum; `src/bin/upload.rs` sends one, with a progress bar.
//! - [`ServerProcess`] starts a server, knows when it listens, and stops it: for supervisors and for tests.
#[expect(missing_docs, reason = "the README shows it: fields that speak for themselves stay on one line")]
pub mod journal;
#[expect(missing_docs, reason = "the README shows it: fields that speak for themselves stay on one line")]
pub mod kv;
mod server_process;
pub mod successor;
pub mod tail;
pub mod upload;

pub use server_process::{ServerProcess, serve_and_tell};

/// The README's code, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
