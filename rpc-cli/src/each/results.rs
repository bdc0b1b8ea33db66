//! What comes of the calls, in their order: an answer on stdout, or a failure on stderr.
use super::feeder::{Gate, Started};
use super::progress::Progress;
use crate::args::Common;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::printer::Printer;
use rpc_core::{Error, PendingBytes, Shape};
use std::sync::mpsc::{Receiver, SyncSender};

/// The answers so far.
pub(super) struct Results<'a> {
    printer: Printer<'a>,
    keep_going: bool,
    common: &'a Common,
    gate: &'a Gate,
    progress: Progress,
    /// The code of the first failure that was passed over.
    passed_over: Option<ExitCode>,
    /// How many have ended.
    pub(super) calls: u64,
    /// The encoded arguments of all, in bytes.
    pub(super) sent: usize,
    /// The encoded answers of all, in bytes.
    pub(super) received: usize,
}

impl<'a> Results<'a> {
    pub(super) fn new(
        printer: Printer<'a>,
        keep_going: bool,
        common: &'a Common,
        gate: &'a Gate,
        progress: Progress,
    ) -> Self {
        let (passed_over, calls, sent, received) = (None, 0, 0, 0);
        Self { printer, keep_going, common, gate, progress, passed_over, calls, sent, received }
    }

    /// Waits for all that are started. Gives a permit for another one after each.
    pub(super) fn all(&mut self, started: Receiver<Started>, permits: SyncSender<()>) -> Result<(), Failure> {
        let done = started.iter().try_for_each(|started| {
            self.take(started)?;
            // Behind the last line nobody takes it.
            let _ = permits.send(());
            Ok(())
        });
        self.progress.erase();
        match (done, self.passed_over) {
            (done, None) => done,
            (Ok(()), Some(first)) => Err(Failure::Told(first)),
            (Err(failure), Some(first)) => {
                failure.report(self.common);
                Err(Failure::Told(first))
            }
        }
    }

    fn take(&mut self, started: Started) -> Result<(), Failure> {
        let Started { number, bytes_read, sent, call } = started;
        self.sent += sent;
        match call.and_then(|call| self.print(call)) {
            Ok(()) => {}
            // That is no line's fault.
            Err(failure @ (Failure::Output(_) | Failure::Lines { .. })) => return Err(failure),
            Err(failure) => self.failed(number, failure)?,
        }
        self.calls += 1;
        self.progress.step(bytes_read);
        Ok(())
    }

    fn print(&mut self, call: PendingBytes) -> Result<(), Failure> {
        let answer = call.wait()?;
        self.received += answer.len();
        if self.printer.method.schema.shape == Shape::OneWay {
            return Ok(());
        }
        self.progress.erase();
        self.printer.answer(&answer)
    }

    /// Tells of a failure and goes on, or fails with it.
    fn failed(&mut self, number: u64, failure: Failure) -> Result<(), Failure> {
        let is_last = !self.keep_going || ends_all(&failure);
        let last_under_way = if is_last { Some(self.gate.close()).filter(|last| *last > number) } else { None };
        let failure = Failure::Line { number, failure: Box::new(failure), last_under_way };
        if is_last {
            return Err(failure);
        }
        self.progress.failed();
        let code = failure.report(self.common);
        self.passed_over.get_or_insert(code);
        Ok(())
    }
}

/// Whether every further call would fail like that.
fn ends_all(failure: &Failure) -> bool {
    let Failure::Call(error) = failure else { return false };
    matches!(error, Error::Disconnected { .. } | Error::Protocol { .. } | Error::ShuttingDown { .. })
}
