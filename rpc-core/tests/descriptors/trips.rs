//! What is passed arrives: the right file, in the right place, whatever is beside it.
use crate::common::Way;
use crate::drawer::*;
use rpc_core::{Connect, Connection, Context, Error, Fd, Limits, Local, Server, Service};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

#[test]
fn arguments_and_answers() {
    on_all(|_, drawer| {
        let [a, b, c] = [Marked::new(), Marked::new(), Marked::new()];
        assert_eq!(drawer.read(a.fd()).unwrap(), a.text());
        let all = drawer.read_all("title", vec![a.fd(), b.fd()], Some(c.fd())).unwrap();
        assert_eq!(all, ["title", a.text(), b.text(), c.text()]);
        assert_eq!(drawer.read_all("none", Vec::new(), None).unwrap(), ["none"]);
        assert_eq!(text_of(drawer.echo(a.fd()).unwrap()), a.text());
        let made = drawer.make(vec!["one".to_owned(), "two".to_owned()]).unwrap().unwrap();
        assert_eq!(made.iter().map(text_of).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(drawer.make(Vec::new()).unwrap().unwrap_err(), "nothing to make");
        assert_eq!(drawer.add(1).unwrap(), 2);
        [a, b, c].iter().for_each(|file| file.is_closed("after the calls"));
    });
}

/// It is the same open file, and goes on living after the call.
#[test]
fn a_socket_is_passed_and_used() {
    on_all(|_, drawer| {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let back = drawer.echo(theirs.into()).unwrap();
        let mut back = UnixStream::from(back.into_owned().unwrap());
        ours.write_all(b"through").unwrap();
        let mut text = [0; 7];
        back.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"through");
        drop(back);
        assert_eq!(ours.read(&mut text).unwrap(), 0, "nobody else holds the other end");
    });
}

/// Clones share one descriptor, and each goes its own way.
#[test]
fn clones_are_passed_as_often_as_they_are_named() {
    on_all(|_, drawer| {
        let file = Marked::new();
        let one = file.fd();
        assert_eq!(
            drawer.read_all("t", vec![one.clone(), one.clone()], Some(one.clone())).unwrap()[1..],
            [file.text(); 3]
        );
        assert_eq!(file.others(), 1, "only this one is left");
        drop(one.into_owned().unwrap());
        assert_eq!(file.others(), 0);
    });
}

/// Requests in one piece, answers in parts, with calls of others between them.
#[test]
fn large_messages_have_theirs() {
    on_all(|_, drawer| {
        let file = Marked::new();
        let title = "x".repeat(3 << 20);
        assert_eq!(drawer.read_all(&title, vec![file.fd()], None).unwrap(), [&title[..9], file.text()]);
        for size in [10, 5_000, 70_000, 3 << 20] {
            let labelled = drawer.label(file.fd(), size).unwrap();
            assert_eq!(labelled.label.len(), size as usize);
            assert_eq!(text_of(labelled.file.unwrap()), file.text());
        }
        file.is_closed("large messages");
    });
}

/// Each of many that are under way at once gets its own.
#[test]
fn many_calls_beside_calls_without() {
    on_all(|served, _| {
        let connection = served.connection().unwrap();
        let pipeline = Drawer::client(connection.pipelined());
        let files: Vec<_> = (0..100).map(|_| Marked::new()).collect();
        let calls: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(at, file)| {
                let size = if at % 10 == 0 { 100_000 } else { 3 };
                (pipeline.add(at as u32), pipeline.read(file.fd()), pipeline.label(file.fd(), size))
            })
            .collect();
        for (at, (file, (add, read, label))) in files.iter().zip(calls).enumerate() {
            assert_eq!(add.wait().unwrap(), at as u32 + 1);
            assert_eq!(read.wait().unwrap(), file.text());
            assert_eq!(text_of(label.wait().unwrap().file.unwrap()), file.text());
        }
        files.iter().for_each(|file| file.is_closed("pipelined"));
    });
}

/// Sockets that take little at a time: what is not sent yet keeps its descriptors.
#[test]
fn sockets_that_are_full() {
    for way in [Way::Set, Way::Threads] {
        let mut limits = Limits::default();
        limits.socket_bytes = Some(1);
        let served = Served::new(way, limits.clone());
        let connection = Connect::new(served.address()).limits(limits).connect().unwrap();
        let (pipeline, file) = (Drawer::client(connection.pipelined()), Marked::new());
        let title = "x".repeat(20_000);
        let start = || (pipeline.read_all(&title, vec![file.fd()], None), pipeline.label(file.fd(), 20_000));
        let calls: Vec<_> = (0..50).map(|_| start()).collect();
        for (read, label) in calls {
            assert_eq!(read.wait().unwrap()[1], file.text());
            assert_eq!(text_of(label.wait().unwrap().file.unwrap()), file.text());
        }
        file.is_closed("in full sockets");
    }
}

#[test]
fn threads_that_share_a_connection() {
    on_all(|_, drawer| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let file = Marked::new();
                    for number in 0..100 {
                        assert_eq!(text_of(drawer.echo(file.fd()).unwrap()), file.text());
                        assert_eq!(drawer.add(number).unwrap(), number + 1);
                    }
                    file.is_closed("echoed");
                });
            }
        });
    });
}

/// A call that waits for its turn keeps what it was encoded with.
#[test]
fn calls_that_wait_for_room() {
    let mut limits = Limits::default();
    limits.calls_max = 1;
    for way in [Way::Set, Way::Threads] {
        let served = Served::new(way, limits.clone());
        let (drawer, file) = (served.connect(), Marked::new());
        std::thread::scope(|scope| {
            let held = scope.spawn(|| drawer.hold(file.fd(), "room"));
            served.cabinet.0.wait_for("at room");
            let waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| drawer.read(file.fd()))).collect();
            served.cabinet.0.open("room");
            held.join().unwrap().unwrap();
            waiting.into_iter().for_each(|call| assert_eq!(call.join().unwrap().unwrap(), file.text()));
        });
        file.is_closed("they had their turns");
    }
}

#[test]
fn one_way_and_behind_items() {
    on_all(|_, drawer| {
        let file = Marked::new();
        drawer.discard(file.fd()).unwrap();
        file.is_closed("discarded");
        let mut count = drawer.count(1000, file.fd());
        assert_eq!(count.items().map(Result::unwrap).count(), 1000);
        assert_eq!(text_of(count.finish().unwrap()), file.text());
        file.is_closed("behind items");
    });
}

/// A method that is known to be slow runs on a thread of its own.
#[test]
fn slow_handlers_keep_theirs() {
    on_all(|served, drawer| {
        let file = Marked::new();
        std::thread::scope(|scope| {
            let held = scope.spawn(|| drawer.hold(file.fd(), "gate"));
            served.cabinet.0.wait_for("at gate");
            assert_eq!(drawer.read(file.fd()).unwrap(), file.text());
            served.cabinet.0.open("gate");
            assert_eq!(text_of(held.join().unwrap().unwrap()), file.text());
        });
    });
}

/// What is behind a call that is found to be slow is taken over by another thread, with all that came with it.
#[test]
fn calls_behind_a_slow_one() {
    on_sockets(|served, _| {
        let pipeline = Drawer::client(served.connection().unwrap().pipelined());
        pipeline.add(1).wait().unwrap();
        let (slow, files) = (Marked::new(), [Marked::new(), Marked::new(), Marked::new()]);
        let lingers = pipeline.linger(slow.fd(), "slow");
        let calls: Vec<_> = files.iter().map(|file| (pipeline.echo(file.fd()), pipeline.read(file.fd()))).collect();
        for (file, (echo, read)) in files.iter().zip(calls) {
            assert_eq!(text_of(echo.wait().unwrap()), file.text());
            assert_eq!(read.wait().unwrap(), file.text());
        }
        assert!(slow.others() > 0, "its handler still has it");
        served.cabinet.0.open("slow");
        assert_eq!(text_of(lingers.wait().unwrap()), slow.text());
        slow.is_closed("slow");
    });
}

/// The second service of a connection is opened by its first call.
#[test]
fn a_service_that_is_opened_late() {
    on_all(|served, _| {
        let connection = served.connection().unwrap();
        connection.ping(std::time::Duration::from_secs(9)).unwrap();
        let file = Marked::new();
        assert_eq!(text_of(Drawer::client(connection).echo(file.fd()).unwrap()), file.text());
    });
}

/// Asks its caller for a file.
#[derive(Service)]
enum Asks {
    /// What the file holds that the caller gives back.
    #[rpc(returns = String, blocking)]
    Ask { file: Fd },
}

struct Asker;

impl AsksHandler for Asker {
    fn ask(&self, cx: &Context, file: Fd) -> String {
        let back = cx.client::<Drawer<'_>>().unwrap().echo(file).unwrap();
        text_of(back)
    }
}

#[test]
fn callbacks_carry_them_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let server = Server::new(Asks::serve(Asker)).listen(path.to_str().unwrap()).unwrap();
    let offered = Connect::new(server.addresses()[0].to_string()).offer(Drawer::serve(Cabinet::default()));
    let local = Local::new(Asks::serve(Asker)).offer(Drawer::serve(Cabinet::default()));
    for connection in [offered.connect().unwrap(), Connection::from(local)] {
        let (asks, file) = (Asks::client(connection), Marked::new());
        for _ in 0..3 {
            assert_eq!(asks.ask(file.fd()).unwrap(), file.text());
        }
        file.is_closed("called back");
    }
}

/// Whoever reads bytes alone learns that there was a descriptor, which is closed.
#[test]
fn calls_without_generated_code() {
    on_sockets(|served, _| {
        let schema = Drawer::INFO.schema();
        let drawer = served.connection().unwrap().dynamic(schema, None).unwrap();
        let make = schema.method("make").unwrap();
        let (mut args, mut json) = (Vec::new(), serde_json::Deserializer::from_str(r#"{"texts": ["a", "b"]}"#));
        schema.arguments_from_serde(make, &mut json, &mut args).unwrap();
        let answer = drawer.call(make, &args, None).unwrap();
        let answer = schema.types.to_serde(make.returns, &answer, Default::default());
        assert_eq!(serde_json::to_string(&answer).unwrap(), r#"{"Ok":[{"fd":0},{"fd":1}]}"#);
        let error = drawer.call(schema.method("read").unwrap(), &[0], None).unwrap_err();
        assert!(
            matches!(&error, Error::Malformed { problem, .. } if problem == "it takes descriptor 0, and 0 came with it"),
            "{error}"
        );
    });
}

#[test]
fn schemas_say_it() {
    let schema = Drawer::INFO.schema();
    let text = schema.describe_method(schema.method("read_all").unwrap());
    assert!(text.ends_with("fn read_all(title: String, files: Vec<Fd>, last: Option<Fd>) -> Vec<String>\n"), "{text}");
    let read = schema.method("read").unwrap();
    for json in [r#"{"file": 3}"#, r#"{"file": "3"}"#, r#"{"file": {"fd": 0}}"#, r#"{"file": null}"#] {
        let mut json = serde_json::Deserializer::from_str(json);
        let error = schema.arguments_from_serde(read, &mut json, &mut Vec::new()).unwrap_err();
        assert!(error.message.contains("expected a file descriptor, which only a program can pass"), "{error}");
    }
    schema.check().unwrap();
}
