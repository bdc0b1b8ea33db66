//! The runtime of those that need one.
use anyhow::Result;
use clap::ValueEnum;
use tokio::runtime::{Builder, Runtime};

/// Which of tokio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavor {
    /// All on the thread that starts it.
    Current,
    /// What `#[tokio::main]` gives: a worker for each CPU that the process may use.
    Multi,
}

impl Flavor {
    /// A new one.
    pub(crate) fn runtime(self) -> Result<Runtime> {
        let mut builder = match self {
            Self::Current => Builder::new_current_thread(),
            Self::Multi => Builder::new_multi_thread(),
        };
        Ok(builder.enable_all().build()?)
    }
}
