//! How a service is tested as its users meet it: as a process, which dies, stands still, and is reached over bad lines.
//! Copy from here; README "Testing your service" says the rest.
#![cfg(unix)]
use examples::kv::Kv;
use rpc_core::fixture::{Fault, Proxy, TestServer, Way};
use rpc_core::{Client, Connection, Error, Outcome, Reconnect};
use std::time::Duration;

/// The server, on a socket of its own. It ends with the test, and what it printed is shown if the test fails.
fn start() -> TestServer {
    TestServer::start(env!("CARGO_BIN_EXE_kv"), |kv, address| kv.args(["serve", address])).unwrap()
}

#[test]
fn a_client_outlives_its_server() {
    let mut server = start();
    let address = server.address().to_owned();
    let kv = Kv::client(Reconnect::new(move || Connection::connect(&address))).retry(8);
    kv.set("a", "1").unwrap().unwrap();
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(kv.get("a").unwrap(), None, "a store in memory begins anew");
    server.stop().unwrap();
}

#[test]
fn a_server_that_stands_still_costs_a_deadline_and_no_more() {
    let server = start();
    let kv = Kv::connect(server.address()).unwrap();
    kv.set("a", "1").unwrap().unwrap();
    server.pause().unwrap();
    let late = kv.clone().timeout(Duration::from_millis(50)).get("a").unwrap_err();
    assert!(matches!(late, Error::Deadline { outcome: Outcome::Unknown, .. }), "{late:?}");
    server.resume().unwrap();
    assert_eq!(kv.get("a").unwrap().as_deref(), Some("1"));
}

#[test]
fn an_answer_that_is_cut_off_is_fetched_again_if_that_is_safe() {
    let server = start();
    let proxy = Proxy::start(server.address()).unwrap();
    let address = proxy.address().to_owned();
    let kv = Kv::client(Reconnect::new(move || Connection::connect(&address))).retry(8);
    kv.set("a", "1").unwrap().unwrap();

    proxy.set(Way::ToClient, Fault::CutAfter(3));
    assert_eq!(kv.get("a").unwrap().as_deref(), Some("1"), "`get` is idempotent");
    assert!(proxy.has_struck(Way::ToClient));

    proxy.set(Way::ToClient, Fault::CutAfter(3));
    let error = kv.set("a", "2").unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "`set` is not");
    assert_eq!(kv.get("a").unwrap().as_deref(), Some("2"), "this time it had run");
}

/// Linux tells what a process has open.
#[cfg(target_os = "linux")]
#[test]
fn connections_leave_nothing_open() {
    let server = start();
    let call = || Kv::connect(server.address()).unwrap().get("a").unwrap();
    // What a server opens once, it opens with the first call.
    call();
    let before = server.descriptors().unwrap();
    (0..100).for_each(|_| drop(call()));
    before.assert_none_leaked(Duration::from_secs(10));
}
