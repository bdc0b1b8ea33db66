//! The system passes no more of this user's descriptors: somebody takes them and reads none. (`ETOOMANYREFS` of unix(7))
use crate::closed::wanted;
use crate::common::again::{again, role};
use crate::common::raw::*;
use crate::common::{Way, listen};
use crate::drawer::*;
use rpc_core::{Connect, Context, Error, Limits, Listening, Outcome, Server, Service};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::io::Read;

const TEST: &str = "crowded::others_lose_an_answer_and_no_connection";

/// Descriptors that may be on their way: as many as a process may have.
const ON_THEIR_WAY_MAX: u64 = 200;

#[test]
fn others_lose_an_answer_and_no_connection() {
    if role().is_some() {
        return crowd();
    }
    let mut child = again(TEST, "server", |command| command);
    let mut told = String::new();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(child.wait().unwrap().success(), "{told}");
}

fn crowd() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(ON_THEIR_WAY_MAX), ..limit }).unwrap();
    // Those who may do everything may do this, too. The server's threads have what the one has that starts them.
    let mut mine = capabilities(None).unwrap();
    mine.effective.remove(CapabilitySet::SYS_RESOURCE | CapabilitySet::SYS_ADMIN);
    set_capabilities(None, mine).unwrap();
    for way in [Way::Set, Way::Threads] {
        let served = Served::new(way, Limits::default());
        let (drawer, texts) = (served.connect(), || vec![String::new()]);
        assert!(drawer.make(texts()).is_ok());
        let (asker, file) = (Asking::new(way), Marked::new());
        assert_eq!(asker.ask(), "passed");
        let mut greedy = Raw::to(&served.address());
        greedy.send(&hello_taking(Some(wanted()), 16));
        assert_eq!((greedy.exact(8), greedy.frame().kind), (PREFACE.to_vec(), WELCOME));
        let many = vec![String::new(); 16];
        (1..=20).for_each(|id| greedy.send(&call(id, 3, &(&many,))));
        let crowded = || (0..1000).find_map(|_| drawer.make(texts()).err());
        let error = crowded().expect("the system passes all of them");
        assert!(matches!(&error, Error::NoReply { .. }), "{way:?}: {error}");
        assert!(error.to_string().contains("on their way"), "{error}");
        assert_eq!(drawer.add(1).unwrap(), 2, "the connection goes on");
        for error in [
            drawer.echo(file.fd()).map(drop).unwrap_err(),
            drawer.hold(file.fd(), "gate").map(drop).unwrap_err(),
            drawer.discard(file.fd()).unwrap_err(),
            drawer.count(3, file.fd()).finish().map(drop).unwrap_err(),
        ] {
            assert_eq!(error.outcome(), Outcome::NotSent, "{error}");
            assert!(matches!(&error, Error::System { .. }) && error.to_string().contains("ETOOMANYREFS"), "{error}");
        }
        let pipeline = Drawer::client(served.connection().unwrap().pipelined());
        let (first, second, third) = (pipeline.echo(file.fd()), pipeline.add(2), pipeline.echo(file.fd()));
        assert!(matches!(first.wait(), Err(Error::System { .. })));
        assert_eq!(second.wait().unwrap(), 3, "what stands between two that are not passed");
        assert!(matches!(third.wait(), Err(Error::System { .. })));
        file.is_closed("not passed");
        assert_eq!(asker.ask(), "NotSent", "nor is a callback");
        assert_eq!(asker.ask(), "NotSent", "and its connection goes on");
        assert_eq!(drawer.add(1).unwrap(), 2, "as this one does");
        drop(greedy);
        let start = std::time::Instant::now();
        while drawer.make(texts()).is_err() {
            assert!(start.elapsed() < PATIENCE, "{way:?}: they are gone");
        }
        assert_eq!(text_of(drawer.echo(file.fd()).unwrap()), file.text());
        assert_eq!(asker.ask(), "passed");
    }
}

#[derive(Service)]
enum Asker {
    /// Passes a file to the caller's drawer, and says what becomes of that.
    #[rpc(returns = String, blocking)]
    Ask,
}

struct Asks;

impl AskerHandler for Asks {
    fn ask(&self, cx: &Context) -> String {
        match cx.client::<Drawer<'_>>().and_then(|drawer| drawer.echo(memory("x").into())) {
            Ok(_) => "passed".to_owned(),
            Err(error) => format!("{:?}", error.outcome()),
        }
    }
}

/// A server that calls its client.
struct Asking {
    client: AskerClient,
    _server: Option<Listening>,
    _directory: tempfile::TempDir,
}

impl Asking {
    fn new(way: Way) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = listen(way, Server::new(Asker::serve(Asks)), &directory);
        let address = server.as_ref().unwrap().addresses()[0].to_string();
        let client = Connect::new(&address).offer(Drawer::serve(Cabinet::default())).connect().unwrap();
        Self { client: Asker::client(client), _server: server, _directory: directory }
    }

    fn ask(&self) -> String {
        self.client.ask().unwrap()
    }
}
