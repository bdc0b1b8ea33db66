//! A runner of a relay race, who tells who runs.

use rpc_core::{Context, Service};

/// Whoever runs now.
#[derive(Service)]
pub enum Runner {
    /// The process that answers. It is not marked `idempotent`: no call of it is ever made twice.
    #[rpc(returns = u32)]
    Process,
}

/// This process.
#[derive(Debug, Clone, Copy)]
pub struct Myself;

impl RunnerHandler for Myself {
    fn process(&self, _cx: &Context) -> u32 {
        std::process::id()
    }
}
