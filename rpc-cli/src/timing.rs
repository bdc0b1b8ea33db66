//! What `-v` tells on stderr: how long each step took.
use crate::connect::Server;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::time::Duration;

/// A call with its sizes, or several.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// Opening the service.
    pub(crate) open: Duration,
    /// How many calls there were.
    pub(crate) calls: u64,
    /// From the first request to the last answer.
    pub(crate) time: Duration,
    /// All encoded arguments and items, in bytes.
    pub(crate) sent: usize,
    /// All encoded items and answers, in bytes.
    pub(crate) received: usize,
}

/// `connect 0.041 ms, handshake 0.087 ms, schema 0.120 ms`, and opening and the call if there was one.
pub(crate) fn tell(server: &Server, call: Option<Timing>) {
    let mut steps = Vec::new();
    if let Some(opening) = server.opening {
        steps.push(step("connect", opening.connect));
        steps.push(step("handshake", opening.handshake));
    }
    steps.push(step("schema", server.asking));
    if let Some(Timing { open, calls, time, sent, received }) = call {
        steps.push(step("open", open));
        steps.push(match calls {
            1 => step("call", time),
            calls => step(&format!("{calls} calls"), time),
        });
        steps.push(format!("{sent} bytes out, {received} bytes in"));
    }
    // Where stderr is closed, there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", steps.join(", "));
}

fn step(name: &str, time: Duration) -> String {
    format!("{name} {}", Milliseconds(time))
}

/// With the digits that a local socket needs.
struct Milliseconds(Duration);

impl Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ms", self.0.as_secs_f64() * 1e3)
    }
}
