//! Real server processes: how they start, are called, end well, and end badly.
//!
//! Nothing here sleeps. What has to be true before the next step is waited for: a server that listens, stands still, or is
//! gone (`rpc_core::fixture`), a pong (the server has read what was sent before).
#![cfg(unix)]
mod demonstrations;
mod ends;
mod follows;
mod jobs;
mod messages;
mod notifies;
mod passed;
mod place;
#[cfg(target_os = "linux")] // whoever waits for a process that is no child of his needs a pidfd
mod restarts;
mod starts;
mod uploads;

use place::Place;
use rpc_core::fixture::{Listen, TestServer, TestServerOptions};
use std::path::Path;
use std::time::Duration;

/// What takes longer than this hangs. The machine may be busy.
const TIME_MAX: Duration = rpc_core::fixture::TIME_MAX;

const KV: &str = env!("CARGO_BIN_EXE_kv");
const SUCCESSOR: &str = env!("CARGO_BIN_EXE_successor");

/// A server of an example, on a socket of its own.
fn start(program: &str) -> TestServer {
    start_with(TestServerOptions::default(), program)
}

fn start_at(address: &str, program: &str) -> TestServer {
    let mut options = TestServerOptions::default();
    options.listen = Listen::At(address.to_owned());
    start_with(options, program)
}

fn start_with(options: TestServerOptions, program: &str) -> TestServer {
    TestServer::start_with(options, program, |server, address| server.args(["serve", address])).unwrap()
}

/// The names of all files beside its socket, so that a test sees what is left behind.
fn files(server: &TestServer) -> Vec<String> {
    names(server.directory())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
