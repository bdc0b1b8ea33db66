//! A server that is told to stop between two steps of a call.
use crate::run::{Place, Seen, Served};
use rpc_core::{Error, Listening};
use std::{
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    process::Stdio,
    sync::mpsc,
};

/// What stands between the program and its server, and tells when the service is open.
fn relay(place: &Place) -> mpsc::Receiver<()> {
    let (listener, server) = (UnixListener::bind(place.path("relay")).unwrap(), place.path("s"));
    let (opened, tell) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut theirs, mut ours) = (listener.accept().unwrap().0, UnixStream::connect(server).unwrap());
        let (mut from, mut to) = (theirs.try_clone().unwrap(), ours.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
        let mut buffer = [0; 1 << 16];
        // First the greeting, then the description, then the opening; what the server sends later is handed on all the same.
        for answers in 1.. {
            let Ok(count @ 1..) = ours.read(&mut buffer) else { return };
            let _ = theirs.write_all(&buffer[..count]);
            if answers == 3 {
                let _ = opened.send(());
            }
        }
    });
    tell
}

/// The program waits for its stdin, with a connection; meanwhile the server begins to stop.
#[test]
fn the_server_shuts_down() {
    let served = Served::new();
    let busy = served.client();
    let opened = relay(&served.place);
    let mut command = served.place.command(&["call", "./relay", "echo", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    opened.recv().unwrap();
    // Connected later, so told later that the server stops.
    let late = served.client();
    let Served { place: _place, keeper, server } = served;
    std::thread::scope(|scope| {
        scope.spawn(|| busy.wait_apart("drain").unwrap());
        keeper.0.pass("at drain");
        let stopping = scope.spawn(|| Listening::stop(server));
        let told = std::iter::repeat_with(|| late.echo("")).find_map(Result::err).unwrap();
        assert!(matches!(told, Error::ShuttingDown { .. }), "{told}");
        child.stdin.take().unwrap().write_all(br#"{"text":"late"}"#).unwrap();
        let seen = Seen::of(child.wait_with_output().unwrap());
        keeper.0.open("drain");
        seen.fails(7, "error: Zoo.echo: the server is shutting down\n");
        assert_eq!(stopping.join().unwrap().cut, 0);
    });
}
