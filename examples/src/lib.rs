//! Services to copy from, and what their programs and tests share.
//!
//! - `src/bin/books.rs` is the one to read first: a whole service with its two processes on one page.
//! - [`kv`] is the README's key-value store; `src/bin/kv.rs` its daemon and command line.
//! - [`successor`] takes a second for each call; `src/bin/successor.rs` shows that three callers do not queue.
//! - [`ServerProcess`] starts a server, knows when it listens, and stops it: for supervisors and for tests.
#[expect(missing_docs, reason = "the README shows it: fields that speak for themselves stay on one line")]
pub mod kv;
mod server_process;
pub mod successor;

pub use server_process::{ServerProcess, serve_and_tell};

/// The README's code, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
