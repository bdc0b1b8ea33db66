//! A private directory with room for one socket, for servers that are not started in the usual way.
use std::path::PathBuf;

/// It is removed with this.
pub(super) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    pub(super) fn address(&self) -> String {
        self.socket().to_str().unwrap().to_owned()
    }

    /// The names of all files, so that a test of restarts sees what is left behind.
    #[cfg(target_os = "linux")]
    pub(super) fn files(&self) -> Vec<String> {
        super::names(self.directory.path())
    }
}
