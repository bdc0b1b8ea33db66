//! A terminal of the tests' own.
use rustix::pty;
use rustix::termios::{Winsize, tcsetwinsize};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// What a terminal gets that is stdout and stderr of the program.
pub(crate) fn on_a_terminal(command: Command) -> String {
    on_a_terminal_that(command, |_| {})
}

/// The same; each line is told to `reads` as it comes.
pub(crate) fn on_a_terminal_that(command: Command, mut reads: impl FnMut(&str)) -> String {
    on_a_terminal_that_changes(command, |line| {
        reads(line);
        None
    })
}

/// The same; what `reads` gives are the terminal's rows and columns from then on.
pub(crate) fn on_a_terminal_that_changes(command: Command, reads: impl FnMut(&str) -> Option<(u16, u16)>) -> String {
    let attach = |command: &mut Command, theirs: File| {
        command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    };
    seen_by_a_terminal(command, attach, reads)
}

/// The same with a terminal of so many columns.
pub(crate) fn on_a_terminal_of(columns: u16, command: Command) -> String {
    let attach = |command: &mut Command, theirs: File| {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&theirs, size).unwrap();
        command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    };
    seen_by_a_terminal(command, attach, |_| None)
}

/// What a terminal gets that is stderr of the program, whose stdout goes elsewhere.
pub(crate) fn stderr_on_a_terminal(command: Command) -> String {
    let attach = |command: &mut Command, theirs: File| {
        command.stdout(Stdio::null()).stderr(theirs);
    };
    seen_by_a_terminal(command, attach, |_| None)
}

fn seen_by_a_terminal(
    mut command: Command,
    attach: impl FnOnce(&mut Command, File),
    mut reads: impl FnMut(&str) -> Option<(u16, u16)>,
) -> String {
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
    let ours = File::from(ours);
    let mut seen = String::new();
    for line in BufReader::new(&ours).lines() {
        // The end of a terminal is an error of the system, and no end of a file.
        let Ok(line) = line else { break };
        if let Some((ws_row, ws_col)) = reads(&line) {
            let size = Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
            tcsetwinsize(&ours, size).unwrap();
        }
        seen.push_str(line.trim_end_matches('\r'));
        seen.push('\n');
    }
    child.wait().unwrap();
    seen
}
