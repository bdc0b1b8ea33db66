//! Who is measured, one a file.
#[cfg(feature = "capnp")]
mod capnp;
mod framework;
mod postcard_rpc;
mod raw;
mod remoc;
mod tarpc;
mod tonic;
mod ttrpc;
mod zbus;
mod zlink;

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
        Box::new(ttrpc::Ttrpc),
        Box::new(zlink::Zlink),
        #[cfg(feature = "capnp")]
        Box::new(capnp::Capnp),
        Box::new(zbus::Zbus),
        Box::new(postcard_rpc::PostcardRpc),
        Box::new(remoc::Remoc),
    ]
}

/// The one of that name.
pub(crate) fn named(name: &str) -> Result<Box<dyn Rival>> {
    all().into_iter().find(|rival| rival.name() == name).ok_or_else(|| anyhow!("no rival is called {name}"))
}
