//! What runs the README's [`jobs`](crate::jobs).

use crate::job_output::JobOutput;
use crate::jobs::{Job, JobError, JobsHandler, State};
use crate::process_group::ProcessGroup;
use rpc_core::{Context, Sink, Stopped};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Jobs that are known, whether they run or not. A hundred lines of `list` are still read by somebody.
const JOBS_MAX: usize = 100;

/// A longer line becomes several: some programs print no newlines at all.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// Runs jobs. Dropping it kills them.
#[derive(Debug, Default)]
pub struct JobRunner(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    started: u64,
    jobs: BTreeMap<u64, Arc<Run>>,
}

impl JobsHandler for JobRunner {
    fn start(&self, _cx: &Context, command: &str) -> Result<u64, JobError> {
        let mut known = lock(&self.0);
        known.make_room()?;
        let run = Run::start(command).map_err(|error| JobError::NotStarted { problem: error.to_string() })?;
        known.started += 1;
        let number = known.started;
        known.jobs.insert(number, run);
        Ok(number)
    }

    fn follow(&self, cx: &Context, job: u64, mut out: Sink<String>) -> Result<Result<State, JobError>, Stopped> {
        let run = match self.find(job) {
            Ok(run) => run,
            Err(error) => return Ok(Err(error)),
        };
        let mut output = BufReader::new(run.output.reader(cx));
        while let Some(line) = next_line(&mut output) {
            out.send(&line)?;
        }
        if cx.is_cancelled() { Err(Stopped) } else { Ok(Ok(run.state())) }
    }

    fn cancel(&self, cx: &Context, job: u64) -> Result<(), JobError> {
        let run = self.find(job)?;
        run.processes.kill();
        // The end of its output is the end of the job.
        let _ = io::copy(&mut run.output.reader(cx), &mut io::sink());
        Ok(())
    }

    fn list(&self, _cx: &Context) -> Vec<Job> {
        let describe =
            |(job, run): (&u64, &Arc<Run>)| Job { job: *job, state: run.state(), command: run.command.clone() };
        lock(&self.0).jobs.iter().map(describe).collect()
    }
}

impl JobRunner {
    fn find(&self, job: u64) -> Result<Arc<Run>, JobError> {
        lock(&self.0).jobs.get(&job).cloned().ok_or(JobError::Unknown { job })
    }
}

impl Drop for JobRunner {
    fn drop(&mut self) {
        lock(&self.0).jobs.values().for_each(|run| run.processes.kill());
    }
}

impl Known {
    /// Forgets the oldest job that has ended, if there are too many.
    fn make_room(&mut self) -> Result<(), JobError> {
        if self.jobs.len() < JOBS_MAX {
            return Ok(());
        }
        let ended = self.jobs.iter().find(|(_, run)| run.state() != State::Running).map(|(number, _)| *number);
        let number = ended.ok_or(JobError::Full { jobs_max: JOBS_MAX as u64 })?;
        self.jobs.remove(&number);
        Ok(())
    }
}

/// A job.
#[derive(Debug)]
struct Run {
    command: String,
    processes: ProcessGroup,
    output: Arc<JobOutput>,
    state: Mutex<State>,
}

impl Run {
    fn start(command: &str) -> io::Result<Arc<Self>> {
        let (processes, output) = ProcessGroup::start(command)?;
        let (command, state) = (command.to_owned(), Mutex::new(State::Running));
        let run = Arc::new(Self { command, processes, output: Arc::default(), state });
        let runs = run.clone();
        // Not joined: it ends with the job.
        thread::Builder::new().name("job".to_owned()).spawn(move || runs.run(output))?;
        Ok(run)
    }

    /// Until nothing of it runs any more that could print.
    fn run(&self, mut output: PipeReader) {
        let _ = io::copy(&mut output, &mut &*self.output);
        let code = self.processes.wait().ok().flatten().and_then(|status| status.code());
        *lock(&self.state) = code.map_or(State::Killed, |code| State::Exited { code });
        self.output.finish();
    }

    fn state(&self) -> State {
        *lock(&self.state)
    }
}

/// Without its newline; what is no UTF-8 in it is replaced. `None`: that was the last one.
fn next_line(output: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    output.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).ok().filter(|count| *count > 0)?;
    Some(String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned())
}

/// A panic of one call is no reason to fail the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
