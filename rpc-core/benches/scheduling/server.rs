//! The server's process: what it serves, and what the system tells of it.
use rpc_core::{Connection, Context, Limits, Server, Service};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The first argument of that process.
pub(crate) const FLAG: &str = "--serve";

/// More than any point opens.
const CONNECTIONS_MAX: usize = 20_000;

#[derive(Service)]
pub(crate) enum Work {
    /// One more.
    #[rpc(returns = u64)]
    Ping {
        /// Than this.
        number: u64,
    },
    /// Sleeps for so many microseconds.
    #[rpc(returns = ())]
    Sleep {
        /// So many.
        micros: u64,
    },
    /// Uses so many microseconds of a CPU: when others run there meanwhile, it takes longer.
    #[rpc(returns = ())]
    Compute {
        /// So many.
        micros: u64,
    },
}

struct Here;

impl WorkHandler for Here {
    fn ping(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }

    fn sleep(&self, _cx: &Context, micros: u64) {
        std::thread::sleep(Duration::from_micros(micros));
    }

    fn compute(&self, _cx: &Context, micros: u64) {
        let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("time goes on");
        let (start, time) = (used(), Duration::from_micros(micros));
        while used() - start < time {
            (0..100).for_each(|_| std::hint::spin_loop());
        }
    }
}

/// Who serves.
#[derive(Clone, Copy)]
pub(crate) enum Driver {
    /// As servers are.
    Set,
    /// A thread a connection.
    Threads,
    /// A bare socket: eight bytes come back.
    Raw,
}

/// Serves until standard input ends.
pub(crate) fn serve(driver: &str, address: &str) {
    let mut limits = Limits::default();
    (limits.connections_max, limits.user_connections_max) = (CONNECTIONS_MAX, CONNECTIONS_MAX);
    let server = Server::new(Work::serve(Here)).limits(limits);
    let listening = match driver {
        "set" => Some(server.listen(address)),
        "threads" => Some(server.thread_per_connection().listen(address)),
        _ => None,
    };
    let listening = listening.map(|listening| listening.expect("an address of its own"));
    if listening.is_none() {
        let listener = UnixListener::bind(address).expect("an address of its own");
        std::thread::spawn(move || echo(&listener));
    }
    println!("ready");
    std::io::stdout().flush().expect("the other end reads");
    std::io::stdin().read_to_end(&mut Vec::new()).expect("the end comes");
    drop(listening);
}

fn echo(listener: &UnixListener) {
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let mut bytes = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            stream.write_all(&bytes[..count]).expect("the other end reads");
        }
    }
}

/// That process, until it is dropped.
pub(crate) struct Process {
    child: Child,
    directory: tempfile::TempDir,
}

impl Process {
    pub(crate) fn start(driver: Driver) -> Self {
        let directory = tempfile::tempdir().expect("a directory for a socket");
        let driver = match driver {
            Driver::Set => "set",
            Driver::Threads => "threads",
            Driver::Raw => "raw",
        };
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args([FLAG, driver]).arg(directory.path().join("s")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a process can be started");
        let mut line = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("its output can be read");
        assert_eq!(line, "ready\n");
        Self { child, directory }
    }

    pub(crate) fn address(&self) -> String {
        self.directory.path().join("s").to_str().expect("a path in UTF-8").to_owned()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::connect(&self.address()).expect("a connection")
    }

    /// From proc_pid_status(5): memory of its own in KiB, threads.
    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a number")
    }

    pub(crate) fn own_kib(&self) -> u64 {
        self.status("RssAnon")
    }

    pub(crate) fn threads(&self) -> u64 {
        self.status("Threads")
    }

    /// What all its threads have used of the CPUs: the first number of each one's schedstat, in nanoseconds.
    pub(crate) fn cpu_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        let of = |task: fs::DirEntry| -> u64 {
            let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
        };
        Duration::from_nanos(tasks.flatten().map(of).sum())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
