//! SIGTERM and SIGINT as a request to stop, while a server runs.
//!
//! signal-hook never gives a signal its default action back, so a process that had run a server once would ignore SIGTERM
//! for ever. Hence the flag: while no server runs, and after the first signal, the default action is taken.
use crate::Error;
use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Whether a signal has its default action. One for the process: signals are.
static DEFAULT: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How many servers wait for signals.
static WAITING: Mutex<usize> = Mutex::new(0);

/// Waits for a request to stop, by a signal or by [`StopRequest::stop`].
#[derive(Debug)]
pub(super) struct StopSignal {
    asked: UnixStream,
    ask: Arc<UnixStream>,
    caught: Option<Caught>,
}

/// Asks a server to stop.
#[derive(Debug, Clone)]
pub(super) struct StopRequest(Arc<UnixStream>);

impl StopRequest {
    pub(super) fn stop(&self) {
        // A socket that is full has been asked often enough; one that is closed has stopped.
        let _ = (&*self.0).write(&[0]);
    }
}

impl StopSignal {
    pub(super) fn new() -> Result<Self, Error> {
        let (asked, ask) = UnixStream::pair().map_err(|error| Error::system("making a socket pair", &error))?;
        ask.set_nonblocking(true).map_err(|error| Error::system("making a socket pair", &error))?;
        Ok(Self { asked, ask: Arc::new(ask), caught: None })
    }

    pub(super) fn request(&self) -> StopRequest {
        StopRequest(self.ask.clone())
    }

    /// From now on a signal is a request to stop, until [`wait`](Self::wait) returns.
    ///
    /// # Errors
    /// When the signals cannot be caught.
    pub(super) fn catch(&mut self) -> Result<(), Error> {
        if self.caught.is_none() {
            self.caught = Some(Caught::new(&self.ask).map_err(|error| Error::system("catching signals", &error))?);
        }
        Ok(())
    }

    /// Waits for one or the other, but no longer than `pause`; then it is false, and signals are still caught.
    ///
    /// # Errors
    /// When the signals cannot be caught, or not be waited for.
    pub(super) fn wait(&mut self, pause: Option<Duration>) -> Result<bool, Error> {
        self.catch()?;
        let cannot_wait = |error| Error::system("waiting for a signal", &error);
        self.asked.set_read_timeout(pause).map_err(cannot_wait)?;
        loop {
            match (&self.asked).read(&mut [0]) {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(cannot_wait(error)),
            }
        }
        self.caught = None;
        Ok(true)
    }
}

/// Signals that write into a socket, while it lives.
#[derive(Debug)]
struct Caught(Vec<SigId>);

impl Caught {
    fn new(ask: &UnixStream) -> std::io::Result<Self> {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: two servers that start together would each register a flag, and one would stay set for ever.
        let default = default()?;
        *waiting += 1;
        drop(waiting);
        // From here on a failure drops it, which takes the lock and counts it out.
        let mut caught = Self(Vec::new());
        for signal in [SIGTERM, SIGINT] {
            caught.0.push(low_level::pipe::register(signal, ask.try_clone()?)?);
        }
        default.store(false, Ordering::SeqCst);
        Ok(caught)
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = waiting.saturating_sub(1);
        // From the first signal on a second one ends the process, whatever handlers do.
        if *waiting == 0
            && let Some(default) = DEFAULT.get()
        {
            default.store(true, Ordering::SeqCst);
        }
        for id in self.0.drain(..) {
            low_level::unregister(id);
        }
    }
}

fn default() -> std::io::Result<Arc<AtomicBool>> {
    if let Some(default) = DEFAULT.get() {
        return Ok(default.clone());
    }
    let default = Arc::new(AtomicBool::new(true));
    for signal in [SIGTERM, SIGINT] {
        flag::register_conditional_default(signal, default.clone())?;
    }
    Ok(DEFAULT.get_or_init(|| default).clone())
}
