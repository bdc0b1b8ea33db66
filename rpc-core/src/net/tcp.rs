//! TCP: looking up a host, connecting to whichever of its addresses answers, listening on this machine alone unless
//! more is asked for. What a stream sets on its socket is in `stream`.

use super::{
    Stream,
    connect::{time_left, time_to_try},
};
use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How long a listener waits for the lookup of the host that it is to listen on.
const RESOLVE_TO_LISTEN: Duration = Duration::from_secs(5);

/// Connects to the first address of the host that answers. Each gets an equal share of the time that is left, so that
/// one that swallows packets does not use up the others' time.
pub(crate) fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<Stream> {
    let addresses = resolve(host, port, deadline)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("the host {host} has no address"));
    for (tried, address) in addresses.iter().enumerate() {
        let still_to_try = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, time_to_try(deadline) / still_to_try) {
            Ok(stream) if is_self_connected(&stream) => last = io::ErrorKind::ConnectionRefused.into(),
            Ok(stream) => return Stream::from_tcp(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A connect to a free port of the ephemeral range, tried often enough, meets itself: both ends are one socket.
fn is_self_connected(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(peer)) if local == peer)
}

/// Why there is no TCP listener.
#[derive(Debug)]
pub(crate) enum BindProblem {
    /// Others could connect, and nobody asked for that.
    NotLoopback(IpAddr),
    /// The system says no.
    System(io::Error),
}

/// Listens on the first of the host's addresses that can be had; the backlog is the caller's to set.
pub(crate) fn bind(host: &str, port: u16, allow_remote: bool) -> Result<TcpListener, BindProblem> {
    let addresses = resolve(host, port, Instant::now() + RESOLVE_TO_LISTEN).map_err(BindProblem::System)?;
    // All of them: which one would be taken is chance.
    let outside = addresses.iter().map(SocketAddr::ip).find(|ip| !ip.to_canonical().is_loopback());
    if let Some(ip) = outside.filter(|_| !allow_remote) {
        return Err(BindProblem::NotLoopback(ip));
    }
    TcpListener::bind(&addresses[..]).map_err(BindProblem::System)
}

/// The addresses of a host. The system's lookup knows no deadline, so one that needs it runs in a thread of its own;
/// that thread ends when the lookup does, and nobody waits for it after the deadline.
fn resolve(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let host = host.to_owned();
    // Not a channel of the standard library: that would be 17 KB of every program that connects.
    let looked_up = Arc::new((Mutex::new(None), Condvar::new()));
    let answer = looked_up.clone();
    thread::Builder::new().name("rpc-resolve".to_owned()).spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        *answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.map(Iterator::collect));
        answer.1.notify_one();
    })?;
    let (found, came) = &*looked_up;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = came.wait_timeout_while(found, time_left(deadline), |found| found.is_none());
    let found = waited.unwrap_or_else(PoisonError::into_inner).0.take();
    found.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}
