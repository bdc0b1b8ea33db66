//! The two processes of a measurement: this program once more, as server and as client.
//!
//! A server prints `ready`, and serves until its stdin ends. A client prints what it has [`Measured`].
use crate::measured::Measured;
use crate::rival::Job;
use crate::rivals;
use crate::runtime::Flavor;
use crate::work::Work;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// What a side may take for its line at most, besides the measurement itself. It is the slow rivals' first large echoes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server is told.
#[derive(Args)]
pub(crate) struct ServerArgs {
    rival: String,
    path: PathBuf,
    cpu: usize,
    runtime: Flavor,
}

/// What a client is told.
#[derive(Args)]
pub(crate) struct ClientArgs {
    rival: String,
    path: PathBuf,
    cpu: usize,
    runtime: Flavor,
    work: Work,
    milliseconds: u64,
}

/// Where both run, and for how long a client calls.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) server_cpu: usize,
    pub(crate) client_cpu: usize,
    pub(crate) flavor: Flavor,
    pub(crate) milliseconds: u64,
}

/// A server is there: whoever started this process may go on.
pub(crate) fn ready() {
    println!("ready");
}

/// The server's process.
pub(crate) fn serve(args: &ServerArgs) -> Result<()> {
    pin(args.cpu)?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    rivals::named(&args.rival)?.serve(&args.path, args.runtime)
}

/// The client's process.
pub(crate) fn call(args: &ClientArgs) -> Result<()> {
    pin(args.cpu)?;
    let time = Duration::from_millis(args.milliseconds);
    let job = Job { path: &args.path, work: args.work, time, flavor: args.runtime };
    let measured = rivals::named(&args.rival)?.run(&job)?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// This process, and the threads that it will have.
fn pin(cpu: usize) -> Result<()> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu);
    sched_setaffinity(None, &cpus).with_context(|| format!("cannot run on CPU {cpu} alone"))
}

/// The CPUs that this process may use.
pub(crate) fn cpus() -> Result<Vec<usize>> {
    let allowed = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect())
}

/// One measurement, with two fresh processes.
pub(crate) fn measure(rival: &str, work: Work, setup: Setup) -> Result<Measured> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("socket");
    let mut server = Process::start("server", &arguments(rival, &path, setup.server_cpu, setup.flavor))?;
    let said = server.line(PATIENCE).context("of the server")?;
    if said != "ready" {
        bail!("the server said {said:?} instead of `ready`");
    }
    let mut arguments = arguments(rival, &path, setup.client_cpu, setup.flavor);
    arguments.extend([name(work).into(), setup.milliseconds.to_string().into()]);
    let mut client = Process::start("client", &arguments)?;
    let said = client.line(PATIENCE + Duration::from_millis(setup.milliseconds)).context("of the client")?;
    serde_json::from_str(&said).with_context(|| format!("the client said {said:?}"))
}

fn arguments(rival: &str, path: &Path, cpu: usize, flavor: Flavor) -> Vec<OsString> {
    vec![rival.into(), path.into(), cpu.to_string().into(), name(flavor).into()]
}

/// As it is written on a command line.
fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Killed when it is no longer wanted.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(side: &str, arguments: &[OsString]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(side).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().context("it is piped")?;
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|said| line.send(said))
        });
        Ok(Self { child, lines })
    }

    fn line(&mut self, time: Duration) -> Result<String> {
        match self.lines.recv_timeout(time) {
            Ok(line) => Ok(line),
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("not done after {} s", time.as_secs()),
            Err(mpsc::RecvTimeoutError::Disconnected) => bail!("it ended with {}", self.child.wait()?),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
