//! What is told to `tracing`: which calls there were, and how they ended. What is never told: what they were about.
#[path = "common/mod.rs"]
mod common;
use common::raw::{self, Raw};
use common::*;
use rpc_core::{
    Client, Connect, Connection, Context, Error, Handler as _, Limits, Local, Server, Service, Sink, Source, Stopped,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What must never be told; it is in arguments, answers, items, errors and panics.
const SECRET: &str = "hunter2";

type Fields = BTreeMap<String, String>;

/// Everything that anybody has told.
#[derive(Default, Clone)]
struct Told(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    spans: Vec<(&'static str, Fields)>,
    closed: usize,
    all: String,
}

impl Told {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }
}

impl Seen {
    /// The fields of the one span of this name and method.
    #[track_caller]
    fn span(&self, name: &str, method: &str) -> &Fields {
        let is_it = |fields: &Fields| fields.get("method").is_some_and(|its| its == method);
        let mut found = self.spans.iter().filter(|(span, fields)| *span == name && is_it(fields));
        let one = found.next().unwrap_or_else(|| panic!("{name} of {method}: {:?}", self.spans));
        assert!(found.next().is_none(), "{name} of {method} is told twice");
        &one.1
    }
}

/// Writes fields down.
struct Into<'a>(&'a mut Fields, &'a mut String);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        *self.1 += &format!("{}={text} ", field.name());
        self.0.insert(field.name().to_owned(), text.trim_matches('"').to_owned());
    }
}

impl Subscriber for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let seen = &mut *self.lock();
        let mut fields = Fields::new();
        attributes.record(&mut Into(&mut fields, &mut seen.all));
        seen.spans.push((attributes.metadata().name(), fields));
        Id::from_u64(seen.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let seen = &mut *self.lock();
        let (_, fields) = &mut seen.spans[id.into_u64() as usize - 1];
        values.record(&mut Into(fields, &mut seen.all));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let seen = &mut *self.lock();
        event.record(&mut Into(&mut Fields::new(), &mut seen.all));
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn try_close(&self, _: Id) -> bool {
        self.lock().closed += 1;
        true
    }
}

/// Says what it is given wherever it can.
#[derive(Service)]
enum Safe<'a> {
    /// The same.
    #[rpc(returns = String)]
    Tell { secret: &'a str },
    /// Its own error.
    #[rpc(returns = Result<(), String>)]
    Deny { secret: &'a str },
    /// Panics with it.
    #[rpc(returns = ())]
    Panic { secret: &'a str },
    /// Nobody may.
    #[rpc(returns = ())]
    Forbidden { secret: &'a str },
    /// One item for each that comes.
    #[rpc(accepts = String, stream = String, returns = u64)]
    Talk { secret: &'a str },
    /// Nothing comes back.
    #[rpc(oneway)]
    Drop { secret: &'a str },
    /// On a thread of its own, if there is one.
    #[rpc(returns = (), blocking)]
    Work { secret: &'a str },
    /// Tells the caller's ear.
    #[rpc(returns = ())]
    Whisper { secret: &'a str },
}

/// What a client offers.
#[derive(Service)]
enum Ear<'a> {
    /// The same.
    #[rpc(returns = String)]
    Hear { secret: &'a str },
}

struct Quiet;

impl EarHandler for Quiet {
    fn hear(&self, _cx: &Context, secret: &str) -> String {
        secret.to_owned()
    }
}

struct Open;

impl SafeHandler for Open {
    fn tell(&self, _cx: &Context, secret: &str) -> String {
        secret.to_owned()
    }
    fn deny(&self, _cx: &Context, secret: &str) -> Result<(), String> {
        Err(secret.to_owned())
    }
    fn panic(&self, _cx: &Context, secret: &str) {
        // Not through the panic hook, which prints it.
        std::panic::resume_unwind(Box::new(secret.to_owned()));
    }
    fn forbidden(&self, _cx: &Context, _secret: &str) {}
    fn talk(&self, _cx: &Context, _secret: &str, input: Source<String>, mut out: Sink<String>) -> Result<u64, Stopped> {
        let mut count = 0;
        for item in input {
            out.send(&item?)?;
            count += 1;
        }
        Ok(count)
    }
    fn drop(&self, _cx: &Context, _secret: &str) {}
    fn work(&self, _cx: &Context, _secret: &str) {}
    fn whisper(&self, cx: &Context, secret: &str) {
        assert_eq!(cx.client::<Ear<'_>>().unwrap().hear(secret).unwrap(), secret);
    }
}

/// Nobody may call one of them.
fn guarded() -> impl rpc_core::Handler {
    Safe::serve(Open).guard(|cx| match cx.method().name {
        "forbidden" => Err(Error::not_allowed(SECRET)),
        _ => Ok(()),
    })
}

/// Calls that end in every way that does not depend on how they are made.
fn call(connection: &Connection) {
    let safe = Safe::client(connection.clone());
    assert_eq!(Safe::client(connection.pipelined()).tell(SECRET).wait().unwrap(), SECRET);
    safe.drop(SECRET).unwrap();
    safe.deny(SECRET).unwrap().unwrap_err();
    safe.panic(SECRET).unwrap_err();
    assert!(safe.forbidden(SECRET).unwrap_err().to_string().contains(SECRET), "the caller is told");
    safe.whisper(SECRET).unwrap();
    let (mut words, mut heard) = safe.talk(SECRET);
    words.send(&SECRET.to_owned()).unwrap();
    assert_eq!(heard.items().next().unwrap().unwrap(), SECRET);
    // The one thread that slow calls of a user may have is taken; in process each call has its caller's.
    let is_local = connection.peer().is_none();
    assert_eq!(safe.work(SECRET).is_ok(), is_local);
    words.finish();
    assert_eq!(heard.finish().unwrap(), 1);
}

impl Seen {
    /// Those of [`call`], with nothing of what they were about.
    fn has_calls(&self, way: Way) {
        assert!(!self.all.contains(SECRET), "{}", self.all);
        assert_eq!(self.closed, self.spans.len(), "{way:?}: each has its end");
        let work = if way == Way::Local { ("answered", "answered") } else { ("refused", "refused") };
        let outcomes = [
            ("deny", ("answered", "answered")),
            ("panic", ("failed", "executed")),
            ("forbidden", ("refused", "refused")),
            ("talk", ("answered", "answered")),
            ("drop", ("answered", "answered")),
            ("whisper", ("answered", "answered")),
            ("hear", ("answered", "answered")),
            ("work", work),
        ];
        for (method, outcomes) in outcomes {
            let (served, called) = (self.span("rpc.serve", method), self.span("rpc.call", method));
            assert_eq!((&*served["outcome"], &*called["outcome"]), outcomes, "{way:?}: {method}");
            let service = if method == "hear" { "Ear" } else { "Safe" };
            assert_eq!((&*served["service"], &*called["service"]), (service, service));
            served["duration_us"].parse::<u64>().unwrap();
            let own = [("peer.uid", rustix::process::geteuid().as_raw()), ("peer.pid", std::process::id())];
            for (field, own) in own {
                let known = (way != Way::Tcp).then(|| own.to_string());
                assert_eq!(served.get(field), known.as_ref(), "{way:?}: {field}");
            }
        }
    }

    /// How each of a method's spans ended.
    fn outcomes(&self, method: &str) -> Vec<(&'static str, &str)> {
        let of_it = self.spans.iter().filter(|(_, fields)| fields.get("method").is_some_and(|its| its == method));
        of_it.map(|(name, fields)| (*name, &*fields["outcome"])).collect()
    }
}

/// One subscriber a process, because servers have threads of their own: so one test.
#[test]
fn calls_are_told_and_what_they_are_about_is_not() {
    let told = Told::default();
    tracing::subscriber::set_global_default(told.clone()).unwrap();
    SOCKETS.into_iter().for_each(|way| over_a_socket(way, &told));
    in_process(&told);
}

fn over_a_socket(way: Way, told: &Told) {
    *told.lock() = Seen::default();
    let (directory, mut limits) = (tempfile::tempdir().unwrap(), Limits::default());
    limits.user_jobs_max = 1;
    let server = listen(way, Server::new(guarded()).limits(limits), &directory).unwrap();
    let address = server.addresses()[0].to_string();
    let connection = Connect::new(address.as_str()).offer(Ear::serve(Quiet)).connect().unwrap();
    call(&connection);
    let late = Safe::client(connection.clone()).timeout(Duration::ZERO).tell(SECRET);
    assert!(matches!(late, Err(Error::Deadline { .. })));
    let mut rude = Raw::to(&address);
    rude.open(Some(("Safe", <Safe<'_> as Service>::INFO.fingerprint().0)));
    rude.send(&raw::call(1, 99, &(SECRET,)));
    assert_eq!(rude.fault(), (1, raw::Fault::UnknownMethod));
    drop((server, connection));

    let seen = told.lock();
    seen.has_calls(way);
    let [served, called] = [("rpc.serve", "answered"), ("rpc.call", "answered")];
    assert_eq!(seen.outcomes("tell"), [called, served, ("rpc.call", "not_sent")], "{way:?}");
    let nameless: Vec<_> = seen.spans.iter().filter(|(_, fields)| !fields.contains_key("method")).collect();
    let [(name, fields)] = nameless[..] else { panic!("{way:?}: {nameless:?}") };
    assert_eq!((*name, &*fields["outcome"]), ("rpc.serve", "refused"), "a call of no method");
}

fn in_process(told: &Told) {
    *told.lock() = Seen::default();
    let connection = Connection::from(Local::new(guarded()).offer(Ear::serve(Quiet)));
    call(&connection);
    // On its caller's thread nothing can stop it.
    let late = Safe::client(connection).timeout(Duration::ZERO).tell(SECRET);
    assert!(matches!(late, Err(Error::Deadline { .. })));
    let seen = told.lock();
    seen.has_calls(Way::Local);
    let [served, called] = [("rpc.serve", "answered"), ("rpc.call", "answered")];
    assert_eq!(seen.outcomes("tell"), [called, served, ("rpc.call", "executed"), ("rpc.serve", "cancelled")]);
}
