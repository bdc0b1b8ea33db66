//! The real binary against real servers: what a person or a script at a shell sees.
//!
//! - `zoo`: the services that are called. `run`: the program, and what came of it.
//! - `describe`, `description`, `answers`, `arguments`: what works, and what is told of wrong arguments.
//! - `listing`, `ping`, `waiting`: servers found, measured and waited for. `fake`: a server that is none of ours; `hostile`: one that means harm.
//! - `passed`: descriptors and commands as addresses.
//! - `failures`, `connecting`, `drain`, `signals`: every exit code; `reports`: errors as JSON. `man`: the man pages.
//! - `each`: a call for each line of stdin.
//! - `formats`, `shapes`: how answers are written, to a pipe and to a terminal (`pty`). `pipes`: stdin and stdout. `streams`: methods with items.
//! - `trust`: other users' servers, and tokens. `timing`: what `-v` tells. `completion`: the Tab key.
#![cfg(unix)]
mod answers;
mod arguments;
mod completion;
mod connecting;
mod describe;
mod description;
mod descriptors;
mod drain;
mod each;
mod failures;
mod fake;
mod formats;
mod hostile;
mod listing;
mod man;
mod passed;
mod ping;
mod pipes;
#[cfg(target_os = "linux")]
mod pty;
mod reports;
mod run;
mod shapes;
mod signals;
mod stats;
mod streams;
mod timing;
mod trust;
mod waiting;
mod zoo;
