//! The README's job runner, as its callers see it. [`JobRunner`](crate::JobRunner) is what runs the jobs.
use rpc_core::{Schema, Service};
use serde::{Deserialize, Serialize};

/// Runs shell commands. Whoever may call it may do all that its user may.
#[derive(Service)]
pub enum Jobs<'a> {
    /// Starts a command, and answers the job's number.
    #[rpc(returns = Result<u64, JobError>)]
    Start { command: &'a str },
    /// What a job has printed, and what it prints from now on, line by line; at its end how it ended.
    #[rpc(stream = String, returns = Result<State, JobError>)]
    Follow { job: u64 },
    /// Kills a job with all that it has started, and answers when that is over. One that has ended stays as it is.
    #[rpc(returns = Result<(), JobError>, idempotent)]
    Cancel { job: u64 },
    /// The jobs that run, and those that ended last.
    #[rpc(returns = Vec<Job>, idempotent)]
    List,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Job {
    pub job: u64,
    pub state: State,
    pub command: String,
}

/// How a job is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Schema)]
pub enum State {
    /// As the answer of `follow`: the server stops, and the job with it.
    Running,
    Exited {
        code: i32,
    },
    /// By `cancel`, or by a signal of somebody else.
    Killed,
}

/// Why there is no such job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema, thiserror::Error)]
pub enum JobError {
    /// None has had this number, or it ended long ago.
    #[error("there is no job {job}")]
    Unknown { job: u64 },
    /// The system has no process for it.
    #[error("the command cannot be started: {problem}")]
    NotStarted { problem: String },
    /// As many jobs run as may run at once.
    #[error("{jobs_max} jobs are running already")]
    Full { jobs_max: u64 },
}
