//! Who is measured, one a file.
mod framework;
mod raw;
mod tarpc;
mod tonic;

use crate::rival::Rival;
use anyhow::{Result, anyhow};

/// All of them, as the tables show them.
pub(crate) fn all() -> Vec<Box<dyn Rival>> {
    vec![
        Box::new(raw::Raw { coalesced: false }),
        Box::new(raw::Raw { coalesced: true }),
        Box::new(framework::Framework),
        Box::new(tarpc::Tarpc),
        Box::new(tonic::Tonic),
    ]
}

pub(crate) fn named(name: &str) -> Result<Box<dyn Rival>> {
    all().into_iter().find(|rival| rival.name() == name).ok_or_else(|| anyhow!("no rival is called {name}"))
}
