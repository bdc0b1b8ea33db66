//! An end to waiting, whatever is waited for: a server, a name in the network, a file system that hangs.
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What `work` gives, unless it takes longer than `time_max`. It then goes on alone, until the program ends.
pub(crate) fn within<T: Send + 'static>(time_max: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, wait) = mpsc::channel();
    let worker = thread::Builder::new().name("complete".to_owned());
    // Nobody listens any more if it is late.
    worker.spawn(move || drop(done.send(work()))).ok()?;
    wait.recv_timeout(time_max).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_without_end_is_left() {
        let (_never, wait) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(10), move || wait.recv()), None);
    }

    #[test]
    fn work_that_ends_is_waited_for() {
        assert_eq!(within(Duration::from_secs(20), || 7), Some(7));
    }
}
