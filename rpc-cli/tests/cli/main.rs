//! The real binary against real servers: what a person or a script at a shell sees.
//!
//! - `zoo`: the services that are called. `run`: the program, and what came of it.
//! - `describe`, `answers`, `arguments`: what works, and what is told of wrong arguments.
//! - `failures`, `connecting`, `drain`: every exit code. `streams`: terminals, pipes, stdin.
#![cfg(unix)]
mod answers;
mod arguments;
mod connecting;
mod describe;
mod drain;
mod failures;
mod run;
mod streams;
mod zoo;
