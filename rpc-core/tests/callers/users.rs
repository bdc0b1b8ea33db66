//! Two users of one machine, at one socket.
use crate::common::raw::{REFUSE, Refusal, bytes_of};
use crate::nobody::{NOBODY, Stage, Told, Who};
use rpc_core::{Connect, ConnectProblem, Connection, Error, Server};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

const REFUSED: &str = "refuses this connection: it does not serve this user";

fn server() -> Server {
    Server::new(Who::serve(Told))
}

fn mode(stage: &Stage) -> u32 {
    fs::metadata(stage.path()).unwrap().mode() & 0o7777
}

fn let_everybody_in(stage: &Stage) {
    fs::set_permissions(stage.path(), fs::Permissions::from_mode(0o666)).unwrap();
}

#[test]
fn another_user_is_refused_by_mode_and_then_by_credentials() {
    let Some(stage) = Stage::new() else { return };
    for server in [server(), server().thread_per_connection()] {
        let _listening = server.listen(&stage.address()).unwrap();
        assert_eq!(mode(&stage), 0o600);
        let told = stage.nobody("calls", &stage.address());
        assert!(told.contains("permission denied"), "{told}");
        let_everybody_in(&stage);
        let told = stage.nobody("calls", &stage.address());
        assert!(told.contains(REFUSED), "{told}");
        // And its own user is served all the same.
        assert_eq!(Who::connect(&stage.address()).unwrap().calls().unwrap(), Some(0));
    }
}

#[test]
fn nothing_of_another_user_is_decoded() {
    let Some(stage) = Stage::new() else { return };
    let _listening = server().listen(&stage.address()).unwrap();
    let_everybody_in(&stage);
    let told = stage.nobody("only_listens", &stage.address());
    let body = bytes_of(&Refusal::NotAllowed);
    assert_eq!(told, format!("[Frame {{ kind: {REFUSE}, call: 0, body: {body:?} }}]"));
}

#[test]
fn an_abstract_socket_has_no_mode_and_is_refused_by_credentials_alone() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let Some(stage) = Stage::new() else { return };
    let address = format!("@rpc-callers-{}", std::process::id());
    let listening = server().listen(&address).unwrap();
    let told = stage.nobody("calls", &address);
    assert!(told.contains(REFUSED), "{told}");
    drop(listening);
    let _listening = server().allow_user(NOBODY).listen(&address).unwrap();
    assert_eq!(stage.nobody("calls", &address), format!("Ok(Some({NOBODY}))"));
}

#[test]
fn users_that_are_allowed_are_served() {
    let Some(stage) = Stage::new() else { return };
    let served = format!("Ok(Some({NOBODY}))");
    let allow: [fn(Server) -> Server; 5] = [
        |server| server.allow_user(NOBODY),
        |server| server.allow_group(NOBODY),
        Server::allow_anyone,
        |server| server.allow_user(1).allow_user(NOBODY),
        |server| server.allow_user(NOBODY).authorize(|peer| peer.gid == Some(NOBODY)),
    ];
    for (number, allow) in allow.into_iter().enumerate() {
        let _listening = allow(server()).listen(&stage.address()).unwrap();
        assert_eq!(mode(&stage), 0o666, "{number}");
        assert_eq!(stage.nobody("calls", &stage.address()), served, "{number}");
    }
}

#[test]
fn users_that_nobody_named_are_not() {
    let Some(stage) = Stage::new() else { return };
    let allow: [fn(Server) -> Server; 4] = [
        |server| server.allow_user(1),
        |server| server.allow_group(0),
        |server| server.allow_anyone().authorize(|peer| peer.uid != Some(NOBODY)),
        |server| server.allow_anyone().authorize(|_| std::panic::resume_unwind(Box::new("no answer"))),
    ];
    for (number, allow) in allow.into_iter().enumerate() {
        let _listening = allow(server()).listen(&stage.address()).unwrap();
        let told = stage.nobody("calls", &stage.address());
        assert!(told.contains(REFUSED), "{number}: {told}");
    }
}

/// A program's own check is asked of its own user, too, and of callers over TCP, of whom nothing is known.
#[test]
fn a_check_of_connections_narrows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let server = server().authorize(|peer| peer.uid.is_none());
    let listening = server.listen(path.to_str().unwrap()).unwrap().and_listen("tcp:127.0.0.1:0").unwrap();
    let [local, tcp] = listening.addresses() else { panic!("two addresses") };
    let refused = Connection::connect(&local.to_string()).unwrap_err();
    assert!(matches!(refused, Error::RefusedConnection { why: rpc_core::Refusal::NotAllowed, .. }), "{refused}");
    assert_eq!(Who::connect(&tcp.to_string()).unwrap().calls().unwrap(), None);
}

#[test]
fn another_users_server_is_not_trusted() {
    let Some(stage) = Stage::new() else { return };
    let address = stage.address();
    let _running = stage.server(&address);
    let start = std::time::Instant::now();
    for connect in [Connect::new(&address), Connect::new(&address).wait(), Connect::new(&address).allow_user(1)] {
        let refused = connect.connect().unwrap_err();
        let Error::Connect(error) = &refused else { panic!("{refused}") };
        assert_eq!(error.problem, ConnectProblem::Stranger { uid: Some(NOBODY) });
        let told = refused.to_string();
        assert!(told.contains("user 65534's") && told.contains("`Connect::allow_user(65534)`"), "{told}");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "nobody waits for what will not pass");
    for connect in [Connect::new(&address).allow_user(NOBODY), Connect::new(&address).allow_anyone()] {
        assert_eq!(Who::client(connect.connect().unwrap()).calls().unwrap(), Some(0));
    }
}

#[test]
fn a_squatter_is_sent_nothing() {
    let Some(stage) = Stage::new() else { return };
    let mut squatter = stage.squatter(&stage.address());
    assert!(Connection::connect(&stage.address()).is_err());
    assert_eq!(squatter.says(), "0 bytes came");
}

/// The server cannot see its caller's process, whose number is none there; its user it can.
#[cfg(target_os = "linux")]
#[test]
fn a_caller_in_another_pid_namespace_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let Some(_running) = crate::nobody::Running::apart(path.to_str().unwrap()) else {
        eprintln!("SKIPPED: no PID namespaces for this user");
        return;
    };
    let who = Who::connect(path.to_str().unwrap()).unwrap();
    assert!(who.calls().unwrap().is_some());
    assert_eq!(who.process().unwrap(), None);
}
