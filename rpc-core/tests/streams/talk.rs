//! A service with every kind of items, served in every way that there is.
pub(crate) use crate::common::Way;
use crate::common::{Gates, listen};
use rpc_core::schema::{TypeId, Types};
use rpc_core::{Connection, Context, Error, Limits, Listening, Schema, Server, Service, Sink, Source, Stopped, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the tests talk to.
#[derive(Service)]
pub(crate) enum Talk<'a> {
    /// One more.
    #[rpc(returns = u64, idempotent)]
    Add { number: u64 },
    /// 0, 1, 2 .. below `to`.
    #[rpc(stream = u64)]
    Count { to: u64 },
    /// Items of a size; how many there were.
    #[rpc(stream = Vec<u8>, returns = u64)]
    Chunks { count: u64, size: u64 },
    /// Some items, and then the service's own verdict.
    #[rpc(stream = u64, returns = Result<String, String>)]
    Judge { items: u64, fail: bool },
    /// How many bytes have come.
    #[rpc(accepts = Vec<u8>, returns = u64)]
    Weigh,
    /// All of them, in their order.
    #[rpc(accepts = u64, returns = Vec<u64>)]
    Collect,
    /// The sum of the first ones; takes no more than that.
    #[rpc(accepts = u64, returns = u64)]
    SumOf { first: u64 },
    /// Twice each of them; how many there were.
    #[rpc(accepts = u64, stream = u64, returns = u64)]
    Double,
    /// Sends without end; opens the gate when it is stopped, which it expects as a cancellation.
    #[rpc(stream = u64)]
    Forever { gate: &'a str },
    /// One item; then another when the gate is open.
    #[rpc(stream = u64)]
    Two { gate: &'a str },
    /// Sends one item, and waits until nobody wants more; opens the gate.
    #[rpc(stream = u64)]
    Silent { gate: &'a str },
    /// Some items, then a panic.
    #[rpc(stream = u64)]
    Panic { items: u64 },
    /// Reads until the end, and opens the gate "ended" or "stopped" with this suffix.
    #[rpc(accepts = u64, returns = ())]
    Read { gate: &'a str },
    /// Waits for the gate, and then reads: how many bytes there were. Opens gates as `Read` does.
    #[rpc(accepts = Vec<u8>, returns = u64)]
    ReadLater { gate: &'a str },
    /// Drops its input after one item; sends one for each gate that opens: "a", then "b".
    #[rpc(accepts = u64, stream = u64)]
    Deaf { gate: &'a str },
    /// An item that cannot be encoded small enough.
    #[rpc(stream = Vec<u8>)]
    TooLarge { size: u64 },
    /// Leaves its input to another thread, and answers; that thread opens the gate when its input stops.
    #[rpc(accepts = u64, returns = ())]
    PassOn { gate: &'a str },
    /// Neither reads nor sends, whether it is cancelled or not, until the gate is open.
    #[rpc(accepts = Vec<u8>, stream = u64)]
    Sulk { gate: &'a str },
    /// Two items, one that panics while it is encoded, which the handler survives, and one more; then waits for the gate.
    #[rpc(stream = Fragile)]
    Drops { gate: &'a str },
    /// Waits for the gate.
    #[rpc(oneway, blocking)]
    Hold { gate: &'a str },
    /// The same, on the thread that reads.
    #[rpc(oneway)]
    HoldHere { gate: &'a str },
    /// Sends items of this size until its time is over, then opens "late" with the gate's name, waits for the gate, sends one
    /// more, and opens "done" in the same way. It never looks at what became of them.
    #[rpc(stream = Vec<u8>)]
    Careless { size: u64, gate: &'a str },
}

/// A number; 0 panics when it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fragile(pub(crate) u32);

impl Schema for Fragile {
    fn describe(types: &mut Types) -> TypeId {
        u32::describe(types)
    }
}

impl Value for Fragile {}

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == 0 {
            // Not through the panic hook: the tests' output stays readable.
            std::panic::resume_unwind(Box::new("it broke"));
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fragile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Self)
    }
}

#[derive(Default, Clone)]
pub(crate) struct Talker {
    pub(crate) gates: Gates,
}

impl TalkHandler for Talker {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number.wrapping_add(1)
    }

    fn hold(&self, _cx: &Context, gate: &str) {
        self.gates.pass(gate);
    }

    fn hold_here(&self, _cx: &Context, gate: &str) {
        self.gates.pass(gate);
    }

    fn count(&self, _cx: &Context, to: u64, mut out: Sink<u64>) -> Result<(), Stopped> {
        (0..to).try_for_each(|number| out.send(&number))
    }

    fn chunks(&self, _cx: &Context, count: u64, size: u64, mut out: Sink<Vec<u8>>) -> Result<u64, Stopped> {
        for number in 0..count {
            out.send(&vec![number as u8; size as usize])?;
        }
        Ok(count)
    }

    fn judge(
        &self,
        _: &Context,
        items: u64,
        fail: bool,
        mut out: Sink<u64>,
    ) -> Result<Result<String, String>, Stopped> {
        (0..items).try_for_each(|number| out.send(&number))?;
        Ok(if fail { Err("no".to_owned()) } else { Ok("yes".to_owned()) })
    }

    fn weigh(&self, _cx: &Context, input: Source<Vec<u8>>) -> Result<u64, Stopped> {
        input.map(|item| item.map(|item| item.len() as u64)).sum()
    }

    fn collect(&self, _cx: &Context, input: Source<u64>) -> Result<Vec<u64>, Stopped> {
        input.collect()
    }

    fn sum_of(&self, _cx: &Context, first: u64, input: Source<u64>) -> Result<u64, Stopped> {
        input.take(first as usize).sum()
    }

    fn double(&self, _cx: &Context, input: Source<u64>, mut out: Sink<u64>) -> Result<u64, Stopped> {
        let mut count = 0;
        for item in input {
            out.send(&(2 * item?))?;
            count += 1;
        }
        Ok(count)
    }

    fn forever(&self, cx: &Context, gate: &str, mut out: Sink<u64>) -> Result<(), Stopped> {
        self.gates.open(&format!("at {gate}"));
        let stopped = (0..).try_for_each(|number| out.send(&number));
        assert!(cx.is_cancelled(), "the flag is set before the sink stops");
        self.gates.open(gate);
        stopped
    }

    fn two(&self, _cx: &Context, gate: &str, mut out: Sink<u64>) -> Result<(), Stopped> {
        out.send(&1)?;
        self.gates.pass(gate);
        out.send(&2)
    }

    fn silent(&self, cx: &Context, gate: &str, mut out: Sink<u64>) -> Result<(), Stopped> {
        out.send(&1)?;
        while !cx.is_cancelled() {
            std::thread::yield_now();
        }
        self.gates.open(gate);
        Ok(())
    }

    fn panic(&self, _cx: &Context, items: u64, mut out: Sink<u64>) -> Result<(), Stopped> {
        (0..items).try_for_each(|number| out.send(&number))?;
        std::panic::resume_unwind(Box::new("a secret"));
    }

    fn read(&self, _cx: &Context, gate: &str, mut input: Source<u64>) -> Result<(), Stopped> {
        self.gates.open(&format!("at {gate}"));
        let read: Result<Vec<_>, _> = input.by_ref().collect();
        self.gates.open(&format!("{} {gate}", if read.is_ok() { "ended" } else { "stopped" }));
        read.map(drop)
    }

    fn read_later(&self, _cx: &Context, gate: &str, input: Source<Vec<u8>>) -> Result<u64, Stopped> {
        self.gates.pass(gate);
        let read: Result<u64, _> = input.map(|item| item.map(|item| item.len() as u64)).sum();
        self.gates.open(&format!("{} {gate}", if read.is_ok() { "ended" } else { "stopped" }));
        read
    }

    fn deaf(&self, _cx: &Context, gate: &str, mut input: Source<u64>, mut out: Sink<u64>) -> Result<(), Stopped> {
        let first = input.next().unwrap()?;
        drop(input);
        out.send(&first)?;
        self.gates.pass(gate);
        out.send(&first)
    }

    fn too_large(&self, _cx: &Context, size: u64, mut out: Sink<Vec<u8>>) -> Result<(), Stopped> {
        out.send(&vec![1])?;
        out.send(&vec![2; size as usize])
    }

    fn pass_on(&self, _cx: &Context, gate: &str, mut input: Source<u64>) -> Result<(), Stopped> {
        let (gates, gate, own) = (self.gates.clone(), gate.to_owned(), Gates::default());
        let at = own.clone();
        std::thread::spawn(move || {
            at.open("at");
            while let Some(Ok(_)) = input.next() {}
            gates.open(&gate);
        });
        own.pass("at");
        Ok(())
    }

    fn sulk(&self, _cx: &Context, gate: &str, _input: Source<Vec<u8>>, _out: Sink<u64>) -> Result<(), Stopped> {
        self.gates.pass(gate);
        Ok(())
    }

    fn drops(&self, _cx: &Context, gate: &str, mut out: Sink<Fragile>) -> Result<(), Stopped> {
        out.send(&Fragile(1))?;
        out.send(&Fragile(2))?;
        let broken = catch_unwind(AssertUnwindSafe(|| out.send(&Fragile(0))));
        assert!(broken.is_err());
        out.send(&Fragile(3))?;
        self.gates.pass(gate);
        Ok(())
    }

    fn careless(&self, cx: &Context, size: u64, gate: &str, mut out: Sink<Vec<u8>>) -> Result<(), Stopped> {
        while !cx.is_cancelled() {
            let _ = out.send(&vec![1; size as usize]);
        }
        self.gates.open(&format!("late {gate}"));
        self.gates.pass(gate);
        let _ = out.send(&vec![2; size as usize]);
        self.gates.open(&format!("done {gate}"));
        Ok(())
    }
}

/// A server, or none, and how to reach it.
pub(crate) struct Served {
    way: Way,
    pub(crate) talker: Talker,
    pub(crate) server: Option<Listening>,
    _directory: tempfile::TempDir,
}

impl Served {
    pub(crate) fn with(way: Way, limits: Limits) -> Self {
        let (talker, directory) = (Talker::default(), tempfile::tempdir().unwrap());
        let server = listen(way, Server::new(Talk::serve(talker.clone())).limits(limits), &directory);
        Self { way, talker, server, _directory: directory }
    }

    pub(crate) fn address(&self) -> String {
        self.server.as_ref().unwrap().addresses()[0].to_string()
    }

    pub(crate) fn connection(&self) -> Result<Connection, Error> {
        match self.way {
            Way::Local => Ok(Connection::local(Talk::serve(self.talker.clone()))),
            _ => Connection::connect(&self.address()),
        }
    }

    pub(crate) fn connect(&self) -> Result<TalkClient, Error> {
        self.connection().map(Talk::client)
    }
}

/// Runs a scenario on every way to be served.
pub(crate) fn on_all(scenario: impl Fn(&Served, TalkClient)) {
    on(&[Way::Local, Way::Set, Way::Threads, Way::Tcp], scenario);
}

/// The same, where there is a socket.
pub(crate) fn on_sockets(scenario: impl Fn(&Served, TalkClient)) {
    on(&[Way::Set, Way::Threads, Way::Tcp], scenario);
}

fn on(ways: &[Way], scenario: impl Fn(&Served, TalkClient)) {
    for way in ways {
        eprintln!("on {way:?}");
        let served = Served::with(*way, Limits::default());
        scenario(&served, served.connect().unwrap());
    }
}
