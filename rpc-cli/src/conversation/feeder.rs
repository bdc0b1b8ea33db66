//! Sends the lines of stdin as items, each as it comes.
use crate::args::Common;
use crate::arguments;
use crate::failure::{Failure, end};
use crate::lines::Lines;
use crate::method::Method;
use crate::output;
use rpc_core::DynamicSink;
use rpc_core::schema::TypeId;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whoever sends items.
pub(super) struct Feeder<'a> {
    pub(super) method: Method<'a>,
    /// The type of each.
    pub(super) id: TypeId,
    pub(super) common: &'a Common,
    /// How many bytes were sent.
    pub(super) sent: &'a AtomicUsize,
}

impl Feeder<'_> {
    /// Until stdin ends, or the service takes no more: its answer, which another thread waits for, tells why.
    pub(super) fn run(self, mut sink: DynamicSink) {
        let mut lines = Lines::of_stdin();
        loop {
            match self.next(&mut lines) {
                Ok(Some(item)) => {
                    self.sent.fetch_add(item.len(), Ordering::Relaxed);
                    if sink.send(&item).is_err() {
                        return;
                    }
                }
                Ok(None) => return sink.finish(),
                Err(failure) => {
                    // The end of the program cancels the call: its input has no end, and the handler is told so. The
                    // other thread waits for the service, and would tell of that if the sink were dropped first.
                    output::end();
                    end(Err(failure), self.common)
                }
            }
        }
    }

    fn next(&self, lines: &mut Lines) -> Result<Option<Vec<u8>>, Failure> {
        let Some(line) = lines.next()? else { return Ok(None) };
        let failed = |failure| Failure::Line { number: line.number, failure: Box::new(failure), last_under_way: None };
        arguments::item(self.method, self.id, &line).map(Some).map_err(failed)
    }
}
