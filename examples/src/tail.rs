//! The lines of a file that grows: a stream without an end, and what ends it all the same.

use rpc_core::{Context, Schema, Service, Sink, Stopped};
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{thread, time::Duration};

/// Follows files of the server's machine. Whoever may call it may read what the server may read.
#[derive(Service)]
pub enum Tail<'a> {
    /// The lines of a file, and then those that are added to it, until the caller stops.
    #[rpc(stream = Line, returns = Result<(), TailError>)]
    Follow {
        /// The file; a relative path counts from the server's directory.
        path: &'a str,
        /// The byte to begin at; the first one unless it is given.
        from: Option<u64>,
    },
    /// How many calls of `follow` are under way.
    #[rpc(returns = u64, idempotent)]
    Followers,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Line {
    /// Without its newline; what is no UTF-8 in it is replaced by U+FFFD.
    pub text: String,
    /// Where the next line begins, in bytes: `from` for whoever goes on later.
    pub end: u64,
}

/// Why a file is followed no longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema, thiserror::Error)]
pub enum TailError {
    /// The file cannot be read.
    #[error("cannot read {path}: {problem}")]
    Unreadable {
        /// As it was asked for.
        path: String,
        /// In the words of the server's system.
        problem: String,
    },
    /// There is a new file at the path, or the file has become shorter.
    #[error("the file was replaced or truncated, after its byte {after}")]
    Replaced {
        /// Where the last line ended that was sent.
        after: u64,
    },
    /// The server stops, and will not wait for more.
    #[error("the server stops; the next line will begin at byte {after}")]
    Stopping {
        /// Where the last line ended that was sent.
        after: u64,
    },
    /// A line does not end.
    #[error("the line at byte {at} is longer than {bytes_max} bytes")]
    LongLine {
        /// Where it begins.
        at: u64,
        /// What a line may have.
        bytes_max: u64,
    },
}

/// How long after a line was added it is seen at the latest, and the end of a caller who waits for one, and the server's.
const POLL: Duration = Duration::from_millis(100);

/// A file without newlines should not fill the memory.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// Follows files, and counts for whom.
#[derive(Debug, Default)]
pub struct Followers(AtomicU64);

impl TailHandler for Followers {
    fn follow(
        &self,
        cx: &Context,
        path: &str,
        from: Option<u64>,
        mut out: Sink<Line>,
    ) -> Result<Result<(), TailError>, Stopped> {
        let _counted = Counted::new(&self.0);
        let mut lines = match Lines::open(path, from.unwrap_or(0)) {
            Ok(lines) => lines,
            Err(error) => return Ok(Err(error)),
        };
        while !cx.is_cancelled() && !cx.is_stopping() {
            match lines.next() {
                Ok(Some(line)) => out.send(&line)?,
                Ok(None) => thread::sleep(POLL),
                Err(error) => return Ok(Err(error)),
            }
        }
        if cx.is_cancelled() { Err(Stopped) } else { Ok(Err(TailError::Stopping { after: lines.at })) }
    }

    fn followers(&self, _cx: &Context) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One call that is under way, however it ends.
struct Counted<'a>(&'a AtomicU64);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A file, and how far it is read.
struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    /// What has come of the next line.
    begun: Vec<u8>,
    /// Where that line begins.
    at: u64,
}

impl Lines {
    fn open(path: &str, from: u64) -> Result<Self, TailError> {
        let open = || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from))?;
            Ok(file)
        };
        let unreadable = |error: io::Error| TailError::Unreadable { path: path.to_owned(), problem: error.to_string() };
        let file = BufReader::new(open().map_err(unreadable)?);
        Ok(Self { path: path.into(), file, begun: Vec::new(), at: from })
    }

    /// The next line; `None`: there is none for now.
    fn next(&mut self) -> Result<Option<Line>, TailError> {
        match self.read()? {
            None if self.is_replaced() => {
                // Lines that came before the new file did are not lost.
                self.read()?.map(Some).ok_or(TailError::Replaced { after: self.at })
            }
            line => Ok(line),
        }
    }

    fn read(&mut self) -> Result<Option<Line>, TailError> {
        let room = LINE_BYTES_MAX.saturating_sub(self.begun.len() as u64);
        (&mut self.file).take(room).read_until(b'\n', &mut self.begun).map_err(|error| TailError::Unreadable {
            path: self.path.to_string_lossy().into_owned(),
            problem: error.to_string(),
        })?;
        let Some((b'\n', text)) = self.begun.split_last() else {
            let is_long = self.begun.len() as u64 >= LINE_BYTES_MAX;
            return if is_long {
                Err(TailError::LongLine { at: self.at, bytes_max: LINE_BYTES_MAX })
            } else {
                Ok(None)
            };
        };
        let text = String::from_utf8_lossy(text).into_owned();
        self.at += self.begun.len() as u64;
        self.begun.clear();
        Ok(Some(Line { text, end: self.at }))
    }

    /// A file that is gone may have been moved away for a new one, which is not there yet: so this one is followed on.
    fn is_replaced(&self) -> bool {
        let (Ok(old), Ok(new)) = (self.file.get_ref().metadata(), std::fs::metadata(&self.path)) else { return false };
        identity(&old) != identity(&new) || old.len() < self.at + self.begun.len() as u64
    }
}

#[cfg(unix)]
fn identity(file: &Metadata) -> impl PartialEq {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// Other systems tell it by unstable functions only: there a file is only seen to become shorter.
#[cfg(not(unix))]
fn identity(_file: &Metadata) -> impl PartialEq {}
