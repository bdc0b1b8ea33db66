//! Running a handler, whatever it does.
use super::{Arguments, Context, Flow, Handler, Incoming};
use crate::Error;
use crate::proto::Fault;
use crate::wire::{DecodeLimits, Message};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs one call; its answer is appended to `answer`, which is left as it was when there is none.
///
/// # Errors
/// What the caller is told instead. A panic is caught: its message has gone to this process's panic hook, and stays there.
pub(crate) fn run(
    handler: &dyn Handler,
    cx: &Context,
    args: Arguments<'_>,
    flow: Option<Arc<dyn Flow>>,
    limits: DecodeLimits,
    answer: &mut Message,
) -> Result<(), Fault> {
    let start = answer.bytes.len();
    let mut ended = false;
    authorize(handler, cx)?;
    let handle = || handler.handle(cx, Incoming::new(args, flow, answer, limits, &mut ended));
    let fault = match catch_unwind(AssertUnwindSafe(handle)) {
        Ok(Ok(())) if ended => return Ok(()),
        Ok(Ok(())) => Fault::NoReply("it ended without one".to_owned()),
        Ok(Err(error)) => Fault::of(&error),
        Err(payload) => {
            drop_payload(payload);
            Fault::Panicked
        }
    };
    answer.bytes.truncate(start);
    answer.fds.clear();
    Err(fault)
}

/// Asks whether the call may be made. Whatever goes wrong with that is a no, and the caller learns that nothing ran.
fn authorize(handler: &dyn Handler, cx: &Context) -> Result<(), Fault> {
    let failed = || Fault::NotAllowed("the service's own check of callers failed".to_owned());
    match catch_unwind(AssertUnwindSafe(|| handler.authorize(cx))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Error::NotAllowed { why, .. })) => Err(Fault::NotAllowed(why)),
        Ok(Err(Error::Overloaded { .. })) => Err(Fault::Overloaded),
        Ok(Err(_)) => Err(failed()),
        Err(payload) => {
            drop_payload(payload);
            Err(failed())
        }
    }
}

/// Drops what a panic left behind, which may panic once more.
pub(crate) fn drop_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
