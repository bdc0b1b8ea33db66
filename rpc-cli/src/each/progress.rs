//! A line on the terminal that tells how far it is, where the answers go elsewhere.
use crate::args::{Common, Errors};
use crate::style::Style;
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// More often than this nobody can read it.
const PAUSE: Duration = Duration::from_millis(100);

/// The columns of a whole bar.
const BAR_COLUMNS: u64 = 24;

/// How far it is.
pub(super) struct Progress {
    is_shown: bool,
    /// Whether it stands on the terminal.
    stands: bool,
    start: Instant,
    told: Option<Instant>,
    so_far: SoFar,
}

struct SoFar {
    calls: u64,
    failed: u64,
    bytes: u64,
    /// All of stdin, if it is a file.
    bytes_total: Option<u64>,
    time: Duration,
}

impl Progress {
    /// On stderr, if that is a terminal and what goes to stdout does not show how far it is.
    pub(super) fn new(stdout: Style, common: &Common) -> Self {
        let stderr = Style::of_stderr(common.color);
        let is_shown = stderr.is_terminal && !stdout.is_terminal && common.errors == Errors::Words;
        let so_far = SoFar { calls: 0, failed: 0, bytes: 0, bytes_total: file_bytes(), time: Duration::ZERO };
        Self { is_shown, stands: false, start: Instant::now(), told: None, so_far }
    }

    /// One more line is done; so much of stdin was read by then.
    pub(super) fn step(&mut self, bytes: u64) {
        self.so_far.calls += 1;
        self.so_far.bytes = bytes;
        let is_due = self.told.is_none_or(|told| told.elapsed() >= PAUSE);
        if !self.is_shown || !is_due {
            return;
        }
        (self.told, self.stands, self.so_far.time) = (Some(Instant::now()), true, self.start.elapsed());
        // Where stderr is closed, there is nobody to tell.
        let _ = write!(io::stderr(), "\r{}\u{1b}[K", self.so_far);
    }

    /// A failure is about to be told.
    pub(super) fn failed(&mut self) {
        self.so_far.failed += 1;
        self.erase();
    }

    /// Makes room for something else.
    pub(super) fn erase(&mut self) {
        if std::mem::take(&mut self.stands) {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl fmt::Display for SoFar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(total) = self.bytes_total.filter(|total| *total > 0) {
            let part = |of: u64| (u128::from(self.bytes.min(total)) * u128::from(of) / u128::from(total)) as usize;
            let columns = part(BAR_COLUMNS);
            write!(f, "[{}{}] {:>3} %  ", "#".repeat(columns), " ".repeat(BAR_COLUMNS as usize - columns), part(100))?;
        }
        let rate = self.calls as f64 / self.time.as_secs_f64().max(f64::EPSILON);
        let plural = if self.calls == 1 { "" } else { "s" };
        write!(f, "{} call{plural}, {rate:.0}/s", self.calls)?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        Ok(())
    }
}

/// How much there is on stdin, if it is a file.
#[cfg(unix)]
fn file_bytes() -> Option<u64> {
    use std::os::fd::AsFd;
    let stdin = std::fs::File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    let about = stdin.metadata().ok()?;
    about.is_file().then_some(about.len())
}

#[cfg(not(unix))]
fn file_bytes() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_words() {
        let time = Duration::from_secs(2);
        let mut so_far = SoFar { calls: 1000, failed: 0, bytes: 0, bytes_total: None, time };
        assert_eq!(so_far.to_string(), "1000 calls, 500/s");
        (so_far.failed, so_far.bytes, so_far.bytes_total) = (2, u64::MAX / 2, Some(u64::MAX));
        assert_eq!(so_far.to_string(), "[###########             ]  49 %  1000 calls, 500/s, 2 failed");
        (so_far.bytes, so_far.bytes_total) = (9, Some(7));
        assert_eq!(so_far.to_string(), "[########################] 100 %  1000 calls, 500/s, 2 failed");
    }
}
