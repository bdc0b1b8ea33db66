//! What a set that reports as long as something is ready would make of links that must not be read: counted, because a server
//! that turns in circles still answers.
use super::engine::Driver;
use super::link::Link;
use super::{Listening, Server};
use crate::{Connection, Context, Service};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

#[derive(Service)]
enum Door {
    /// One more.
    #[rpc(returns = u64)]
    Add { number: u64 },
    /// Ends when the door is opened. What comes behind it on its connection waits.
    #[rpc(oneway)]
    Pass,
}

#[derive(Clone, Default)]
struct Here(Arc<(Mutex<bool>, Condvar)>);

impl Here {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

impl DoorHandler for Here {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }

    fn pass(&self, _cx: &Context) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// Calls during which nothing else must keep the server busy.
const CALLS: u64 = 200;

/// What else may happen meanwhile: links that are muted, a handler that looks slow on a busy machine.
const ELSE_MAX: usize = 50;

struct Served {
    door: Here,
    listening: Listening,
    directory: tempfile::TempDir,
}

impl Served {
    fn new() -> Self {
        on_one_cpu();
        let (door, directory) = (Here::default(), tempfile::tempdir().unwrap());
        let listening =
            Server::new(Door::serve(door.clone())).listen(directory.path().join("s").to_str().unwrap()).unwrap();
        Self { door, listening, directory }
    }

    fn address(&self) -> String {
        self.directory.path().join("s").to_str().unwrap().to_owned()
    }

    /// The link that was accepted last.
    fn link(&self) -> Arc<Link> {
        self.listening.engine.all_links().pop().expect("somebody has connected")
    }

    /// How often the server waits during some calls.
    fn waits_of_calls(&self) -> usize {
        let Driver::Set(set) = &self.listening.engine.driver else { panic!("on Linux there is a set") };
        let door = Door::connect(&self.address()).unwrap();
        let before = set.waits.load(SeqCst);
        (0..CALLS).for_each(|number| assert_eq!(door.add(number).unwrap(), number + 1));
        set.waits.load(SeqCst) - before
    }

    fn assert_at_rest(&self, who: &str) {
        let (waits, most) = (self.waits_of_calls(), CALLS as usize + ELSE_MAX);
        assert!(waits <= most, "{waits} waits for {CALLS} calls: the set reports {who}");
    }
}

/// This thread, and those that it starts. So the server has no second worker, which would quiet what the first must not ask for.
pub(super) fn on_one_cpu() {
    let allowed = sched_getaffinity(None).unwrap();
    let mut one = CpuSet::new();
    one.set((0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).unwrap());
    sched_setaffinity(None, &one).unwrap();
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_link_that_is_not_read_is_not_reported_for_ever() {
    let served = Served::new();
    let connection = Connection::connect(&served.address()).unwrap();
    let pipeline = connection.pipelined();
    let door = Door::client(pipeline.clone());
    drop(door.pass().wait());
    let mut behind = vec![door.add(1)];
    pipeline.flush();
    let link = served.link();
    wait_until("what is behind the one-way call waits", || link.read().held);
    behind.push(door.add(2));
    pipeline.flush();
    wait_until("nobody listens to a link that is held", || !link.read().armed.read);
    served.assert_at_rest("a held link");
    drop((behind, door, pipeline, connection));
    served.assert_at_rest("a held link whose client has gone");
    served.door.open();
    wait_until("it is closed once it is read again", || link.read().closed);
}

#[test]
fn a_part_of_a_frame_waits_without_being_looked_at() {
    let served = Served::new();
    let mut stream = UnixStream::connect(served.address()).unwrap();
    stream.write_all(&[0x8f]).unwrap();
    wait_until("it has connected", || !served.listening.engine.all_links().is_empty());
    let link = served.link();
    wait_until("it has come", || link.read().kept.as_ref().is_some_and(|kept| kept.bytes.len() == 1));
    served.assert_at_rest("a part of a frame");
    let (reads, _) = link.stream().counts().so_far();
    assert!(reads <= 2, "{reads} reads of one byte");
}
