//! A terminal of the tests' own.
use rustix::pty;
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    process::Command,
};

/// What a terminal gets that is stdout and stderr of the program.
pub(crate) fn on_a_terminal(mut command: Command) -> String {
    let flags = pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY;
    let ours = pty::openpt(flags).unwrap();
    pty::grantpt(&ours).unwrap();
    pty::unlockpt(&ours).unwrap();
    let name = pty::ptsname(&ours, Vec::new()).unwrap();
    let theirs = fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut child = command.stdout(theirs.try_clone().unwrap()).stderr(theirs).spawn().unwrap();
    // It holds the terminal open, which ends with its last holder.
    drop(command);
    let mut seen = String::new();
    for line in BufReader::new(File::from(ours)).lines() {
        // The end of a terminal is an error of the system, and no end of a file.
        let Ok(line) = line else { break };
        seen.push_str(line.trim_end_matches('\r'));
        seen.push('\n');
    }
    child.wait().unwrap();
    seen
}
