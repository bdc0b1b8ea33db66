//! Either side calls on one connection: a server calls services that its client offers.
mod common;
use common::Gates;
use rpc_core::{
    Connect, Connection, Context, Error, Limits, Listening, Local, Outcome, Server, Service, Sink, Source, Stopped,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the server serves.
#[derive(Service)]
enum Hub<'a> {
    /// One more.
    #[rpc(returns = u64)]
    Add { number: u64 },
    /// Asks the caller for the double, and answers it.
    #[rpc(returns = Result<u64, String>)]
    AskBack { number: u64 },
    /// The same, known to be slow.
    #[rpc(returns = Result<u64, String>, blocking)]
    AskBackApart { number: u64 },
    /// Asks the caller to ask back in its turn, so deep.
    #[rpc(returns = u64, blocking)]
    Deep { depth: u64 },
    /// Calls the caller later, from a thread of the server's own, when the gate is open.
    #[rpc(returns = ())]
    Subscribe { gate: &'a str },
    /// Takes a stream from the caller: the sum.
    #[rpc(returns = Result<u64, String>, blocking)]
    SumBack { to: u64 },
    /// Sends the caller a stream while the caller sends one, both through the other's services: what came back.
    #[rpc(stream = Vec<u8>, returns = u64)]
    BothWays { count: u64, size: u64 },
    /// The same as `Subscribe`, with a call that is answered when the gate is open; `told` hears how it went.
    #[rpc(returns = ())]
    AskLater { gate: &'a str },
    /// Asks back, however long it takes.
    #[rpc(returns = Result<u64, String>, blocking)]
    AskSlowly { gate: &'a str },
}

/// What the client offers.
#[derive(Service)]
enum Desk<'a> {
    /// Twice that.
    #[rpc(returns = u64)]
    Double { number: u64 },
    /// Goes back to the server for the rest.
    #[rpc(returns = u64, blocking)]
    Deeper { depth: u64 },
    /// Something has happened.
    #[rpc(oneway)]
    Seen { what: &'a str },
    /// 0, 1, 2 .. below `to`.
    #[rpc(stream = u64)]
    Count { to: u64 },
    /// How many bytes have come.
    #[rpc(accepts = Vec<u8>, returns = u64)]
    Weigh,
    /// Answers when the gate is open.
    #[rpc(returns = u64, blocking)]
    Later { gate: &'a str },
}

#[derive(Clone, Default)]
struct Server_ {
    gates: Gates,
    threads: Arc<Mutex<Vec<std::thread::JoinHandle<()>>>>,
    told: Arc<Mutex<Option<Error>>>,
}

impl HubHandler for Server_ {
    fn add(&self, _cx: &Context, number: u64) -> u64 {
        number + 1
    }
    fn ask_back(&self, cx: &Context, number: u64) -> Result<u64, String> {
        let desk = cx.client::<Desk<'_>>().map_err(|error| error.to_string())?;
        desk.double(number).map_err(|error| format!("{:?}: {error}", error.outcome()))
    }
    fn ask_back_apart(&self, cx: &Context, number: u64) -> Result<u64, String> {
        self.ask_back(cx, number)
    }
    fn deep(&self, cx: &Context, depth: u64) -> u64 {
        if depth == 0 { 0 } else { 1 + cx.client::<Desk<'_>>().unwrap().deeper(depth - 1).unwrap() }
    }
    fn subscribe(&self, cx: &Context, gate: &str) {
        let (desk, gates, gate) = (cx.client::<Desk<'_>>().unwrap(), self.gates.clone(), gate.to_owned());
        let call = move || {
            gates.pass(&gate);
            // When the client has gone, it just ends.
            let _ = desk.seen(&gate);
        };
        self.threads.lock().unwrap().push(std::thread::spawn(call));
    }
    fn ask_later(&self, cx: &Context, gate: &str) {
        let (desk, told, gate) = (cx.client::<Desk<'_>>().unwrap(), self.told.clone(), gate.to_owned());
        let call = move || *told.lock().unwrap() = desk.later(&gate).err();
        self.threads.lock().unwrap().push(std::thread::spawn(call));
    }
    fn sum_back(&self, cx: &Context, to: u64) -> Result<u64, String> {
        let desk = cx.client::<Desk<'_>>().map_err(|error| error.to_string())?;
        desk.count(to).sum::<Result<u64, _>>().map_err(|error| error.to_string())
    }
    fn both_ways(&self, cx: &Context, count: u64, size: u64, mut out: Sink<Vec<u8>>) -> Result<u64, Stopped> {
        let mut weigh = cx.client::<Desk<'_>>().unwrap().weigh();
        for _ in 0..count {
            weigh.send(&vec![1; size as usize])?;
            out.send(&vec![2; size as usize])?;
        }
        Ok(weigh.finish().unwrap())
    }
    fn ask_slowly(&self, cx: &Context, gate: &str) -> Result<u64, String> {
        let desk = cx.client::<Desk<'_>>().map_err(|error| error.to_string())?;
        desk.later(gate).map_err(|error| format!("{:?}", error.outcome()))
    }
}

#[derive(Clone, Default)]
struct Client {
    gates: Gates,
    hub: Arc<Mutex<Option<HubClient>>>,
}

impl DeskHandler for Client {
    fn double(&self, _cx: &Context, number: u64) -> u64 {
        2 * number
    }
    fn deeper(&self, _cx: &Context, depth: u64) -> u64 {
        let hub = self.hub.lock().unwrap().clone().unwrap();
        if depth == 0 { 0 } else { 1 + hub.deep(depth - 1).unwrap() }
    }
    fn seen(&self, _cx: &Context, what: &str) {
        self.gates.open(&format!("seen {what}"));
    }
    fn count(&self, _cx: &Context, to: u64, mut out: Sink<u64>) -> Result<(), Stopped> {
        self.gates.open("counting");
        (0..to).try_for_each(|number| out.send(&number))
    }
    fn weigh(&self, _cx: &Context, input: Source<Vec<u8>>) -> Result<u64, Stopped> {
        input.map(|item| item.map(|item| item.len() as u64)).sum()
    }
    fn later(&self, _cx: &Context, gate: &str) -> u64 {
        self.gates.open(&format!("at {gate}"));
        self.gates.pass(gate);
        1
    }
}

struct Pair {
    server: Option<Listening>,
    hub: HubClient,
    served: Server_,
    client: Client,
    _directory: tempfile::TempDir,
}

fn on_both(scenario: impl Fn(Pair)) {
    with_sockets_of(None, scenario);
}

fn with_sockets_of(socket_bytes: Option<usize>, scenario: impl Fn(Pair)) {
    for threads in [false, true] {
        eprintln!("a thread per connection: {threads}");
        let directory = tempfile::tempdir().unwrap();
        let (served, client) = (Server_::default(), Client::default());
        let mut limits = Limits::default();
        limits.drain_time_max = Duration::from_millis(100);
        limits.socket_bytes = socket_bytes;
        let server = Server::new(Hub::serve(served.clone())).limits(limits.clone());
        let server = if threads { server.thread_per_connection() } else { server };
        let path = directory.path().join("s");
        let server = server.listen(path.to_str().unwrap()).unwrap();
        let connect = Connect::new(path.to_str().unwrap()).limits(limits).offer(Desk::serve(client.clone()));
        let hub = Hub::client(connect.connect().unwrap());
        *client.hub.lock().unwrap() = Some(hub.clone());
        let pair = Pair { server: Some(server), hub, served, client: client.clone(), _directory: directory };
        scenario(pair);
        // The client's handler has a client of its own: a circle.
        client.hub.lock().unwrap().take();
    }
}

#[test]
fn a_handler_asks_its_caller() {
    on_both(|pair| {
        for number in 0..200 {
            assert_eq!(pair.hub.ask_back(number).unwrap(), Ok(2 * number));
            assert_eq!(pair.hub.ask_back_apart(number).unwrap(), Ok(2 * number));
            assert_eq!(pair.hub.add(number).unwrap(), number + 1);
        }
    });
}

#[test]
fn calls_within_calls() {
    on_both(|pair| {
        for depth in [0, 1, 2, 9] {
            assert_eq!(pair.hub.deep(depth).unwrap(), depth);
        }
    });
}

#[test]
fn many_threads_ask_and_are_asked() {
    on_both(|pair| {
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let hub = pair.hub.clone();
                scope.spawn(move || {
                    for number in 0..100 {
                        let number = thread * 1000 + number;
                        assert_eq!(hub.ask_back_apart(number).unwrap(), Ok(2 * number));
                        assert_eq!(hub.add(number).unwrap(), number + 1);
                    }
                });
            }
        });
    });
}

#[test]
fn a_subscriber_is_called_when_nobody_waits() {
    on_both(|pair| {
        pair.hub.subscribe("news").unwrap();
        pair.served.gates.open("news");
        pair.client.gates.wait_for("seen news");
    });
}

#[test]
fn streams_the_other_way() {
    on_both(|pair| {
        assert_eq!(pair.hub.sum_back(100_000).unwrap(), Ok(100_000 * 99_999 / 2));
        let mut both = pair.hub.both_ways(200, 20_000);
        assert_eq!(both.items().map(|item| item.unwrap().len()).sum::<usize>(), 4_000_000);
        assert_eq!(both.finish().unwrap(), 4_000_000);
    });
}

/// A handler calls back while its caller streams, both with more than sockets and windows hold.
#[test]
fn nobody_waits_for_ever_with_the_smallest_sockets() {
    with_sockets_of(Some(1), |pair| {
        let mut both = pair.hub.both_ways(100, 50_000);
        assert_eq!(both.items().map(|item| item.unwrap().len()).sum::<usize>(), 5_000_000);
        assert_eq!(both.finish().unwrap(), 5_000_000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let hub = pair.hub.clone();
                scope.spawn(move || {
                    let both = hub.both_ways(30, 50_000);
                    assert_eq!(both.finish().unwrap(), 1_500_000);
                });
                let hub = pair.hub.clone();
                scope.spawn(move || {
                    for number in 0..50 {
                        assert_eq!(hub.ask_back_apart(number).unwrap(), Ok(2 * number));
                    }
                });
            }
        });
    });
}

#[test]
fn a_stream_outlives_its_connection_with_offers() {
    on_both(|pair| {
        let both = pair.hub.both_ways(10, 1000);
        pair.client.hub.lock().unwrap().take();
        drop(pair.hub);
        assert_eq!(both.finish().unwrap(), 10_000);
    });
}

/// A client that offers nothing is told apart from one that lacks a service.
#[test]
fn a_client_that_offers_nothing_is_not_called() {
    on_both(|pair| {
        let address = pair.server.as_ref().unwrap().addresses()[0].to_string();
        let plain = Hub::connect(&address).unwrap();
        let why = plain.ask_back(1).unwrap().unwrap_err();
        assert!(why.contains("no service Desk"), "{why}");
        // One that offers something else.
        let other = Connect::new(address).offer(Hub::serve(Server_::default())).connect().unwrap();
        let why = Hub::client(other).ask_back(1).unwrap().unwrap_err();
        assert!(why.contains("Refused") && why.contains("no service Desk"), "{why}");
    });
    let local = Hub::client(Connection::local(Hub::serve(Server_::default())));
    assert!(local.ask_back(1).unwrap().unwrap_err().contains("no service Desk"));
}

/// The same without a socket.
#[test]
fn callbacks_in_one_process() {
    let client = Client::default();
    let local = Local::new(Hub::serve(Server_::default())).offer(Desk::serve(client.clone()));
    let hub = Hub::client(Connection::from(local));
    *client.hub.lock().unwrap() = Some(hub.clone());
    assert_eq!(hub.ask_back(4).unwrap(), Ok(8));
    assert_eq!(hub.deep(9).unwrap(), 9);
    assert_eq!(hub.sum_back(1000).unwrap(), Ok(1000 * 999 / 2));
    let mut both = hub.both_ways(20, 20_000);
    assert_eq!(both.items().map(|item| item.unwrap().len()).sum::<usize>(), 400_000);
    assert_eq!(both.finish().unwrap(), 400_000);
    client.hub.lock().unwrap().take();
}

/// A callback whose client goes ends at once, and says what it knows.
#[test]
fn a_client_that_goes_ends_the_calls_to_it() {
    on_both(|pair| {
        pair.hub.ask_later("never").unwrap();
        pair.client.gates.wait_for("at never");
        pair.client.hub.lock().unwrap().take();
        drop(pair.hub);
        let thread = pair.served.threads.lock().unwrap().pop().unwrap();
        thread.join().unwrap();
        let error = pair.served.told.lock().unwrap().take().unwrap();
        assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error}");
        pair.client.gates.open("never");
    });
}

#[test]
fn a_server_that_goes_ends_calls_and_their_callbacks() {
    on_both(|mut pair| {
        std::thread::scope(|scope| {
            let hub = pair.hub.clone();
            let call = scope.spawn(move || hub.ask_slowly("never"));
            pair.client.gates.wait_for("at never");
            let start = Instant::now();
            let _ = pair.server.take().unwrap().stop();
            let error = call.join().unwrap().unwrap_err();
            assert!(matches!(error, Error::Disconnected { outcome: Outcome::Unknown, .. }), "{error}");
            assert!(start.elapsed() < Duration::from_secs(8));
            pair.client.gates.open("never");
        });
    });
}

/// The last clone closes the connection, though threads serve it.
#[test]
fn the_connection_closes_with_its_last_clone() {
    on_both(|pair| {
        pair.hub.subscribe("late").unwrap();
        pair.client.hub.lock().unwrap().take();
        drop(pair.hub);
        pair.served.gates.open("late");
        let thread = pair.served.threads.lock().unwrap().pop().unwrap();
        thread.join().unwrap();
        assert!(!pair.client.gates.is_open("seen late"));
    });
}

/// A connection that ends while it sends leaves nothing behind: neither sockets nor threads nor what it offered.
#[test]
fn nothing_is_left_of_a_connection_that_is_dropped_while_it_sends() {
    on_both(|pair| {
        let address = pair.server.as_ref().unwrap().addresses()[0].to_string();
        let client = Client::default();
        for _ in 0..100 {
            let connect = Connect::new(&address).offer(Desk::serve(client.clone()));
            let connection = connect.connect().unwrap();
            let endless = Hub::client(connection.pipelined()).sum_back(u64::MAX);
            client.gates.wait_for("counting");
            client.gates.shut("counting");
            drop((endless, connection));
        }
        let start = Instant::now();
        while Arc::strong_count(&client.hub) > 1 {
            assert!(start.elapsed() < Duration::from_secs(20), "{} are left", Arc::strong_count(&client.hub) - 1);
            std::thread::yield_now();
        }
    });
}

/// What was opened by its schema keeps the connection, too.
#[test]
fn dynamic_calls_outlive_their_connection_with_offers() {
    on_both(|pair| {
        let address = pair.server.as_ref().unwrap().addresses()[0].to_string();
        let connection = Connect::new(&address).offer(Desk::serve(Client::default())).connect().unwrap();
        let schema = Hub::INFO.schema();
        let dynamic = connection.dynamic(schema, None).unwrap();
        drop(connection);
        let method = schema.methods.iter().find(|method| method.name == "add").unwrap();
        let pending = dynamic.start(method, &[4], None).unwrap();
        drop(dynamic);
        assert_eq!(pending.wait().unwrap(), [5]);
    });
}
