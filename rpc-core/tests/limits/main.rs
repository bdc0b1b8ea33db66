//! What a server does when peers take too much, or keep it waiting: each limit strikes whom it is for, and nobody else.
#![cfg(unix)]
mod abuse;
#[path = "../common/mod.rs"]
mod common;
mod connections;
#[cfg(target_os = "linux")]
mod exhausted;
mod greetings;
#[cfg(target_os = "linux")]
mod idle;
mod stalls;
#[cfg(target_os = "linux")]
mod users;

use common::bait::*;
use rpc_core::Incidents;
use std::time::{Duration, Instant};

impl Target {
    /// How often limits have struck.
    fn incidents(&self) -> Incidents {
        self.server.as_ref().unwrap().incidents()
    }

    /// Waits, by talking to the server, until that is so.
    fn comes_to(&self, what: &str, is_so: impl Fn(Incidents) -> bool) {
        let start = Instant::now();
        while !is_so(self.incidents()) {
            assert!(start.elapsed() < Duration::from_secs(8), "never: {what}; {:?}", self.incidents());
            self.witness.ping(Duration::from_secs(5)).unwrap();
        }
    }
}
