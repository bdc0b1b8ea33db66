//! A call with items: those of the service go to stdout as they come, those of stdin to the service.
//!
//! ```text
//! stdin ── lines ── arguments ── feeder ──> service ──> here ── items ── printer ──> stdout
//! ```
//!
//! - `feeder`: on a thread of its own, because either side may wait for the other.
//! - `items`: printed one by one, kept for a list, or passed over.
mod feeder;
mod items;

use crate::args::{Call, Common};
use crate::failure::{Failure, end};
use crate::method::Method;
use crate::output;
use crate::printer::Printer;
use crate::style::Style;
use feeder::Feeder;
use items::Items;
use rpc_core::schema::TypeId;
use rpc_core::{Dynamic, DynamicStream};
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How a call with items is made, and what is done with those that come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversation<'a> {
    pub(crate) printer: Printer<'a>,
    pub(crate) args: &'a Call,
    pub(crate) common: &'a Common,
}

/// Refuses options about items for a method that sends none.
pub(crate) fn check(args: &Call, method: Method<'_>) -> Result<(), Failure> {
    let about_items = args.take.is_some() || args.collect || args.summary;
    match about_items && !method.schema.shape.streams() {
        true => Err(method.unfit("sends no items, which --take, --collect and --summary are about")),
        false => Ok(()),
    }
}

impl Conversation<'_> {
    /// Calls until the answer is there. `tell` is told how many bytes were sent and received.
    pub(crate) fn run(
        &self,
        service: &Dynamic,
        arguments: &[u8],
        allowed: Option<Duration>,
        tell: impl FnOnce(usize, usize),
    ) -> Result<(), Failure> {
        let method = self.printer.method;
        let (sink, stream) = service.converse(method.schema, arguments, allowed)?;
        let (sent, mut received) = (AtomicUsize::new(arguments.len()), 0);
        let Some(accepts) = method.schema.accepts else {
            let done = self.receive(stream, &mut received);
            tell(arguments.len(), received);
            return done;
        };
        let feeder = Feeder { method, id: accepts, common: self.common, sent: &sent };
        thread::scope(|scope| {
            scope.spawn(|| feeder.run(sink));
            let done = self.receive(stream, &mut received);
            tell(sent.load(Ordering::Relaxed), received);
            // That thread may wait for stdin for ever.
            end(done, self.common)
        })
    }

    /// Prints what comes back.
    fn receive(&self, stream: DynamicStream, received: &mut usize) -> Result<(), Failure> {
        let done = match self.printer.method.schema.stream {
            Some(id) => self.receive_items(stream, id, received),
            None => self.receive_answer(stream, received),
        };
        done.map_err(|failure| failure.of_call(self.printer.method))
    }

    fn receive_answer(&self, stream: DynamicStream, received: &mut usize) -> Result<(), Failure> {
        let answer = stream.finish()?;
        *received = answer.len();
        self.printer.answer(&answer)
    }

    fn receive_items(&self, mut stream: DynamicStream, id: TypeId, received: &mut usize) -> Result<(), Failure> {
        let mut items = Items::new(self.printer, id, self.args);
        while let Some(item) = stream.recv()? {
            *received += item.len();
            items.take(item)?;
            if self.args.take == Some(items.count) {
                // This cancels the call.
                drop(stream);
                return items.end();
            }
        }
        let answer = stream.finish()?;
        *received += answer.len();
        self.answered(&answer, items)
    }

    /// What follows the items: alone on stdout if it was asked for, else to be seen beside them.
    fn answered(&self, answer: &[u8], items: Items<'_>) -> Result<(), Failure> {
        if self.args.summary {
            return self.printer.answer(answer);
        }
        let summary = self.printer.read_answer(answer)?;
        items.end()?;
        let stderr = Style::of_stderr(self.common.color);
        if summary.is_unit() || !(stderr.is_terminal || self.common.verbose) {
            return Ok(());
        }
        // Where stderr is closed, there is nobody to tell.
        let _ = write!(io::stderr(), "summary: {}", output::line(&summary, stderr));
        Ok(())
    }
}
