//! A test that must have a process to itself: the test program runs it once more, alone.
use std::process::{Child, Command, Stdio};

const ROLE: &str = "RPC_TEST_ROLE";

/// The role that this process was started for.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// This test alone, in another process and in that role. What it prints can be read.
pub(crate) fn again(test: &str, role: &str, prepare: impl FnOnce(&mut Command) -> &mut Command) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    prepare(&mut command).spawn().unwrap()
}

/// What stands behind these words in what it prints, up to the end of the line.
pub(crate) fn told_by(child: &mut Child, words: &str) -> String {
    use std::io::BufRead;
    // It stays open: a child that cannot print fails.
    let lines = std::io::BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let line = lines.map_while(Result::ok).find_map(|line| line.split_once(words).map(|(_, told)| told.to_owned()));
    line.unwrap_or_else(|| panic!("it ended without {words:?}"))
}

/// Waits until the process that started this one lets go.
pub(crate) fn until_let_go() {
    let _ = std::io::stdin().read_line(&mut String::new());
}
