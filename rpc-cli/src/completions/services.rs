//! What is served at an address, as far as that can be known soon.
use super::{cache, deadline};
use crate::connect::{connect, is_for_once, written_out};
use crate::trust::Trust;
use rpc_core::schema::ServiceSchema;
use std::time::Duration;

/// A server answers in less than one. What is left of [`super::TIME_MAX`] is for those that do not.
const ASK_TIME_MAX: Duration = Duration::from_millis(50);

/// What the server at `address` serves, or, if it does not tell, what was served there last. No key that is pressed starts a
/// command, or talks over a descriptor of the shell.
pub(crate) fn known(address: &str) -> Vec<ServiceSchema> {
    let Ok(address) = written_out(address) else { return Vec::new() };
    if is_for_once(&address) {
        return cache::recall(&address).unwrap_or_default();
    }
    let asked = address.clone();
    // Connecting and asking have this time each, and a name in the network knows no limit: hence the one around it.
    let server = deadline::within(ASK_TIME_MAX, move || connect(&asked, &Trust::default(), Some(ASK_TIME_MAX)).ok());
    server.flatten().map(|server| server.services).or_else(|| cache::recall(&address)).unwrap_or_default()
}
