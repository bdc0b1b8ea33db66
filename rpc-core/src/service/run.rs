//! Running a handler, whatever it does.
use super::{Context, Flow, Handler, Incoming};
use crate::proto::Fault;
use crate::wire::DecodeLimits;
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
    args: &[u8],
    flow: Option<Arc<dyn Flow>>,
    limits: DecodeLimits,
    answer: &mut Vec<u8>,
) -> Result<(), Fault> {
    let start = answer.len();
    let mut ended = false;
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
    answer.truncate(start);
    Err(fault)
}

/// Drops what a panic left behind, which may panic once more.
pub(super) fn drop_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
