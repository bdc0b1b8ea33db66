//! Services to copy from, and what their programs and tests share.
//!
//! - `src/bin/books.rs` is the one to read first: a whole service with its two processes on one page.
//! - [`kv`] is the README's key-value store; `src/bin/kv.rs` its daemon and command line.
//! - [`journal`] is the README's journal: each kind of stream, a topic, and a client that is called back.
//! - [`jobs`] is the README's job runner, [`JobRunner`] what runs the jobs; `src/bin/jobs.rs` its daemon and command line.
//! - [`successor`] takes a second for each call; `src/bin/successor.rs` shows that three callers do not queue.
//! - [`relay`] tells which process answers; `src/bin/relay.rs` replaces itself by a new process, and no call fails.
//! - [`tail`] follows a growing file: a stream from the server, until its caller stops; `src/bin/tail.rs` prints it.
//! - [`upload`] takes a file in pieces and answers its checksum; `src/bin/upload.rs` sends one, with a progress bar.
//! - `src/bin/messages.rs`: four messages that nobody answers, an open file, and who sent them, as the kernel says.
//! - `src/bin/notify.rs`: events that a daemon acknowledges in time, or whoever tells them knows that it did not.
//! - `src/bin/graceful.rs`: a child that is told to end, and finishes first what it has begun.
//! - [`ServerProcess`] starts a server, knows when it listens, and stops it: for supervisors. Tests have `rpc_core::fixture`.
mod job_output;
mod job_runner;
#[expect(missing_docs, reason = "the README shows it: fields that speak for themselves stay on one line")]
pub mod jobs;
#[expect(missing_docs, reason = "the README shows it: fields that speak for themselves stay on one line")]
pub mod journal;
#[expect(missing_docs, reason = "the README shows it: fields that speak for themselves stay on one line")]
pub mod kv;
mod process_group;
pub mod relay;
mod server_process;
pub mod successor;
pub mod tail;
pub mod upload;

pub use job_runner::JobRunner;
pub use server_process::{ServeError, ServerProcess, serve_and_tell};

/// The README's code, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
