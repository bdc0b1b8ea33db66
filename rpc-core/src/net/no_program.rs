//! What stands in for programs where the feature `exec` is off: no address leads to one.
use super::{AddressProblem, ConnectProblem, Stream};
use std::fmt;

/// There is none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Program {}

impl Program {
    /// What stands behind `exec:`.
    pub(crate) fn parse(_text: &str) -> Result<Self, AddressProblem> {
        Err(AddressProblem::NoCommands)
    }

    /// Starts it, and gives the connection to it.
    pub(crate) fn start(&self) -> Result<Stream, ConnectProblem> {
        match *self {}
    }
}

impl fmt::Display for Program {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// There is none that runs.
#[derive(Debug)]
pub(crate) enum Running {}
