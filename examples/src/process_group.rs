//! A shell command as a child process, which is killed with all that it has started.

use std::io::{self, PipeReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A command that runs. Dropping it kills it.
///
/// On Unix it leads a process group, and the group is killed: a process that has left it lives on. On other systems the
/// shell alone is killed.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    /// `None`: it has ended, and its number may be another's by now.
    child: Mutex<Option<Child>>,
}

impl ProcessGroup {
    /// Starts a command, and gives what it and its children will print, on stdout and stderr.
    pub(crate) fn start(command: &str) -> io::Result<(Self, PipeReader)> {
        let (output, theirs) = io::pipe()?;
        // Dropped at the end with its copies of `theirs`: as long as anybody holds one, the output does not end.
        let mut shell = shell(command);
        let child = shell.stdin(Stdio::null()).stdout(theirs.try_clone()?).stderr(theirs).spawn()?;
        Ok((Self { child: Mutex::new(Some(child)) }, output))
    }

    /// Waits until the shell has ended; `None` if somebody has waited before. It can be killed meanwhile.
    pub(crate) fn wait(&self) -> io::Result<Option<ExitStatus>> {
        #[cfg(unix)]
        self.wait_unreaped();
        self.lock().take().map(|mut child| child.wait()).transpose()
    }

    /// Kills what runs of it.
    pub(crate) fn kill(&self) {
        if let Some(child) = &mut *self.lock() {
            kill(child);
        }
    }

    /// waitid(2) leaves it a zombie, so that its number stays its own until the lock is held.
    #[cfg(unix)]
    fn wait_unreaped(&self) {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

        let Some(id) = self.lock().as_ref().map(Pid::from_child) else { return };
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(id), ended));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
        let _ = self.wait();
    }
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt;

    let mut shell = Command::new("sh");
    shell.args(["-c", command]).process_group(0);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

#[cfg(unix)]
fn kill(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    // It fails when nothing of it is left, which is as good.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn kill(child: &mut Child) {
    let _ = child.kill();
}
