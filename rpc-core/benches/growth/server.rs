//! The server's process, and what it serves.
use super::wide;
use rpc_core::fixture::TestServer;
use rpc_core::{Connect, Connection, Context, Limits, Service};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The first argument of that process.
pub(crate) const FLAG: &str = "--serve";

/// More than any point has of connections, or of calls in flight.
const COUNT_MAX: u32 = 20_000;

/// More than the largest message.
const FRAME_BYTES_MAX: u32 = 17 << 20;

/// What the other points call.
#[derive(Service)]
pub(crate) enum Work {
    /// One more.
    #[rpc(returns = u64)]
    Add {
        /// Than this.
        number: u64,
    },
    /// The same bytes.
    #[rpc(returns = Vec<u8>)]
    Echo {
        /// Whichever.
        bytes: Vec<u8>,
    },
}

struct Here;

impl WorkHandler for Here {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }

    fn echo(&self, _cx: &Context, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.frame_bytes_max = FRAME_BYTES_MAX;
    limits.calls_max = COUNT_MAX;
    (limits.connections_max, limits.user_connections_max) = (COUNT_MAX as usize, COUNT_MAX as usize);
    limits
}

/// Serves until it is killed.
pub(crate) fn serve(address: &str) {
    let server = wide::server().add(Work::serve(Here)).limits(limits());
    let listening = server.listen(address).expect("an address of its own");
    println!("listening on {address}");
    listening.run().expect("it stops");
}

/// A process that does so.
pub(crate) fn start() -> TestServer {
    let program = std::env::current_exe().expect("this program");
    TestServer::start(program, |command, address| command.args([FLAG, address])).expect("a server")
}

pub(crate) fn connect(address: &str) -> Connection {
    Connect::new(address).limits(limits()).connect().expect("a connection")
}

/// To the first CPU that this process may use; what it starts inherits that.
pub(crate) fn pin() {
    let allowed = sched_getaffinity(None).expect("what this thread may use can be asked");
    let first = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).expect("it runs somewhere");
    let mut set = CpuSet::new();
    set.set(first);
    sched_setaffinity(None, &set).expect("a CPU that this process may use");
}

/// As many as may be had: each connection is one, here and in the server, which inherits that.
pub(crate) fn raise_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("what is allowed may be had");
}
