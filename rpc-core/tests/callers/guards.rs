//! What a service allows whom: asked before each call, in each way to be served, and before its arguments are decoded.
use crate::common::raw::{Fault, Raw, call_bytes};
use crate::common::{Way, listen};
use rpc_core::{
    Connection, Context, Error, Handler, Introspection, Listening, Outcome, Server, Service, Sink, Source, Stopped,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// A method of every shape.
#[derive(Service)]
enum Shapes<'a> {
    #[rpc(returns = u64)]
    Unary { text: &'a str },
    #[rpc(returns = u64, blocking)]
    Apart { text: &'a str },
    #[rpc(stream = u64, returns = u64)]
    Items { text: &'a str },
    #[rpc(accepts = u64, returns = u64)]
    Takes { text: &'a str },
    #[rpc(oneway)]
    Hint { text: &'a str },
    /// How often one of the others ran; always allowed.
    #[rpc(returns = u32)]
    Ran,
}

#[derive(Default)]
struct Counts(AtomicU32);

impl Counts {
    fn run(&self) -> u64 {
        self.0.fetch_add(1, SeqCst).into()
    }
}

impl ShapesHandler for Counts {
    fn unary(&self, _cx: &Context, _text: &str) -> u64 {
        self.run()
    }
    fn apart(&self, _cx: &Context, _text: &str) -> u64 {
        self.run()
    }
    fn items(&self, _cx: &Context, _text: &str, _out: Sink<u64>) -> Result<u64, Stopped> {
        Ok(self.run())
    }
    fn takes(&self, _cx: &Context, _text: &str, _input: Source<u64>) -> Result<u64, Stopped> {
        Ok(self.run())
    }
    fn hint(&self, _cx: &Context, _text: &str) {
        self.run();
    }
    fn ran(&self, _cx: &Context) -> u32 {
        self.0.load(SeqCst)
    }
}

/// Serves a handler in this way. What is returned first is dropped first.
struct Served {
    client: ShapesClient,
    server: Option<Listening>,
    _directory: tempfile::TempDir,
}

impl Served {
    fn new(way: Way, handler: impl Handler) -> Self {
        let (handler, directory) = (Arc::new(handler), tempfile::tempdir().unwrap());
        let server = listen(way, Server::new(handler.clone()), &directory);
        let connection = match &server {
            None => Connection::local(handler),
            Some(server) => Connection::connect(&server.addresses()[0].to_string()).unwrap(),
        };
        Self { client: Shapes::client(connection), server, _directory: directory }
    }

    fn raw(&self) -> Option<Raw> {
        let mut raw = Raw::to(&self.server.as_ref()?.addresses()[0].to_string());
        raw.open(Some((Shapes::INFO.name(), Shapes::INFO.fingerprint().0)));
        Some(raw)
    }
}

const WAYS: [Way; 4] = [Way::Local, Way::Set, Way::Threads, Way::Tcp];

/// What comes of a call of each shape that has an answer.
fn all(client: &ShapesClient) -> [Result<u64, Error>; 4] {
    [client.unary("a"), client.apart("b"), client.items("c").finish(), client.takes("d").finish()]
}

/// A function that is asked.
type Guard = fn(&Context) -> Result<(), Error>;

fn deny(cx: &Context) -> Result<(), Error> {
    if cx.method().name == "ran" { Ok(()) } else { Err(Error::not_allowed("not you")) }
}

#[test]
fn no_shape_of_call_gets_past_a_guard() {
    for way in WAYS {
        let served = Served::new(way, Shapes::serve(Counts::default()).guard(deny));
        for refused in all(&served.client) {
            let refused = refused.unwrap_err();
            assert!(matches!(&refused, Error::NotAllowed { why, .. } if why == "not you"), "{way:?}: {refused}");
            assert_eq!(refused.outcome(), Outcome::Refused);
        }
        served.client.hint("e").unwrap();
        assert_eq!(served.client.ran().unwrap(), 0, "{way:?}");
    }
}

#[test]
fn what_a_guard_allows_runs() {
    for way in WAYS {
        let served = Served::new(way, Shapes::serve(Counts::default()).guard(|_| Ok(())));
        assert_eq!(all(&served.client).map(Result::unwrap), [0, 1, 2, 3], "{way:?}");
        served.client.hint("e").unwrap();
        assert_eq!(served.client.ran().unwrap(), 5, "{way:?}");
    }
}

/// Bytes that are no text: who may not call is not told that they are wrong.
#[test]
fn a_guard_is_asked_before_arguments_are_decoded() {
    let garbage = [2, 0xff, 0xfe];
    for way in WAYS {
        let guarded = Served::new(way, Shapes::serve(Counts::default()).guard(deny));
        let open = Served::new(way, Shapes::serve(Counts::default()));
        let (Some(mut guarded), Some(mut open)) = (guarded.raw(), open.raw()) else { continue };
        for method in 0..4 {
            guarded.send(&call_bytes(method + 1, method, &garbage));
            assert_eq!(guarded.fault(), (method + 1, Fault::NotAllowed("not you".to_owned())), "{way:?}");
            open.send(&call_bytes(method + 1, method, &garbage));
            assert!(matches!(open.fault(), (_, Fault::Malformed(_))), "{way:?}");
        }
    }
}

/// Whatever is wrong with a guard, it has not said yes; and nothing of what it said is told.
#[test]
fn a_guard_that_fails_is_a_no() {
    let guards: [Guard; 2] = [
        |cx| if cx.method().name == "ran" { Ok(()) } else { std::panic::resume_unwind(Box::new("a secret")) },
        |cx| match cx.method().name {
            "ran" => Ok(()),
            _ => Err(Error::Panicked { method: "a secret".to_owned() }),
        },
    ];
    for (way, guard) in WAYS.into_iter().flat_map(|way| guards.map(|guard| (way, guard))) {
        let served = Served::new(way, Shapes::serve(Counts::default()).guard(guard));
        for refused in all(&served.client) {
            let refused = refused.unwrap_err();
            assert_eq!(refused.outcome(), Outcome::Refused);
            assert!(
                matches!(refused, Error::NotAllowed { .. }) && !refused.to_string().contains("secret"),
                "{refused}"
            );
        }
        assert_eq!(served.client.ran().unwrap(), 0, "{way:?}");
    }
}

#[test]
fn guards_may_also_say_that_it_is_too_much() {
    let busy = |_: &Context| Err(Error::Overloaded { method: String::new() });
    let served = Served::new(Way::Set, Shapes::serve(Counts::default()).guard(busy));
    assert!(matches!(served.client.unary("a"), Err(Error::Overloaded { .. })));
}

/// A guard inside of another one, or behind a pointer, is asked all the same.
#[test]
fn all_guards_must_agree() {
    let inner = Shapes::serve(Counts::default()).guard(deny).guard(|_| Ok(()));
    let outer = Shapes::serve(Counts::default()).guard(|_| Ok(())).guard(deny);
    let pointers: [Box<dyn Handler>; 3] = [
        Box::new(inner),
        Box::new(outer),
        Box::new(Arc::new(Shapes::serve(Counts::default()).guard(deny)) as Arc<dyn Handler>),
    ];
    for handler in pointers {
        let served = Served::new(Way::Set, handler);
        assert!(all(&served.client).iter().all(|result| matches!(result, Err(Error::NotAllowed { .. }))));
    }
}

/// Guards decide about calls; whoever may connect may see what there is.
#[test]
fn a_service_that_may_not_be_called_is_described() {
    let served = Served::new(Way::Set, Shapes::serve(Counts::default()).guard(deny));
    let address = served.server.as_ref().unwrap().addresses()[0].to_string();
    assert_eq!(Introspection::connect(&address).unwrap().describe().unwrap().services.len(), 1);
}

/// The caller's process, by a descriptor that no other process can take over.
#[cfg(target_os = "linux")]
#[test]
fn the_callers_process_is_there_as_a_descriptor() {
    use std::os::fd::AsRawFd;
    use std::sync::Mutex;

    let found = Arc::new(Mutex::new(None));
    let keep = found.clone();
    let keeps = move |cx: &Context| {
        *keep.lock().unwrap() = cx.pidfd();
        Ok(())
    };
    for way in [Way::Set, Way::Threads, Way::Tcp, Way::Local] {
        let served = Served::new(way, Shapes::serve(Counts::default()).guard(keeps.clone()));
        served.client.ran().unwrap();
        let pidfd = found.lock().unwrap().take();
        let Some(pidfd) = pidfd.filter(|_| matches!(way, Way::Set | Way::Threads)) else {
            let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
            assert!(matches!(way, Way::Tcp | Way::Local), "{way:?}: no pidfd on Linux {release} (6.5 has it)");
            continue;
        };
        let told = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).unwrap();
        let pid = format!("Pid:\t{}", std::process::id());
        assert!(told.lines().any(|line| line == pid), "{told}");
    }
}
