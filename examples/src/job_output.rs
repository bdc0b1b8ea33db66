//! What a job has printed: the last of it, for any number of readers, each at its own pace.
//!
//! A job never waits for a reader. One who is so far behind that something is gone already is told so in its place.

use rpc_core::{Context, WakeGuard};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

/// What is kept of a job. A build prints less.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// The output of a job, which writes to it; [`reader`](Self::reader) reads it.
#[derive(Debug, Default)]
pub(crate) struct JobOutput {
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    /// How many there have been in all.
    end: u64,
    finished: bool,
}

impl JobOutput {
    /// From the first byte that is kept to the last one of the job, for the caller of a method.
    pub(crate) fn reader<'a>(self: &Arc<Self>, cx: &'a Context) -> Reader<'a> {
        let wakes = [cx.on_cancel(self.clone().into()), cx.on_stop(self.clone().into())];
        Reader { output: self.clone(), at: self.lock().begin(), cx, _wakes: wakes }
    }

    /// No more is printed.
    pub(crate) fn finish(&self) {
        self.lock().finished = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &JobOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.lock();
        kept.bytes.extend(bytes);
        kept.end += bytes.len() as u64;
        let excess = kept.bytes.len().saturating_sub(KEPT_BYTES_MAX);
        kept.bytes.drain(..excess);
        self.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wake for JobOutput {
    fn wake(self: Arc<Self>) {
        // Whoever has seen under the lock that nothing is to be done is asleep when it is free.
        drop(self.lock());
        self.changed.notify_all();
    }
}

impl Kept {
    /// Where the first byte stood that is kept.
    fn begin(&self) -> u64 {
        self.end - self.bytes.len() as u64
    }
}

/// Reads what a job has printed, and waits for more. It ends when the job does, when its caller goes, and when the server
/// stops.
pub(crate) struct Reader<'a> {
    output: Arc<JobOutput>,
    at: u64,
    cx: &'a Context,
    _wakes: [WakeGuard; 2],
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_over = || self.cx.is_cancelled() || self.cx.is_stopping();
        let is_idle = |kept: &mut Kept| kept.end == self.at && !kept.finished && !is_over();
        let kept = self.output.changed.wait_while(self.output.lock(), is_idle);
        let kept = kept.unwrap_or_else(PoisonError::into_inner);
        // A job that prints without end has always something more to read.
        if is_over() {
            return Ok(0);
        }
        let missed = kept.begin().saturating_sub(self.at);
        if missed > 0 {
            self.at = kept.begin();
            let told = format!("\n[{missed} bytes are missing here: they came too fast]\n");
            return told.as_bytes().read(buffer);
        }
        let unread = kept.bytes.range((self.at - kept.begin()) as usize..);
        let count = unread.len().min(buffer.len());
        buffer.iter_mut().zip(unread).for_each(|(to, from)| *to = *from);
        self.at += count as u64;
        Ok(count)
    }
}
