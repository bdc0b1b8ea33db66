//! The README's journal: streams in each direction, and a service that its client offers back.
use rpc_core::{Context, Overflow, Schema, Service, Sink, Source, Stopped, Topic};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

/// A journal of one-line entries.
#[derive(Service)]
pub enum Journal<'a> {
    /// Every entry with this word in it.
    #[rpc(stream = String)]
    List { word: &'a str },
    /// The same, and behind them how many there were.
    #[rpc(stream = String, returns = Result<Scanned, EmptyWord>, timeout = "10m")]
    Scan { word: &'a str },
    /// Adds entries; how many there are then.
    #[rpc(accepts = String, returns = u64)]
    Load,
    /// For each word, as it comes, the first entry that has it.
    #[rpc(accepts = String, stream = Option<String>)]
    Lookup,
    /// What is added from now on.
    #[rpc(stream = String)]
    Watch,
    /// Asks the caller's `Editor` about each entry, and removes what it refuses; how many.
    #[rpc(returns = Result<u64, String>, blocking)]
    Tidy,
}

/// What a caller of `tidy` offers.
#[derive(Service)]
pub enum Editor<'a> {
    /// Whether this entry stays.
    #[rpc(returns = bool)]
    Keeps { entry: &'a str },
}

/// What a scan has seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Scanned {
    pub found: u64,
    pub of: u64,
}

/// Every entry has the empty word in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema, thiserror::Error)]
#[error("scan for a word, or list them all")]
pub struct EmptyWord;

/// A journal in memory.
#[derive(Debug, Default)]
pub struct Pages {
    entries: Mutex<Vec<String>>,
    added: Topic<String>,
}

impl Pages {
    /// A copy: no lock is held while somebody waits for a caller.
    fn with(&self, word: &str) -> Vec<String> {
        self.entries.lock().unwrap().iter().filter(|entry| entry.contains(word)).cloned().collect()
    }
}

impl JournalHandler for Pages {
    fn list(&self, _cx: &Context, word: &str, mut out: Sink<String>) -> Result<(), Stopped> {
        for entry in self.with(word) {
            out.send(&entry)?; // waits for a slow caller; `Stopped` when it has gone or given up
        }
        Ok(())
    }

    fn scan(&self, _cx: &Context, word: &str, mut out: Sink<String>) -> Result<Result<Scanned, EmptyWord>, Stopped> {
        if word.is_empty() {
            return Ok(Err(EmptyWord));
        }
        let found = self.with(word);
        out.send_all(&found)?;
        Ok(Ok(Scanned { found: found.len() as u64, of: self.entries.lock().unwrap().len() as u64 }))
    }

    fn load(&self, _cx: &Context, input: Source<String>) -> Result<u64, Stopped> {
        for entry in input {
            let entry = entry?; // `Stopped`: the caller broke off, so this is not the end
            self.entries.lock().unwrap().push(entry.clone());
            self.added.publish(entry);
        }
        Ok(self.entries.lock().unwrap().len() as u64)
    }

    fn lookup(&self, _cx: &Context, input: Source<String>, mut out: Sink<Option<String>>) -> Result<(), Stopped> {
        for word in input {
            out.send(&self.with(&word?).into_iter().next())?;
        }
        Ok(())
    }

    fn watch(&self, cx: &Context, out: Sink<String>) -> Result<(), Stopped> {
        self.added.feed(cx, out, Overflow::DropOldest(1000))
    }

    fn tidy(&self, cx: &Context) -> Result<u64, String> {
        let editor = cx.client::<Editor<'_>>().map_err(|error| error.to_string())?;
        let mut removed = 0;
        for entry in self.with("") {
            if !editor.keeps(&entry).map_err(|error| error.to_string())? {
                self.entries.lock().unwrap().retain(|other| *other != entry);
                removed += 1;
            }
        }
        Ok(removed)
    }
}
