//! The character after another one, by a handler that takes its time.

use rpc_core::{Context, Service};
use std::{thread, time::Duration};

/// The alphabet, one character at a time.
#[derive(Service)]
pub enum Alphabet {
    // `blocking` says that the handler is slow, so each call gets a thread of its own at once. Without it the program
    // prints the same times: the server sees after a millisecond or two that the handler is slow, lets another thread go
    // on with the calls behind it, and remembers that for the next call. Write it where you know it beforehand; it
    // saves the first callers that millisecond.
    /// The character after this one; none after the last.
    #[rpc(returns = Option<char>, idempotent, blocking)]
    Successor {
        /// Any one.
        character: char,
    },
}

/// An alphabet that thinks for so long about each character.
#[derive(Debug, Clone, Copy)]
pub struct Thinking(pub Duration);

impl AlphabetHandler for Thinking {
    fn successor(&self, _cx: &Context, character: char) -> Option<char> {
        thread::sleep(self.0);
        (character..=char::MAX).nth(1)
    }
}
