//! No descriptors left: what is connected goes on, what comes waits, and is let in as soon as it can be.
use crate::common::again::{again, role};
use crate::common::raw::*;
use crate::common::{Way, bait::*};
use rpc_core::Connect;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

const TEST: &str = "exhausted::a_server_without_descriptors";

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn a_server_without_descriptors() {
    if role().is_some() {
        return suffer();
    }
    let mut child = again(TEST, "server", |command| command.stderr(Stdio::piped()));
    let (mut said, mut told) = (String::new(), String::new());
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    println!("{said}");
    assert!(child.wait().unwrap().success(), "{told}{said}");
    assert_eq!(said.matches("new connections have to wait").count(), 2, "once a server: {said}");
}

/// This process may have few descriptors from now on.
fn allow_few() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(100), ..limit }).unwrap();
}

fn take_all() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

fn suffer() {
    allow_few();
    for way in [Way::Set, Way::Threads] {
        let target = Target::new(way);
        let mut last = unconnected();
        let mut taken = take_all();
        last.connect(&target.address());
        last.raw.send(&hello(Some(wanted())));
        target.comes_to("accepting fails", |incidents| incidents.accept_failures > 3);
        let (cpu, start) = (cpu_time(), Instant::now());
        std::thread::sleep(Duration::from_secs(1));
        let share = (cpu_time() - cpu).as_secs_f64() / start.elapsed().as_secs_f64();
        target.witness.ping(Duration::from_secs(5)).unwrap();
        let freed = Instant::now();
        taken.pop();
        assert_eq!(last.raw.exact(8), PREFACE);
        assert_eq!(last.raw.frame().kind, WELCOME);
        let (late, failures) = (freed.elapsed(), target.incidents().accept_failures);
        eprintln!(
            "{way:?}: {:.2} % CPU, {failures} failures; let in {late:?} after there was a descriptor",
            share * 100.0
        );
        assert!(share < 0.2 && late < Duration::from_secs(2), "{way:?}");
        drop((taken, last));
        target.serves_others();
    }
}

/// A socket that was made while there were descriptors.
struct Unconnected {
    raw: Raw,
}

fn unconnected() -> Unconnected {
    use rustix::net::{AddressFamily, SocketType, socket};
    let raw = Raw::Unix(socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap().into());
    Unconnected { raw }
}

impl Unconnected {
    fn connect(&mut self, path: &str) {
        let Raw::Unix(socket) = &self.raw else { panic!("it is local") };
        rustix::net::connect(socket, &rustix::net::SocketAddrUnix::new(path).unwrap()).unwrap();
        self.raw.limit(PATIENCE);
    }
}

/// A deleted socket file needs a descriptor to be made anew. A server that has none goes on, and makes it when it can.
#[test]
fn a_deleted_file_waits_for_a_descriptor() {
    if role().is_some() {
        return delete_the_file();
    }
    let mut child = again(DELETED, "server", |command| command.stderr(Stdio::piped()));
    let (mut said, mut told) = (String::new(), String::new());
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(child.wait().unwrap().success(), "{told}{said}");
    assert_eq!(said.matches("cannot be made anew yet").count(), 1, "{said}");
}

const DELETED: &str = "exhausted::a_deleted_file_waits_for_a_descriptor";

fn delete_the_file() {
    allow_few();
    let mut target = Target::new(Way::Set);
    let (address, server) = (target.address(), target.server.take().unwrap());
    let stopper = server.stopper();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(server.run()));
    // `run` catches signals, for which it needs descriptors, before it looks after its file.
    std::fs::remove_file(&address).unwrap();
    // It is kept: what the server closes later would be a descriptor for the file.
    let _connected = Connect::new(&address).wait().timeout(PATIENCE).connect().unwrap();

    let taken = take_all();
    std::fs::remove_file(&address).unwrap();
    // It looks once a second.
    assert!(end.recv_timeout(Duration::from_millis(2500)).is_err(), "it has ended");
    target.witness.ping(Duration::from_secs(5)).unwrap();
    drop(taken);
    drop(Connect::new(&address).wait().timeout(PATIENCE).connect().unwrap());
    stopper.stop();
    end.recv_timeout(PATIENCE).unwrap().unwrap();
}
