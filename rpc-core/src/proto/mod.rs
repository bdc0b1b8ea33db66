//! What a connection does, without a connection: calls in flight, their items, services open on it, limits, faults.
//!
//! Architecture invariant: nothing here knows a socket, a clock, a lock or a thread. Frames come in as slices, what is to
//! be sent is appended to a buffer, time is an argument. The drivers move bytes and wait; every decision is made here.
mod caller;
mod calls;
mod fault;
mod limits;
mod outbox;
mod plan;
mod request;
mod session;
#[cfg(test)]
mod sim;
mod streams;
mod window;

pub(crate) use caller::{Body, CallTerms, Caller, End, Next};
pub(crate) use calls::{Answer, Calls, Delivered, Ticket, Unanswered, Waits};
pub(crate) use fault::Fault;
pub use limits::Limits;
pub(crate) use outbox::{Outbox, Side, Voided};
pub(crate) use plan::{MethodPlan, Plan};
pub(crate) use request::{RequestHead, clamp};
pub(crate) use session::{Called, Catalog, CatalogEntry, PeerTerms, Request, Session, Step, Trial, put};
pub(crate) use streams::{Sent, Streams};
pub(crate) use window::{Inflow, Outflow, Taken};
