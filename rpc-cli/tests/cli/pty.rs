//! A terminal of the tests' own.
use rustix::pty;
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// What a terminal gets that is stdout and stderr of the program.
pub(crate) fn on_a_terminal(command: Command) -> String {
    seen_by_a_terminal(command, |command, theirs| {
        command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    })
}

/// What a terminal gets that is stderr of the program, whose stdout goes elsewhere.
pub(crate) fn stderr_on_a_terminal(command: Command) -> String {
    seen_by_a_terminal(command, |command, theirs| {
        command.stdout(Stdio::null()).stderr(theirs);
    })
}

fn seen_by_a_terminal(mut command: Command, attach: impl FnOnce(&mut Command, File)) -> String {
    let flags = pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY;
    let ours = pty::openpt(flags).unwrap();
    pty::grantpt(&ours).unwrap();
    pty::unlockpt(&ours).unwrap();
    let name = pty::ptsname(&ours, Vec::new()).unwrap();
    let theirs = fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    attach(&mut command, theirs);
    let mut child = command.spawn().unwrap();
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
