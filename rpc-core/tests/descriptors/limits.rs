//! What is not passed, and is told so: too many, over a socket that carries none, in items.
use crate::common::Way;
use crate::drawer::*;
use rpc_core::{Connect, Context, Error, Fd, Limits, Local, Outcome, Server, Service, Sink, Stopped};

fn fds_max(fds_max: u32) -> Limits {
    let mut limits = Limits::default();
    limits.fds_max = fds_max;
    limits
}

/// What a call is told that cannot be sent.
fn unsent<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Encode { outcome: Outcome::NotSent, .. }), "{error}");
    error.to_string()
}

/// What a call is told whose answer cannot be.
fn unanswered<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Executed, "{error}");
    error.to_string()
}

#[test]
fn more_than_the_other_side_takes() {
    let many = |count: usize| vec!["text".to_owned(); count];
    on_all(|_, drawer| {
        let file = Marked::new();
        let files = |count: usize| (0..count).map(|_| file.fd()).collect::<Vec<_>>();
        assert_eq!(drawer.read_all("t", files(16), None).unwrap().len(), 17);
        let why = unsent(drawer.read_all("t", files(16), Some(file.fd())));
        assert_eq!(
            why,
            "Drawer.read_all: cannot encode the request: it holds 17 descriptors, and the other side takes 16 (its `Limits::fds_max`)"
        );
        assert_eq!(drawer.make(many(16)).unwrap().unwrap().len(), 16);
        let why = unanswered(drawer.make(many(17)));
        assert_eq!(
            why,
            "Drawer.make: the handler gave no answer: it holds 17 descriptors, and the other side takes 16 (its `Limits::fds_max`)"
        );
        assert_eq!(drawer.add(1).unwrap(), 2, "the connection goes on");
        file.is_closed("too many");
    });
    let served = Served::new(Way::Set, fds_max(3));
    let client = Connect::new(served.address()).limits(fds_max(1000)).connect().unwrap();
    let (drawer, file) = (Drawer::client(client), Marked::new());
    assert!(unsent(drawer.read_all("t", vec![file.fd(); 4], None)).contains("takes 3"));
    assert_eq!(drawer.make(many(253)).unwrap().unwrap().len(), 253, "as many as the system passes");
    assert!(unanswered(drawer.make(many(254))).contains("takes 253"));
}

/// Neither side need take any.
#[test]
fn a_side_that_takes_none() {
    let served = Served::new(Way::Set, fds_max(0));
    let none = Connect::new(served.address()).limits(fds_max(0)).connect().unwrap();
    let (drawer, file) = (Drawer::client(none), Marked::new());
    assert!(unsent(drawer.read(file.fd())).contains("none can be passed here"));
    assert!(unanswered(drawer.make(vec![String::new()])).contains("none can be passed here"));
    assert!(drawer.make(Vec::new()).unwrap().is_err(), "what holds none is answered");
    assert_eq!(drawer.read_all("t", Vec::new(), None).unwrap(), ["t"]);
}

#[test]
fn tcp_carries_none() {
    let served = Served::new(Way::Tcp, Limits::default());
    let (drawer, file) = (served.connect(), Marked::new());
    let why = unsent(drawer.read(file.fd()));
    assert_eq!(
        why,
        "Drawer.read: cannot encode the request: it holds a descriptor, and none can be passed here: only local sockets \
         of Unix systems carry them, to a side that takes them (its `Limits::fds_max`)"
    );
    assert!(unanswered(drawer.make(vec![String::new()])).contains("none can be passed here"));
    assert_eq!(drawer.add(1).unwrap(), 2);
    file.is_closed("over TCP");
}

/// Descriptors where they cannot travel, and the derive does not see them.
type Open = Fd;

#[derive(Service)]
enum Misplaced {
    /// As items.
    #[rpc(stream = Option<Open>, returns = ())]
    Give,
    /// As items the other way.
    #[rpc(accepts = Open, returns = ())]
    Take,
}

struct Nobody;

impl MisplacedHandler for Nobody {
    fn give(&self, _cx: &Context, _out: Sink<Option<Fd>>) -> Result<(), Stopped> {
        Ok(())
    }
    fn take(&self, _cx: &Context, _input: rpc_core::Source<Fd>) -> Result<(), Stopped> {
        Ok(())
    }
}

#[test]
fn items_carry_none() {
    let directory = tempfile::tempdir().unwrap();
    let error = Server::new(Misplaced::serve(Nobody)).listen(directory.path().join("s").to_str().unwrap()).unwrap_err();
    assert!(
        error.to_string().starts_with("Misplaced.give: ") && error.to_string().contains("its items hold descriptors"),
        "{error}"
    );
    let local = Misplaced::client(Local::new(Misplaced::serve(Nobody)));
    assert!(unsent(local.give().finish()).contains("its items hold descriptors"));
    assert!(unsent(local.take().finish()).contains("its items hold descriptors"));
}
