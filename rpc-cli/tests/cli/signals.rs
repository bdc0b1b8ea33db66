//! Ctrl-C and SIGTERM: what the shell sees, and what the server sees of it.
use crate::run::Served;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt;

/// The signal itself ends the program, so that a shell that runs a script of such calls ends, too, and tells 128 and the
/// signal's number: 130, 143.
#[test]
fn a_call_that_a_signal_ends_is_cancelled_at_the_server() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        let served = Served::new();
        let mut child = served.place.command(&["call", "./s", "linger"]).spawn().unwrap();
        served.keeper.0.pass("lingering");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        served.keeper.0.pass("cancelled");
    }
}
