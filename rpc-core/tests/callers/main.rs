//! Who may call: other users at a server's socket, other users' servers at a client's, and what a service allows whom.
#![cfg(unix)]
#[path = "../common/mod.rs"]
mod common;
mod guards;
mod nobody;
#[cfg(feature = "token")]
mod tokens;
mod users;
