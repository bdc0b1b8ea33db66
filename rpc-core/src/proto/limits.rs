//! Every bound that a connection or a server keeps, in one place.
use std::time::Duration;

/// What a peer may ask for at most. The defaults suit a service on one machine; each has its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest body of a frame, and so the largest message, in bytes. 4 MiB: larger things are better streamed.
    pub frame_bytes_max: u32,
    /// Calls in flight on one connection. 256: more than the threads of any client; each costs the server memory.
    pub calls_max: u32,
    /// Calls with items that are under way on one connection. 64: each may hold a window, and a thread of the server.
    pub streams_max: u32,
    /// How far a stream's sender may run ahead of its receiver, in bytes. 256 KiB: with less, sender and receiver wait for
    /// each other; with more, nothing is gained.
    pub window_bytes: u32,
    /// What the system may keep of what was sent and not read, in bytes, each way; it has a least of its own. None: what is
    /// fast. Less saves memory on machines with many connections, and finds programs that count on it.
    pub socket_bytes: Option<usize>,
    /// Handlers that run, or wait to run, on threads of their own, in the whole server. 500 threads are still no burden.
    pub jobs_max: usize,
    /// Connections of a server. 4096: most processes may have no more descriptors than that.
    pub connections_max: usize,
    /// Replies that a client has not read, in bytes of one connection. Past that it is cut off as a slow reader. 4 MiB, and a frame.
    pub unsent_bytes_max: usize,
    /// How long a peer may take for its first frame. 10 s: it is one round trip.
    pub handshake_time_max: Duration,
    /// How long calls in flight may still run when the server stops. 10 s: what service managers wait before they kill.
    pub drain_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 4 << 20,
            calls_max: 256,
            streams_max: 64,
            window_bytes: 256 << 10,
            socket_bytes: None,
            jobs_max: 500,
            connections_max: 4096,
            unsent_bytes_max: 4 << 20,
            handshake_time_max: Duration::from_secs(10),
            drain_time_max: Duration::from_secs(10),
        }
    }
}
