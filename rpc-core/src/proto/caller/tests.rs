//! A caller fed with frames: no socket, no clock.
use super::*;
use crate::wire::{Cut, Cutter, HEAD_BYTES};

const LIMITS: DecodeLimits = DecodeLimits { memory_bytes_max: 1 << 20 };

fn frame(kind: Kind, id: u32, body: &[u8]) -> (Head, Vec<u8>) {
    (Head { length: body.len() as u32, kind, call: CallId(id) }, body.to_vec())
}

fn caller() -> Caller<char> {
    Caller::new(8)
}

fn start(caller: &mut Caller<char>) -> CallId {
    let mut request = Vec::new();
    put(&mut request, Kind::Call, CallId::NONE, &"request");
    caller.start(&mut request)
}

fn receive(caller: &mut Caller<char>, (head, body): (Head, Vec<u8>)) -> Vec<char> {
    let mut woken = Vec::new();
    caller.received(head, Body::Part(&body), LIMITS, &mut woken);
    woken
}

fn fault(id: u32, fault: &Fault) -> (Head, Vec<u8>) {
    frame(Kind::Fault, id, &postcard::to_stdvec(fault).unwrap())
}

fn written(caller: &mut Caller<char>) -> Vec<(Kind, u32)> {
    let (batch, mut cutter, mut at, mut seen) =
        (caller.take_batch().unwrap_or_default(), Cutter::new(1 << 20), 0, Vec::new());
    while let Ok(Cut::Frame { head, used, .. }) = cutter.cut(&batch[at..]) {
        seen.push((head.kind, head.call.0));
        at += used;
    }
    caller.wrote(batch, at, &mut Vec::new());
    seen
}

#[test]
fn a_call_and_its_answer() {
    let mut caller = caller();
    let id = start(&mut caller);
    assert_eq!(written(&mut caller), [(Kind::Call, id.0)]);
    caller.calls.wait(Waits::Answer(id), 'a');
    assert_eq!(receive(&mut caller, frame(Kind::Reply, id.0, b"yes")), ['a']);
    let mut buffer = Vec::new();
    assert_eq!(caller.take(id, &mut buffer), Some(Ok(0)));
    assert_eq!(buffer, b"yes");
}

/// C8: a hostile server ends its connection, and nothing else.
#[test]
fn a_hostile_server() {
    let violated = |answer: (Head, Vec<u8>)| {
        let mut caller = caller();
        let id = start(&mut caller);
        caller.calls.wait(Waits::Answer(id), 'a');
        assert_eq!(receive(&mut caller, answer), ['a'], "everybody is told");
        matches!(caller.end(), Some(End::Violation(_)))
    };
    assert!(violated(frame(Kind::Reply, 99, b"for nobody")));
    assert!(violated(fault(99, &Fault::Panicked)));
    assert!(violated(frame(Kind::Fault, 1, b"\xff\xff")));
    assert!(violated(frame(Kind::Call, 1, b"")));
    assert!(violated(frame(Kind::Hello, 1, b"")));
}

#[test]
fn two_answers_to_one_call() {
    let mut caller = caller();
    let id = start(&mut caller);
    receive(&mut caller, frame(Kind::Reply, id.0, b"1"));
    assert_eq!(caller.end(), None);
    receive(&mut caller, frame(Kind::Reply, id.0, b"2"));
    assert!(matches!(caller.end(), Some(End::Violation(_))));
}

#[test]
fn a_fault_of_a_one_way_call_is_nobodys() {
    let mut caller = caller();
    let mut post = Vec::new();
    put(&mut post, Kind::Call, CallId::NONE, &());
    caller.post(&mut post);
    receive(&mut caller, fault(1, &Fault::Overloaded));
    assert_eq!(caller.end(), None);
}

/// O1: what was never written was never sent; what was, is unknown.
#[test]
fn outcomes_when_the_connection_dies() {
    let mut caller = caller();
    let (a, b) = (start(&mut caller), start(&mut caller));
    let batch = caller.take_batch().unwrap();
    let first = batch.len() / 2;
    caller.wrote(batch, first + 3, &mut Vec::new());
    caller.over(End::Lost("gone".to_owned()), &mut Vec::new());
    assert_eq!(caller.give_up(a, &mut Vec::new()), Outcome::Unknown);
    assert_eq!(caller.give_up(b, &mut Vec::new()), Outcome::NotSent);
}

/// O2: a request that is still in the queue is taken back; one that is not is cancelled.
#[test]
fn outcomes_when_the_caller_gives_up() {
    let mut caller = caller();
    let (a, mut woken) = (start(&mut caller), Vec::new());
    assert_eq!(caller.give_up(a, &mut woken), Outcome::NotSent);
    assert_eq!(written(&mut caller), [(Kind::Void, a.0)]);
    assert_eq!(caller.calls.in_flight(), 0, "no answer will come");

    let b = start(&mut caller);
    written(&mut caller);
    assert_eq!(caller.give_up(b, &mut woken), Outcome::Unknown);
    assert_eq!(written(&mut caller), [(Kind::Cancel, b.0)]);
    receive(&mut caller, frame(Kind::Reply, b.0, b"late"));
    assert_eq!((caller.end(), caller.calls.in_flight()), (None, 0), "late answers are ignored");
}

/// D1: calls after the one that goodbye names did not run.
#[test]
fn goodbye() {
    let mut caller = caller();
    let (a, b) = (start(&mut caller), start(&mut caller));
    receive(&mut caller, frame(Kind::Goodbye, a.0, b""));
    let mut buffer = Vec::new();
    assert!(caller.is_closing());
    assert_eq!(caller.take(a, &mut buffer), None);
    assert_eq!(caller.take(b, &mut buffer), Some(Err(Fault::ShuttingDown)));
}

/// A ping that goodbye has refused is answered all the same: nobody's fault.
#[test]
fn an_answer_that_goodbye_overtook() {
    let mut caller = caller();
    let ping = start(&mut caller);
    receive(&mut caller, frame(Kind::Goodbye, 0, b""));
    assert_eq!(caller.take(ping, &mut Vec::new()), Some(Err(Fault::ShuttingDown)));
    receive(&mut caller, frame(Kind::Pong, ping.0, b""));
    assert_eq!(caller.end(), None);
    receive(&mut caller, frame(Kind::Pong, 99, b""));
    assert!(matches!(caller.end(), Some(End::Violation(_))), "that was never given out");
}

/// F5: a reply over this side's limit fails its call alone.
#[test]
fn an_oversized_reply() {
    let mut caller = caller();
    let id = start(&mut caller);
    caller.oversized(Head { length: 500, kind: Kind::Reply, call: id }, 100, &mut Vec::new());
    let taken = caller.take(id, &mut Vec::new());
    assert_eq!(taken, Some(Err(Fault::ReplyTooLarge { size: 500, limit: 100 })));
    assert_eq!(caller.end(), None);
}

#[test]
fn ping_is_answered_and_refuse_ends() {
    let mut caller = caller();
    receive(&mut caller, frame(Kind::Ping, 4, b""));
    assert_eq!(written(&mut caller), [(Kind::Pong, 4)]);
    receive(&mut caller, frame(Kind::Refuse, 0, &postcard::to_stdvec(&Refusal::Overloaded).unwrap()));
    assert!(matches!(caller.end(), Some(End::Lost(why)) if why.contains("connections")));
}

#[test]
fn a_large_answer_is_not_copied() {
    let mut caller = caller();
    let id = start(&mut caller);
    let mut bytes = vec![7; HEAD_BYTES + 100_000];
    let at = bytes.as_ptr();
    let head = Head { length: 100_000, kind: Kind::Reply, call: id };
    caller.received(head, Body::Whole { bytes: &mut bytes, start: HEAD_BYTES }, LIMITS, &mut Vec::new());
    let mut buffer = Vec::new();
    assert_eq!(caller.take(id, &mut buffer), Some(Ok(HEAD_BYTES)));
    assert_eq!(buffer.as_ptr(), at);
}

/// After the end nothing is written, and whoever gives up is told the outcome.
#[test]
fn nothing_is_written_after_the_end() {
    let mut caller = caller();
    start(&mut caller);
    caller.over(End::Lost("gone".to_owned()), &mut Vec::new());
    assert_eq!(caller.take_batch(), None);
}

/// A server that asks without end, and reads no answer, fills no memory.
#[test]
fn pings_without_end() {
    let mut caller = caller();
    for id in 0..100_000 {
        receive(&mut caller, frame(Kind::Ping, id, b""));
    }
    assert!(caller.queued() > PONGS_BYTES_MAX && caller.queued() < 2 * PONGS_BYTES_MAX, "{}", caller.queued());
}
