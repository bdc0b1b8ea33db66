//! Ctrl-C and SIGTERM while something is called: the first lets the line that is being written become whole, the second
//! ends the program at once.
//!
//! The connection ends with the program, and that cancels its calls at the server. The signal itself ends the program, so
//! that a shell that runs a script of such calls ends, too, and tells 130 or 143.
use crate::failure::Failure;
#[cfg(unix)]
use {rpc_core::Error, std::io};

/// From now on signals are caught.
#[cfg(unix)]
pub(crate) fn catch() -> Result<(), Failure> {
    let failed = |error: io::Error| Error::System { doing: "catching signals".to_owned(), text: error.to_string() };
    caught().map_err(|error| failed(error).into())
}

/// The system's own ways.
#[cfg(not(unix))]
pub(crate) fn catch() -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn caught() -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::{flag, low_level};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    let (mut told, tell) = std::os::unix::net::UnixStream::pair()?;
    let (came, which) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first one finds the flag unset.
        flag::register_conditional_default(signal, came.clone())?;
        flag::register(signal, came.clone())?;
        flag::register_usize(signal, which.clone(), signal as usize)?;
        low_level::pipe::register(signal, tell.try_clone()?)?;
    }
    let end = move || {
        let read = io::Read::read_exact(&mut told, &mut [0]);
        let first = which.load(Ordering::SeqCst) as i32;
        if read.is_ok() {
            crate::output::end();
            // It fails for unknown signals alone.
            let _ = low_level::emulate_default_handler(first);
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(end).map(drop)
}
