//! A shell at a terminal, and a person who types.
use super::soon;
use rustix::pty;
use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Child, Command},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

const TAB: &str = "\t";
const TO_START_OF_LINE: &str = "\u{1}";
const CLEAR_LINE: &str = "\u{5}\u{15}";

/// What is waited for comes at once or, on a busy machine, not at all: then it is typed again.
const PATIENCE: Duration = Duration::from_secs(2);

/// An interactive shell with a terminal of its own.
pub(super) struct Prompt {
    shell: Child,
    keyboard: File,
    screen: Arc<(Mutex<String>, Condvar)>,
}

impl Prompt {
    /// Starts `shell`, and types `setup`.
    pub(super) fn start(shell: &Command, setup: &str) -> Self {
        let flags = pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY;
        let ours = pty::openpt(flags).unwrap();
        pty::grantpt(&ours).unwrap();
        pty::unlockpt(&ours).unwrap();
        let name = pty::ptsname(&ours, Vec::new()).unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        // A session of its own: else an interactive shell would take the terminal that the tests run at.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(shell.get_program()).args(shell.get_args()).env("TERM", "xterm");
        command.current_dir(shell.get_current_dir().unwrap());
        for (name, value) in shell.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let both = || theirs.try_clone().unwrap();
        let shell = command.stdin(both()).stdout(both()).stderr(both()).spawn().unwrap();
        let keyboard = File::from(ours);
        let screen = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let (mut reader, shown) = (keyboard.try_clone().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of a terminal is an error of the system.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shown.0.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
                shown.1.notify_all();
            }
        });
        let prompt = Self { shell, keyboard, screen };
        // A function that shows the words of a line.
        prompt.type_keys(&format!("{setup}\nwords() {{ printf '<%s>' \"$@\"; echo '<end>'; }}\nwords ready\n"));
        assert!(prompt.shows("<ready><end>", Duration::from_secs(20)), "{}", prompt.screen());
        prompt
    }

    /// Types `line` and Tab, and then `more` (which shows whether there is a blank); expects these words on the line.
    #[track_caller]
    pub(super) fn completes(&self, line: &str, more: &str, expected: &[&str]) {
        let shown: String = expected.iter().map(|word| format!("<{word}>")).chain(["<end>".to_owned()]).collect();
        let typed = || {
            self.clear();
            self.type_keys(&[CLEAR_LINE, line, TAB, more, TO_START_OF_LINE, "words ", "\n"].concat());
            self.shows(&shown, PATIENCE)
        };
        assert!(soon(typed), "{line}: not {shown} on {}", self.screen());
    }

    /// Types `line` and Tab twice; expects to see this in the list.
    #[track_caller]
    pub(super) fn lists(&self, line: &str, expected: &str) {
        let typed = || {
            self.clear();
            self.type_keys(&[CLEAR_LINE, line, TAB, TAB].concat());
            self.shows(expected, PATIENCE)
        };
        assert!(soon(typed), "{line}: no {expected} on {}", self.screen());
    }

    fn type_keys(&self, keys: &str) {
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    fn clear(&self) {
        self.screen.0.lock().unwrap().clear();
    }

    fn screen(&self) -> String {
        self.screen.0.lock().unwrap().clone()
    }

    fn shows(&self, text: &str, time_max: Duration) -> bool {
        let (screen, changed) = &*self.screen;
        let missing = |screen: &mut String| !screen.contains(text);
        !changed.wait_timeout_while(screen.lock().unwrap(), time_max, missing).unwrap().1.timed_out()
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
