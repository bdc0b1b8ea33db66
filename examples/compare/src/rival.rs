//! What each rival is to this program.
use crate::measured::Measured;
use crate::runtime::Flavor;
use crate::work::Work;
use anyhow::Result;
use std::path::Path;
use std::time::Duration;

/// One framework: its server, and its client for every work that it can do.
pub(crate) trait Rival {
    /// As it is chosen, and shown.
    fn name(&self) -> &'static str;

    /// Why it cannot do this work, in few words; it is not asked to then.
    fn cannot(&self, _work: Work) -> Option<&'static str> {
        None
    }

    /// Serves this path, calls [`crate::process::ready`] when it listens, and does not return.
    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()>;

    /// Does a work for as long as it says.
    fn run(&self, job: &Job<'_>) -> Result<Measured>;
}

/// What a client is to do.
pub(crate) struct Job<'a> {
    pub(crate) path: &'a Path,
    pub(crate) work: Work,
    pub(crate) time: Duration,
    pub(crate) flavor: Flavor,
}
