//! What is served at an address, as far as that can be known soon.
use super::{cache, deadline};
use crate::connect::{connect, written_out};
use rpc_core::schema::ServiceSchema;
use std::time::Duration;

/// A server answers in less than one. What is left of [`super::TIME_MAX`] is for those that do not.
const ASK_TIME_MAX: Duration = Duration::from_millis(50);

/// Such an address stands for a program that connecting would start.
const PROGRAM: &str = "exec:";

/// What the server at `address` serves, or, if it does not tell, what was served there last.
pub(crate) fn known(address: &str) -> Vec<ServiceSchema> {
    let Some(address) = written_out(address).ok().filter(|address| !address.starts_with(PROGRAM)) else {
        return Vec::new();
    };
    let asked = address.clone();
    // Connecting and asking have this time each, and a name in the network knows no limit: hence the one around it.
    let server = deadline::within(ASK_TIME_MAX, move || connect(&asked, Some(ASK_TIME_MAX)).ok());
    server.flatten().map(|server| server.services).or_else(|| cache::recall(&address)).unwrap_or_default()
}
