//! A key-value store: the service, and a handler that keeps it in memory. The README shows everything below this line.

use rpc_core::{Context, Schema, Service};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Mutex};

/// A key-value store.
#[derive(Service)]
pub enum Kv<'a> {
    /// Looks up one key.
    #[rpc(returns = Option<String>, idempotent)]
    Get { key: &'a str },
    /// Stores a value under a key.
    #[rpc(returns = Result<(), StoreError>)]
    Set { key: &'a str, value: &'a str },
    /// Counts a visit. No reply.
    #[rpc(oneway)]
    Touch { key: &'a str },
    /// Every entry whose key starts with this, in order.
    #[rpc(returns = Vec<Entry>, idempotent, timeout = "5s")]
    List { prefix: &'a str },
}

/// One entry of the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Schema)]
pub struct Entry {
    /// What it is found by.
    pub key: String,
    /// What is stored.
    pub value: String,
    /// How often it was touched.
    pub visits: u64,
}

/// Why a value is not stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema, thiserror::Error)]
pub enum StoreError {
    /// The key is empty.
    #[error("a key has at least one character")]
    EmptyKey,
    /// The store takes no more entries.
    #[error("the store is full: it has room for {entries_max} entries")]
    Full { entries_max: u64 },
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct Store(Mutex<BTreeMap<String, Entry>>);

const ENTRIES_MAX: usize = 100_000;

impl KvHandler for Store {
    fn get(&self, _cx: &Context, key: &str) -> Option<String> {
        self.0.lock().unwrap().get(key).map(|entry| entry.value.clone())
    }

    fn set(&self, _cx: &Context, key: &str, value: &str) -> Result<(), StoreError> {
        let mut entries = self.0.lock().unwrap();
        if key.is_empty() {
            return Err(StoreError::EmptyKey);
        }
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(key) {
            return Err(StoreError::Full { entries_max: ENTRIES_MAX as u64 });
        }
        let entry = entries.entry(key.to_owned()).or_default();
        (entry.key, entry.value) = (key.to_owned(), value.to_owned());
        Ok(())
    }

    fn touch(&self, _cx: &Context, key: &str) {
        if let Some(entry) = self.0.lock().unwrap().get_mut(key) {
            entry.visits += 1;
        }
    }

    fn list(&self, _cx: &Context, prefix: &str) -> Vec<Entry> {
        self.0.lock().unwrap().values().filter(|entry| entry.key.starts_with(prefix)).cloned().collect()
    }
}
