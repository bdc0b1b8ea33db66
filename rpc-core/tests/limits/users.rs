//! Two users of one server: what one takes, the other still has.
use crate::common::again::{again, role, told_by, until_let_go};
use crate::common::raw::*;
use crate::common::{Way, bait::*};
use rpc_core::{Client, Connect, Limits};
use std::os::unix::process::CommandExt;
use std::time::Duration;

const TEST: &str = "users::one_user_takes_all_that_he_may";

/// Whoever nobody is.
const NOBODY: u32 = 65534;

/// The server is nobody's, and nobody takes all connections and threads that he can get. Then comes root.
#[test]
fn one_user_takes_all_that_he_may() {
    if role().is_some() {
        return greedy_server();
    }
    if !rustix::process::geteuid().is_root() {
        return println!("SKIPPED: a second user needs root");
    }
    let mut child = again(TEST, "server", |command| command.uid(NOBODY).gid(NOBODY));
    let address = told_by(&mut child, "it is full: ");
    for _ in 0..20 {
        let bait =
            Bait::client(Connect::new(&address).allow_user(NOBODY).connect().expect("root has places of his own"));
        assert_eq!(bait.timeout(Duration::from_secs(5)).make_apart(1).expect("and threads").len(), 1);
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn greedy_server() {
    let mut limits = Limits::default();
    (limits.connections_max, limits.user_connections_max) = (60, 40);
    (limits.jobs_max, limits.user_jobs_max) = (30, 20);
    let target = Target::with(Way::Set, limits);
    let mut all: Vec<_> = (1..40).map(|_| target.opened()).collect();
    let mut refused = target.raw();
    refused.send(&hello(Some(wanted())));
    assert_eq!(refused.refusal(), Refusal::Overloaded);
    // From several connections: what counts is the user.
    for raw in &mut all[..10] {
        raw.send(&[call(1, method::WAIT_APART, &("gate",)), call(2, method::WAIT_APART, &("gate",))].concat());
        raw.send(&frame(PING, 3, &[]));
        assert_eq!(raw.frame().kind, PONG);
    }
    for raw in &mut all[..10] {
        raw.send(&[call(4, method::WAIT_APART, &("gate",)), call(5, method::WAIT_APART, &("gate",))].concat());
    }
    let faults: Vec<_> = all[..10].iter_mut().flat_map(|raw| [raw.fault(), raw.fault()]).collect();
    assert!(faults.iter().all(|(_, fault)| *fault == Fault::Overloaded), "{faults:?}");
    println!("it is full: {}", target.address());
    until_let_go();
    target.handler.gates.open("gate");
}
