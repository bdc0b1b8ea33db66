//! The two processes of a measurement: this program once more, as server and as client.
//!
//! A server prints `ready`, serves until its standard input ends, and prints its CPU time. A client prints its [`Run`].
use super::case::{Case, Placement, Rival, Unit, Work, named};
use super::measure::{Amount, Run, cpu_time};
use super::{beside, busy, connects, echo, framework, items, multiplexed, raw, raw_items, sharers};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The first argument of such a process.
pub(crate) const FLAG: &str = "--child";

/// The CPUs that this process may use, of which the first two are taken.
pub(crate) struct Cpus(Vec<usize>);

impl Cpus {
    pub(crate) fn here() -> Self {
        let allowed = sched_getaffinity(None).expect("what this thread may use can be asked");
        Self((0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).take(2).collect())
    }

    pub(crate) fn has(&self, placement: Placement) -> bool {
        placement == Placement::One || self.0.len() > 1
    }

    /// The server's and the client's.
    fn of(&self, placement: Placement) -> (usize, usize) {
        let at = |place: usize| self.0.get(place).copied().unwrap_or(0);
        (at(0), if placement == Placement::One { at(0) } else { at(1) })
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0[..] {
            [one, two] => write!(
                f,
                "1-cpu: client and server on CPU {one}; 2-cpus: server on {one}, client on {two}; busy: the same beside busy loops"
            ),
            _ => write!(f, "1-cpu: on CPU {:?}; 2-cpus, busy: SKIPPED, there is only one", self.0),
        }
    }
}

/// Programs to start the server and the client with, such as a tracer; empty: none.
#[derive(Default)]
pub(crate) struct Around {
    pub(crate) server: Vec<String>,
    pub(crate) client: Vec<String>,
}

/// One measurement with fresh processes.
pub(crate) fn measure(case: &Case, amount: Amount, cpus: &Cpus) -> Run {
    measure_around(case, amount, cpus, &Around::default())
}

pub(crate) fn measure_around(case: &Case, amount: Amount, cpus: &Cpus, around: &Around) -> Run {
    let directory = tempfile::tempdir().expect("a directory for a socket");
    let address = directory.path().join("socket");
    let address = address.to_str().expect("a path in UTF-8");
    let (server_cpu, client_cpu) = cpus.of(case.placement);
    let _busy = (case.placement == Placement::Busy).then(|| [server_cpu, client_cpu].map(busy::start));
    let arguments = |side: &str, cpu: usize| {
        [FLAG, side, &case.name(), &cpu.to_string(), address, &amount.written()].map(str::to_owned)
    };
    let mut server = Process::start(&around.server, &arguments("server", server_cpu));
    assert_eq!(server.line(), "ready", "of the server");
    let mut client = Process::start(&around.client, &arguments("client", client_cpu));
    let mut run = Run::read(&client.line());
    client.end();
    drop(server.child.stdin.take());
    let server_nanos: f64 = server.line().parse().expect("its CPU time");
    server.end();
    run.server_cpu = server_nanos / 1e3 / run.all_calls;
    run
}

pub(crate) struct Process {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(around: &[String], arguments: &[String]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = match around.split_first() {
            Some((tracer, options)) => {
                let mut command = Command::new(tracer);
                command.args(options).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a process can be started");
        let said = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, said }
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("its output can be read");
        line.trim_end().to_owned()
    }

    fn end(mut self) {
        let status = self.child.wait().expect("it can be waited for");
        assert!(status.success(), "a process failed: {status}");
    }
}

impl Drop for Process {
    /// When the benchmark fails, nothing is left behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The life of such a process.
pub(crate) fn run(arguments: &[String]) {
    if let [side, cpu] = arguments
        && side == busy::SIDE
    {
        return busy::run(cpu.parse().expect("a number"));
    }
    let [side, case, cpu, address, amount] = arguments else { panic!("what `measure_around` passes") };
    let (case, amount) = (named(case), Amount::read(amount));
    pin(cpu.parse().expect("a number"));
    match side.as_str() {
        "server" => serve(&case, Path::new(address)),
        _ => println!("{}", call(&case, amount, address).written()),
    }
}

/// All threads that are started later inherit it.
pub(crate) fn pin(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).expect("a CPU that this process may use");
}

fn serve(case: &Case, address: &Path) {
    let (coalesced, tuned) = (case.rival == Rival::Coalesced, case.rival == Rival::Tuned);
    let is_framework = matches!(case.rival, Rival::Framework | Rival::Unpolled);
    let listening = is_framework.then(|| framework::listen(address, case.calls().polls));
    if listening.is_none() {
        match case.work.unit() {
            Unit::Items => raw_items::listen(address, case.work, coalesced),
            Unit::Bytes => echo::listen(address, tuned),
            _ => raw::listen(address, coalesced, case.calls().waits),
        }
    }
    let before = cpu_time();
    println!("ready");
    std::io::stdout().flush().expect("the other end reads");
    std::io::stdin().read_to_end(&mut Vec::new()).expect("the end comes");
    println!("{}", (cpu_time() - before).as_nanos());
    drop(listening);
}

fn call(case: &Case, amount: Amount, address: &str) -> Run {
    match case.rival {
        Rival::Framework | Rival::Unpolled => call_framework(case, amount, address),
        _ => call_raw(case, amount, address),
    }
}

fn call_framework(case: &Case, amount: Amount, address: &str) -> Run {
    match case.work {
        Work::Single | Work::Waits | Work::Alone | Work::Connections => {
            framework::single(address, case.calls(), amount)
        }
        Work::Outstanding => framework::outstanding(address, amount),
        Work::Multiplexed => multiplexed::framework(address, amount),
        Work::Threads => sharers::framework(address, amount),
        Work::Connects => connects::framework(address, amount),
        Work::Echo64Kib | Work::Echo1Mib | Work::Echo16Mib => {
            echo::framework(address, case.work.payload_bytes(), amount)
        }
        Work::Items => items::download(address, amount),
        Work::Upload => items::upload(address, amount),
        Work::BesideStream => beside::stream(address, amount),
        Work::BesideEcho => beside::echo(address, amount),
        Work::BesideReplies => beside::replies(address, amount),
    }
}

fn call_raw(case: &Case, amount: Amount, address: &str) -> Run {
    let (coalesced, tuned) = (case.rival == Rival::Coalesced, case.rival == Rival::Tuned);
    match case.work {
        Work::Single | Work::Waits | Work::Connections => raw::single(address, case.calls(), amount),
        Work::Outstanding => raw::outstanding(address, coalesced, amount),
        Work::Multiplexed => multiplexed::raw(address, amount),
        Work::Threads => sharers::raw(address, amount),
        Work::Connects => connects::raw(address, amount),
        Work::Echo64Kib | Work::Echo1Mib | Work::Echo16Mib => {
            echo::raw(address, tuned, case.work.payload_bytes(), amount)
        }
        Work::Items => raw_items::download(address, amount),
        Work::Upload => raw_items::upload(address, coalesced, amount),
        Work::Alone | Work::BesideStream | Work::BesideEcho | Work::BesideReplies => {
            panic!("{} is the framework's alone", case.work.name())
        }
    }
}
