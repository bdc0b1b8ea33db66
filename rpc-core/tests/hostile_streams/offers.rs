//! Clients that offer services to a server, and answer its calls wrongly: the handler that called is told, and nobody else.
use crate::common::raw::*;
use crate::common::{Gates, SOCKETS, Way};
use crate::lure::*;
use rpc_core::{Client, Context, Error, Server, Service};
use std::time::Duration;

/// Calls its caller, and says what came of it.
#[derive(Service)]
enum Hub<'a> {
    #[rpc(returns = u64)]
    Ping { number: u64 },
    /// One unary call.
    #[rpc(returns = String, blocking)]
    AskBack { gate: &'a str },
    /// A stream.
    #[rpc(returns = String, blocking)]
    CountBack { gate: &'a str },
}

const ASK_BACK: u32 = 1;
const COUNT_BACK: u32 = 2;

/// How long the handlers wait for their caller.
const ALLOWED: Duration = Duration::from_millis(400);

#[derive(Clone, Default)]
struct Asks(Gates);

impl Asks {
    fn told<T: std::fmt::Debug>(&self, gate: &str, result: Result<T, Error>) -> String {
        let told = result.map_or_else(|error| format!("{error:?}"), |value| format!("{value:?}"));
        self.0.open(gate);
        told
    }
}

impl HubHandler for Asks {
    fn ping(&self, _cx: &Context, number: u64) -> u64 {
        number
    }
    fn ask_back(&self, cx: &Context, gate: &str) -> String {
        self.told(gate, cx.client::<Lure<'_>>().and_then(|lure| lure.timeout(ALLOWED).add(1)))
    }
    fn count_back(&self, cx: &Context, gate: &str) -> String {
        let count = |lure: LureClient| lure.timeout(ALLOWED).count(9).collect::<Result<Vec<u64>, _>>();
        self.told(gate, cx.client::<Lure<'_>>().and_then(count))
    }
}

fn hello() -> Vec<u8> {
    let info = <Hub<'_> as Service>::INFO;
    let service = Some((info.name().to_owned(), info.fingerprint().0));
    let hello = Hello { frame_bytes_max: 4 << 20, calls_max: 10, window_bytes: 1 << 20, fds_max: 0, service };
    [PREFACE.to_vec(), frame(HELLO, 0, &bytes_of(&hello))].concat()
}

/// A client that has called this method, and has been called by it in its turn, with call 2.
fn called(address: &str, asked: u32, gate: &str) -> Raw {
    let mut raw = Raw::to(address);
    raw.send(&[hello(), call(1, asked, &(gate,))].concat());
    assert_eq!((raw.exact(8), raw.frame().kind), (PREFACE.to_vec(), WELCOME));
    let open = raw.frame();
    assert_eq!((open.kind, open.call, open.body), (OPEN, 1, bytes_of(&wanted())));
    raw.send(&frame(OPENED, 1, &bytes_of(&Opened::Here { service: 0, schema: None })));
    let call = raw.frame();
    assert_eq!((call.kind, call.call), (CALL, 2));
    raw
}

/// What the handler says that it was told.
fn verdict(raw: &mut Raw) -> String {
    loop {
        let frame = raw.frame();
        match frame.kind {
            REPLY => return postcard::take_from_bytes::<(u32, String)>(&frame.body).unwrap().0.1,
            CANCEL | CREDIT => {}
            _ => panic!("{frame:?}"),
        }
    }
}

fn on_hubs(attack: impl Fn(&str, &Gates)) {
    for way in SOCKETS {
        let (asks, directory) = (Asks::default(), tempfile::tempdir().unwrap());
        let (server, path) = (Server::new(Hub::serve(asks.clone())), directory.path().join("s"));
        let server = match way {
            Way::Tcp => server.listen("tcp:127.0.0.1:0"),
            Way::Threads => server.thread_per_connection().listen(path.to_str().unwrap()),
            _ => server.listen(path.to_str().unwrap()),
        };
        let server = server.unwrap();
        let address = server.addresses()[0].to_string();
        let witness = Hub::connect(&address).unwrap();
        attack(&address, &asks.0);
        assert_eq!(witness.ping(1).unwrap(), 1, "{way:?}");
        assert_eq!(Hub::connect(&address).unwrap().ping(2).unwrap(), 2, "{way:?}");
    }
}

/// What fails the one call, and leaves the connection in order.
#[test]
fn answers_that_are_none() {
    let counted = |items: &[u8]| [frame(ITEMS, 2, items), frame(REPLY, 2, &[method::COUNT as u8])].concat();
    let fault = |fault: Fault| frame(FAULT, 2, &bytes_of(&fault));
    let cases: [(u32, Vec<u8>, &str); 14] = [
        (ASK_BACK, frame(REPLY, 2, &[0, 5]), "5"),
        (ASK_BACK, frame(REPLY, 2, &[]), "it is empty"),
        (ASK_BACK, frame(REPLY, 2, &[7, 5]), "it answers method 7 instead of 0"),
        (ASK_BACK, frame(REPLY, 2, &[0, 5, 5]), "1 bytes follow"),
        (ASK_BACK, fault(Fault::Overloaded), "the server is overloaded"),
        (ASK_BACK, fault(Fault::Panicked), "the handler panicked"),
        (ASK_BACK, [frame(ITEMS, 2, &[1; 99]), frame(REPLY, 2, &[0, 5])].concat(), "5"),
        (ASK_BACK, vec![], "no answer within"),
        (COUNT_BACK, counted(&[item(&1u64), item(&300u64)].concat()), "[1, 300]"),
        (COUNT_BACK, counted(&[5, 0, 0, 0, 1]), "the last item is cut short"),
        (COUNT_BACK, counted(&[0xff; 4]), "an item of 4294967295 bytes"),
        (COUNT_BACK, [frame(ITEMS, 2, &item(&1u64)), frame(REPLY, 2, &[0, 5])].concat(), "it answers method 0"),
        (COUNT_BACK, [frame(ITEMS, 2, &item(&1u64)), fault(Fault::Late)].concat(), "no answer within"),
        (COUNT_BACK, frame(ITEMS, 2, &item(&1u64)), "no answer within"),
    ];
    on_hubs(|address, _| {
        for (asked, bytes, told) in &cases {
            let mut raw = called(address, *asked, "told");
            raw.send(bytes);
            let verdict = verdict(&mut raw);
            assert!(verdict.contains(told), "{told:?}, but it was {verdict:?}");
            raw.send(&call(3, 0, &(9u64,)));
            assert_eq!(raw.frame(), Frame { kind: REPLY, call: 3, body: vec![0, 9] }, "{told}");
        }
    });
}

/// What ends the connection: its client is told why, and the handler that waits for it is, too.
#[test]
fn violations() {
    let beyond = rpc_core::Limits::default().window_bytes as usize + 1;
    let cases: [(u32, Vec<u8>, &str); 8] = [
        (ASK_BACK, frame(REPLY, 77, &[0, 5]), "which nobody asked for"),
        (ASK_BACK, frame(ITEMS, 77, &[0]), "call 77, which was never made"),
        (ASK_BACK, frame(FAULT, 2, &[0xff; 9]), "a fault that cannot be read"),
        (ASK_BACK, frame(WELCOME, 0, &[]), "sends no frame of kind Welcome"),
        (COUNT_BACK, frame(ITEMS, 2, &vec![0; beyond]), "more items than were granted"),
        (COUNT_BACK, frame(INPUT_CREDIT, 2, &[1]), "in a direction in which there are none"),
        (COUNT_BACK, [frame(REPLY, 2, &[1]), frame(REPLY, 2, &[1])].concat(), "which nobody asked for"),
        (COUNT_BACK, head(u32::MAX, ITEMS, 2), "over the limit"),
    ];
    on_hubs(|address, gates| {
        for (number, (asked, bytes, why)) in cases.iter().enumerate() {
            let gate = format!("told {number}");
            let mut raw = called(address, *asked, &gate);
            raw.send(bytes);
            let told = frames(&raw.rest()).into_iter().rfind(|frame| frame.kind == REFUSE);
            let told = told.unwrap_or_else(|| panic!("{why}: it is not told"));
            let Refusal::Malformed(told) = postcard::from_bytes(&told.body).unwrap() else { panic!("{why}") };
            assert!(told.contains(why), "{why:?}, but it was {told:?}");
            gates.wait_for(&gate);
        }
    });
}

/// Clients that go before they have answered: the handler need not wait for its deadline.
#[test]
fn clients_that_go() {
    on_hubs(|address, gates| {
        for (asked, gate) in [(ASK_BACK, "asks"), (COUNT_BACK, "counts")] {
            let raw = called(address, asked, gate);
            drop(raw);
            gates.wait_for(gate);
        }
    });
}
