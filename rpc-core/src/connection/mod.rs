//! One socket that calls are made over, used by clients and by servers that call back.
//!
//! - `carrier`: the socket, its send half, the calls under way. `line`: calling over it. `ask`: what a call asks for.
//! - `roles`: how threads share writing and reading: whoever waits, reads.
//! - `conversation`: calls with items.
//! - `plans`: the services that are open. `open`: opening them.
//! - `scratch`: the buffer that a thread's calls go through.
mod ask;
mod carrier;
mod conversation;
mod line;
mod open;
mod plans;
mod roles;
mod scratch;

pub(crate) use ask::{Ask, Place, Request, Until, body, planned};
pub(crate) use carrier::{Callee, Carrier, Guard, State};
pub(crate) use line::{Line, Owner, Terms};
pub(crate) use open::{open, ping, plan_for, wanted};
pub(crate) use scratch::with as with_scratch;
