//! Every bound that a connection or a server keeps, in one place.
use std::time::Duration;

/// What a peer may ask for at most. The defaults suit a service on one machine; each has its reason.
///
/// What nobody has a reason to change is fixed: a greeting has 1 KiB, a value 128 levels, and a message may take four times
/// `frame_bytes_max`, and 1 MiB, once it is decoded.
///
/// A *user* is whoever connects with one user id, or, over TCP, from one address.
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
    /// Descriptors that this side takes with one message; 253 at most, which is the system's limit. 16: more than any
    /// method's own; a list of more is better passed in several calls. 0: none.
    pub fds_max: u32,
    /// What the system may keep of what was sent and not read, in bytes, each way; it has a least of its own. None: what is
    /// fast. Less saves memory on machines with many connections, and finds programs that count on it.
    pub socket_bytes: Option<usize>,
    /// Handlers that run, or wait to run, on threads of their own, in the whole server. 1000: what two users may have, and
    /// still no burden for the system.
    pub jobs_max: usize,
    /// Those of one user. 500: half of all, so that one user alone cannot keep others' calls from being run.
    pub user_jobs_max: usize,
    /// Descriptors that came with those of one user, and are closed when their handlers end. 256: a quarter of what a process
    /// mostly may have open, so that the server can still accept and open files whatever one user does. A call that has more is
    /// refused as overload before it runs, so this is no less than `fds_max`.
    pub user_fds_max: usize,
    /// Connections of a server. 4096: few processes may have more descriptors. One more is refused as overload.
    pub connections_max: usize,
    /// Those of one user. 1024: a quarter of all, so that others get in whatever one user does.
    pub user_connections_max: usize,
    /// Peers that have connected and have not said hello. 64: it is one round trip, so honest peers are never that many for
    /// long. For one more the oldest silent one is cut off, of the user that has most of them; within its first two seconds only if
    /// there are eight times too many, as in a burst all may be late.
    pub handshakes_max: usize,
    /// Calls of one connection that were cancelled a second or more before their deadline, and whose handlers still run.
    /// 64: a client that gives up far more calls than it waits for only wants to keep the server busy. It is cut off.
    pub cancelled_max: usize,
    /// Error replies of one connection that wait to be sent, to calls that no client of ours makes: malformed, too large, too
    /// many at a time, of no service or method. 100: whoever earns that many and reads none is cut off.
    pub faults_max: usize,
    /// Replies that a client has not read, in bytes of one connection. Past that it is cut off as a slow reader. 4 MiB, and a frame.
    /// A descriptor in them counts as 16 KiB.
    pub unsent_bytes_max: usize,
    /// How long a peer may take for its first frame. 10 s: it is one round trip.
    pub handshake_time_max: Duration,
    /// How long a peer may keep a connection waiting: in the midst of a frame, or by taking nothing of replies that are so
    /// many (256 KiB) that it is not read either. 30 s without one byte, as long as a call may take if nobody says more: a
    /// slow network brings something in that time. Then the peer is cut off.
    pub stall_time_max: Duration,
    /// How long accepting may pause when the system has no descriptor, or no memory, for one connection more. The first
    /// pause has 10 ms, each further one twice as much. 80 ms: trying costs next to nothing, and whoever waits is let in soon.
    pub accept_pause_max: Duration,
    /// How long whoever waits for a peer may poll before it blocks. 50 µs: some times what it costs to wake a CPU that sleeps, which
    /// a call between two CPUs then does not pay, twice. It polls only for a peer that last sent from another CPU, and ever more seldom
    /// when that is of no use. Zero: it always blocks. More than a millisecond counts as one.
    pub poll_time_max: Duration,
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
            fds_max: 16,
            socket_bytes: None,
            jobs_max: 1000,
            user_jobs_max: 500,
            user_fds_max: 256,
            connections_max: 4096,
            user_connections_max: 1024,
            handshakes_max: 64,
            cancelled_max: 64,
            faults_max: 100,
            unsent_bytes_max: 4 << 20,
            handshake_time_max: Duration::from_secs(10),
            stall_time_max: Duration::from_secs(30),
            accept_pause_max: Duration::from_millis(80),
            poll_time_max: Duration::from_micros(50),
            drain_time_max: Duration::from_secs(10),
        }
    }
}
