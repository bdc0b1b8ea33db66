//! How a server ended: what it finished, and what it did not.
use super::engine::Engine;
use super::link::Link;
use super::stats::RunningCall;
use std::fmt;

/// Cut calls that a line of a log names.
const NAMED_MAX: usize = 10;

/// How a server ended. As a text it is a line for a log. The service `Introspection` itself is left out.
///
/// ```no_run
/// # fn example(server: rpc_core::Listening) -> Result<(), rpc_core::Error> {
/// let drained = server.run()?;
/// // calls: 3 finished, 0 refused, 1 cut; connections: 1 cut; cut: Kv.get after 10.0s of process 4711
/// eprintln!("{drained}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Calls that ran when stopping began, or that came before their client was told goodbye, and that ended in time.
    pub finished: u64,
    /// Calls that came too late, and were not run. Their callers know that.
    pub refused: u64,
    /// Calls that were still running when their time was over ([`Limits::drain_time_max`](crate::Limits::drain_time_max)). Their
    /// callers were told that the connection ended. A handler whose caller has left is not among them.
    pub cut: usize,
    /// Which calls those are, the oldest first, 1000 at most.
    pub running: Vec<RunningCall>,
    /// Connections that ended with a call that ran, or with answers that were not taken.
    pub connections_cut: usize,
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { finished, refused, cut, running, connections_cut } = self;
        write!(f, "calls: {finished} finished, {refused} refused, {cut} cut; connections: {connections_cut} cut")?;
        for (place, call) in running.iter().take(NAMED_MAX).enumerate() {
            let RunningCall { service, method, age, .. } = call;
            write!(f, "{} {service}.{method} after {age:.1?}", if place == 0 { "; cut:" } else { "," })?;
            call.pid.map_or(Ok(()), |pid| write!(f, " of process {pid}"))?;
        }
        match cut.saturating_sub(NAMED_MAX) {
            0 => Ok(()),
            hidden => write!(f, ", and {hidden} more"),
        }
    }
}

/// What had been counted when the goodbyes began.
pub(super) struct Goodbyes {
    pub(super) ended: u64,
    pub(super) refused: u64,
}

impl Engine {
    /// What has become of the calls since then, before everything is closed.
    pub(super) fn drained(&self, since: &Goodbyes) -> Drained {
        let (running, cut) = self.running();
        Drained {
            finished: self.services.ended().saturating_sub(since.ended),
            refused: self.services.refused().saturating_sub(since.refused),
            cut,
            running,
            connections_cut: self.all_links().iter().filter(|link| is_busy(link)).count(),
        }
    }
}

fn is_busy(link: &Link) -> bool {
    let read = link.read();
    let runs = read.entered || read.session.in_flight().next().is_some();
    drop(read);
    runs || link.unsent() > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_for_a_log() {
        let mut drained = Drained { finished: 3, refused: 1, ..Drained::default() };
        assert_eq!(drained.to_string(), "calls: 3 finished, 1 refused, 0 cut; connections: 0 cut");
        let (service, method, age) = ("Kv".to_owned(), "get".to_owned(), Duration::from_millis(1500));
        let call = RunningCall { service, method, age, pid: Some(7), ..RunningCall::default() };
        (drained.cut, drained.connections_cut) = (12, 1);
        drained.running = [vec![call.clone(); 2], vec![RunningCall { pid: None, ..call }; 10]].concat();
        let named = "; cut: Kv.get after 1.5s of process 7, Kv.get after 1.5s of process 7, Kv.get after 1.5s,";
        let text = drained.to_string();
        assert!(text.contains(&format!("12 cut; connections: 1 cut{named}")), "{text}");
        assert!(text.ends_with("Kv.get after 1.5s, and 2 more"), "{text}");
    }
}
